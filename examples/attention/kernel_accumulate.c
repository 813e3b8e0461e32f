/* SPDX-License-Identifier: Apache-2.0 */
/* sum[head] = sum[head] * correction[head] + part[head] */
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    const pto_tensor *part = pto_kernel_tensor(args, 1); /* 1 x heads x width */
    for (uint32_t h = 0; h < part->shape[1]; h++) {
        const float correction = ((const float *)pto_kernel_data(args, 0))[h];
        const float *in = (const float *)pto_tensor_data(part) + h * part->shape[2];
        float *sum = (float *)pto_kernel_data(args, 2) + h * part->shape[2];
        for (uint32_t i = 0; i < part->shape[2]; i++)
            sum[i] = sum[i] * correction + in[i];
    }
}
