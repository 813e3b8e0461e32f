/* SPDX-License-Identifier: Apache-2.0 */
/* Works for a given number of iterations, writes one more than the sum of its INPUTS inputs, and counts itself: a task
 * that was left out, or ran before its inputs were there, changes the sum. Scalars: iterations, address of the tallies.
 */
#include "bench/support/busy.h"
#include "pto/kernel.h"

/* Another tally for most cores, from the address of what a core knows of itself. */
static inline uint32_t tally_of_core(const int64_t *args)
{
    const uint64_t address = (uint64_t)args[PTO_KERNEL_GLOBAL_CONTEXT];
    return (uint32_t)(((address >> 3) * UINT64_C(0x9e3779b97f4a7c15)) >> 58) % BENCH_TALLIES;
}

PTO_KERNEL(args)
{
    uint64_t *output = (uint64_t *)pto_kernel_data(args, INPUTS);
    bench_tally *tally = (bench_tally *)(uintptr_t)args[INPUTS + 2] + tally_of_core(args);
    uint64_t value = 1;
    for (int i = 0; i < INPUTS; i++)
        value += *(const uint64_t *)pto_kernel_data(args, (uint32_t)i);
    if (bench_busy((uint64_t)args[INPUTS + 1]) <= 0.0)
        value = 0;
    *output = value;
    __atomic_fetch_add(&tally->count, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&tally->sum, value, __ATOMIC_RELAXED);
}
