/* SPDX-License-Identifier: Apache-2.0 */
/* x[i] = value, contiguous int32. */
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    int32_t *x = (int32_t *)pto_kernel_data(args, 0);
    uint64_t count = pto_tensor_count(pto_kernel_tensor(args, 0));
    for (uint64_t i = 0; i < count; i++)
        x[i] = (int32_t)args[1];
}
