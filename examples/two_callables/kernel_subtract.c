/* SPDX-License-Identifier: Apache-2.0 */
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    const uint64_t count = pto_tensor_count(pto_kernel_tensor(args, 0));
    const float *a = (const float *)pto_kernel_data(args, 0);
    const float *b = (const float *)pto_kernel_data(args, 1);
    float *out = (float *)pto_kernel_data(args, 2);
    for (uint64_t i = 0; i < count; i++)
        out[i] = a[i] - b[i];
}
