/* SPDX-License-Identifier: Apache-2.0 */
/* Writes what the core knows of itself into row block_idx of an int32 tensor: block_idx, block_num, sub_block_id,
 * and how many kernels wrote it: all lanes of a block do. */
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    const pto_local_context *local = pto_kernel_local(args);
    int32_t *row = (int32_t *)pto_kernel_data(args, 0) + 4 * local->block_idx;
    __atomic_store_n(&row[0], local->block_idx, __ATOMIC_RELAXED);
    __atomic_store_n(&row[1], local->block_num, __ATOMIC_RELAXED);
    __atomic_store_n(&row[2], pto_kernel_global(args)->sub_block_id, __ATOMIC_RELAXED);
    __atomic_fetch_add(&row[3], 1, __ATOMIC_RELAXED);
}
