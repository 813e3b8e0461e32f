/* SPDX-License-Identifier: Apache-2.0 */
/* part[head] = sum over the tokens of weights[head][token] * values[head][token] */
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    const pto_tensor *values = pto_kernel_tensor(args, 1); /* 1 x heads x tokens x width */
    const uint32_t tokens = values->shape[2];
    const uint32_t width = values->shape[3];
    for (uint32_t h = 0; h < values->shape[1]; h++) {
        const float *weights = (const float *)pto_kernel_data(args, 0) + h * tokens;
        float *part = (float *)pto_kernel_data(args, 2) + h * width;
        for (uint32_t t = 0; t < tokens; t++) {
            const float *value =
                (const float *)pto_tensor_data(values) + h * values->strides[1] + t * values->strides[2];
            for (uint32_t i = 0; i < width; i++)
                part[i] = (t == 0 ? 0 : part[i]) + weights[t] * value[i];
        }
    }
}
