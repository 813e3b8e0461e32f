/* SPDX-License-Identifier: Apache-2.0 */
#include "pto/kernel.h"

/* Counts to the scalar. Volatile keeps the compiler from counting at once; the naps are for race detectors, which
 * deliver the signal that ends a run only to threads that call the system. */
extern int usleep(unsigned microseconds);

PTO_KERNEL(args)
{
    volatile uint64_t steps = 0;
    while (steps < (uint64_t)args[0])
        if ((steps = steps + 1) % 16777216 == 0)
            usleep(1);
}
