/* SPDX-License-Identifier: Apache-2.0 */
/* output[head] = sum[head] / total[head] */
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    const pto_tensor *sum = pto_kernel_tensor(args, 1); /* 1 x heads x width */
    const float *total = (const float *)pto_kernel_data(args, 0) + sum->shape[1];
    for (uint32_t h = 0; h < sum->shape[1]; h++) {
        const float *in = (const float *)pto_tensor_data(sum) + h * sum->shape[2];
        float *output = (float *)pto_kernel_data(args, 2) + h * sum->shape[2];
        for (uint32_t i = 0; i < sum->shape[2]; i++)
            output[i] = in[i] / total[h];
    }
}
