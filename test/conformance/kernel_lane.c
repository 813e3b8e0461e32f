/* SPDX-License-Identifier: Apache-2.0 */
/* One kernel per core of a cluster, each built with its own PTO_TEST_LANE: element 3 * block + lane of an int32 tensor
 * becomes 10 * lane + sub_block_id + 1. */
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    int32_t *x = (int32_t *)pto_kernel_data(args, 0);
    x[3 * pto_kernel_local(args)->block_idx + PTO_TEST_LANE] =
        10 * PTO_TEST_LANE + pto_kernel_global(args)->sub_block_id + 1;
}
