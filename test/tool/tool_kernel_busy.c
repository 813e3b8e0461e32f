/* SPDX-License-Identifier: Apache-2.0 */
#include "pto/kernel.h"

/* Counts to the scalar. Volatile keeps the compiler from counting at once. */
PTO_KERNEL(args)
{
    volatile uint64_t steps = 0;
    while (steps < (uint64_t)args[0])
        steps = steps + 1;
}
