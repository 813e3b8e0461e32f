/* SPDX-License-Identifier: Apache-2.0 */
/* Work of a known length that touches no memory; freestanding C99. */
#ifndef BENCH_SUPPORT_BUSY_H
#define BENCH_SUPPORT_BUSY_H

#include <stdint.h>

/* Each iteration is a multiplication and an addition that wait for the iteration before. The result is positive; the
 * caller has to use it. */
static inline double bench_busy(uint64_t iterations)
{
    double value = 1.0;
    for (uint64_t i = 0; i < iterations; i++)
        value = value * 0.999999 + 0.0000005;
    return value;
}

/* What kernels that count add to: one line per shard, so that cores rarely meet. */
typedef struct bench_tally {
    uint64_t count;       /* Kernels that ran. */
    uint64_t sum;         /* Of what they wrote. */
    uint64_t reserved[6]; /* The rest of the line. */
} bench_tally;

#define BENCH_TALLIES 64u

#endif
