/* SPDX-License-Identifier: Apache-2.0 */
/* Compares what its core was given with kernel.h and writes the number of the first difference, 1000 for none, into
 * element 3 * block_idx + lane of tensor 1. Waits until as many kernels as scalar 0 says run at the same time, so that
 * each is on a core of its own. LANE is 0 in the build for matrix cores and 1 in that for vector cores. */
#include "pauses.h"
#include "pto/kernel.h"

static int32_t difference(const int64_t *args)
{
    const pto_local_context *local = pto_kernel_local(args);
    const pto_global_context *global = pto_kernel_global(args);
    const pto_async_context *async = NULL;
    if (local == NULL || global == NULL)
        return 1;
    async = &local->async;
    if (local->block_num != (int32_t)args[3] || local->block_idx < 0 || local->block_idx >= local->block_num)
        return 2;
    if (LANE == 0 ? global->sub_block_id != 0 : global->sub_block_id < 0 || global->sub_block_id > 1)
        return 3;
    if ((global->dma_workspace[0] == 0) != (global->dma_workspace[1] == 0) || (global->dma_workspace[0] & 3) != 0)
        return 4;
    if (((uintptr_t)async->count & 3) != 0 || ((uintptr_t)async->error_code & 3) != 0)
        return 8; /* no addresses */
    if (async->count == NULL && (async->error_code != NULL || async->entries != NULL || async->capacity != 0))
        return 5;
    if (async->count != NULL && (*async->count != 0 || *async->error_code != 0 || async->entries == NULL ||
                                 async->capacity != PTO_KERNEL_MAX_COMPLETIONS))
        return 6;
    return args[4] == 77 ? 1000 : 7;
}

PTO_KERNEL(args)
{
    int32_t *count = (int32_t *)pto_kernel_data(args, 0);
    const int32_t parties = (int32_t)args[2];
    const int32_t found = difference(args);
    const int32_t lane = LANE + (LANE == 0 || found == 1 ? 0 : pto_kernel_global(args)->sub_block_id);
    int32_t *verdicts = (int32_t *)pto_kernel_data(args, 1);
    if (lane >= 0 && lane < 3)
        __atomic_fetch_add(&verdicts[3 * pto_kernel_local(args)->block_idx + lane], found, __ATOMIC_RELAXED);
    __atomic_fetch_add(count, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(count, __ATOMIC_ACQUIRE) < parties)
        pause_us(10);
}
