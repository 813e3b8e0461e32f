/* SPDX-License-Identifier: Apache-2.0 */
/* The softmax of nothing: largest score -infinity, sum of weights 0, weighted sum of values 0. */
#include "pto/kernel.h"

#include <math.h>

PTO_KERNEL(args)
{
    const uint32_t heads = pto_kernel_tensor(args, 0)->shape[1];
    const uint64_t count = pto_tensor_count(pto_kernel_tensor(args, 1));
    float *largest = (float *)pto_kernel_data(args, 0);
    float *total = largest + heads;
    float *sum = (float *)pto_kernel_data(args, 1);
    for (uint32_t h = 0; h < heads; h++)
        largest[h] = -INFINITY, total[h] = 0;
    for (uint64_t i = 0; i < count; i++)
        sum[i] = 0;
}
