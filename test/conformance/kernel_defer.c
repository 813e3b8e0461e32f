/* SPDX-License-Identifier: Apache-2.0 */
/* Defers its completion to `count` counters of tensor 1, those behind the ones of earlier blocks. Scalars: count, what
 * each has to reach, bytes that are added to each address, and whether to use one that is not in device memory. */
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    uint32_t on_the_stack = 0;
    const uint64_t count = (uint64_t)args[2];
    const uint64_t first = count * (uint64_t)pto_kernel_local(args)->block_idx;
    const uint64_t counters =
        args[5] != 0 ? (uint64_t)(uintptr_t)&on_the_stack : (uint64_t)(uintptr_t)pto_kernel_data(args, 1);
    for (uint64_t i = 0; i < count; i++)
        pto_defer(args, counters + 4 * (first + i) + (uint64_t)args[4], (uint32_t)args[3]);
}
