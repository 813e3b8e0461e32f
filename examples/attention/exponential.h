/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXPONENTIAL_H
#define EXPONENTIAL_H

#include <stdint.h>

/** e^x of a number that is not positive, to about two units in the last place, of sums and products alone: cores have
 * no C library, and every machine gives the same bits. */
static inline float exponential(float x)
{
    union {
        uint32_t bits;
        float value;
    } power;
    int32_t exponent;
    float rest, sum;
    if (x != x)
        return x;
    if (x < -87.0f)
        return 0; /* Hardly a normal number any more. */
    /* x = exponent * ln 2 + rest; ln 2 in two parts, of which the first has zeros at its end. */
    exponent = (int32_t)(x * 1.44269504f - 0.5f);
    rest = x - (float)exponent * 0.693359375f;
    rest = rest + (float)exponent * 2.12194440e-4f;
    sum = 1.0f / 720;
    sum = sum * rest + 1.0f / 120;
    sum = sum * rest + 1.0f / 24;
    sum = sum * rest + 1.0f / 6;
    sum = sum * rest + 0.5f;
    sum = sum * rest + 1.0f;
    sum = sum * rest + 1.0f;
    power.bits = (uint32_t)(exponent + 127) << 23;
    return sum * power.value;
}

#endif
