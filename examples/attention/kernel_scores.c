/* SPDX-License-Identifier: Apache-2.0 */
/* scores[head][token] = scale * query[head] . keys[head][token] */
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    const pto_tensor *keys = pto_kernel_tensor(args, 1); /* 1 x heads x tokens x width */
    const uint32_t tokens = keys->shape[2];
    const uint32_t width = keys->shape[3];
    const float scale = pto_kernel_f32(args, 3);
    for (uint32_t h = 0; h < keys->shape[1]; h++) {
        const float *query = (const float *)pto_kernel_data(args, 0) + h * width;
        float *scores = (float *)pto_kernel_data(args, 2) + h * tokens;
        for (uint32_t t = 0; t < tokens; t++) {
            const float *key = (const float *)pto_tensor_data(keys) + h * keys->strides[1] + t * keys->strides[2];
            float dot = 0;
            for (uint32_t i = 0; i < width; i++)
                dot += query[i] * key[i];
            scores[t] = scale * dot;
        }
    }
}
