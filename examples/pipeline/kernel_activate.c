/* SPDX-License-Identifier: Apache-2.0 */
#include "pto/kernel.h"

/* result = max(0, scale * sums) */
PTO_KERNEL(args)
{
    const uint64_t count = pto_tensor_count(pto_kernel_tensor(args, 0));
    const int32_t *sums = (const int32_t *)pto_kernel_data(args, 0);
    float *result = (float *)pto_kernel_data(args, 1);
    const float scale = pto_kernel_f32(args, 2);
    for (uint64_t i = 0; i < count; i++)
        result[i] = sums[i] > 0 ? scale * (float)sums[i] : 0;
}
