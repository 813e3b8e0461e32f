// SPDX-License-Identifier: Apache-2.0
#include <pto/kernel.h>

#include <user_offset.h>

extern "C" void kernel_entry(int64_t *args)
{
    const float *x = static_cast<const float *>(pto_kernel_data(args, 0));
    float *y = static_cast<float *>(pto_kernel_data(args, 1));
    for (uint64_t i = 0; i < pto_tensor_count(pto_kernel_tensor(args, 1)); i++)
        y[i] = x[i] + kOffset;
}
