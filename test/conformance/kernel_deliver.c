/* SPDX-License-Identifier: Apache-2.0 */
/* Sleeps for `delay` microseconds, fills int32 tensor 0, and then counts each counter of int32 tensor 1 up. Scalars:
 * delay, value. */
#include "pauses.h"
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    int32_t *data = (int32_t *)pto_kernel_data(args, 0);
    int32_t *counters = (int32_t *)pto_kernel_data(args, 1);
    const uint64_t size = pto_tensor_count(pto_kernel_tensor(args, 0));
    const uint64_t count = pto_tensor_count(pto_kernel_tensor(args, 1));
    pause_us((unsigned)args[2]);
    for (uint64_t i = 0; i < size; i++)
        data[i] = (int32_t)args[3];
    for (uint64_t i = 0; i < count; i++)
        __atomic_fetch_add(counters + i, 1, __ATOMIC_RELEASE);
}
