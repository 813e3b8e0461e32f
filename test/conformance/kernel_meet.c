/* SPDX-License-Identifier: Apache-2.0 */
/* Counts itself in, then waits until `parties` kernels have: returns only if all of them run at the same time. */
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    int32_t *count = (int32_t *)pto_kernel_data(args, 0);
    const int32_t parties = (int32_t)args[1];
    __atomic_fetch_add(count, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(count, __ATOMIC_ACQUIRE) < parties)
        ;
}
