/* SPDX-License-Identifier: Apache-2.0 */
#include "pto/kernel.h"

/* Tensors x, y, z and the bits of alpha: z = alpha * x + y. */
PTO_KERNEL(args)
{
    const float *x = (const float *)pto_kernel_data(args, 0);
    const float *y = (const float *)pto_kernel_data(args, 1);
    float *z = (float *)pto_kernel_data(args, 2);
    const uint64_t count = pto_tensor_count(pto_kernel_tensor(args, 2));
    const float alpha = pto_kernel_f32(args, 3);
    uint64_t i;
    for (i = 0; i < count; i++)
        z[i] = alpha * x[i] + y[i];
}
