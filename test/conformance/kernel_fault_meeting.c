/* SPDX-License-Identifier: Apache-2.0 */
/* Waits until the two others of its cluster have counted themselves in, then does what its second scalar says. */
#include "fault_kinds.h"
#include "pauses.h"
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    const int32_t *count = (const int32_t *)pto_kernel_data(args, 0);
    while (__atomic_load_n(count, __ATOMIC_ACQUIRE) < 2)
        pause_us(10);
    fault_now((uint64_t)args[2], fault_thread());
}
