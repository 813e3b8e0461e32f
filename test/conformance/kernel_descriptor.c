/* SPDX-License-Identifier: Apache-2.0 */
/* Tells of tensor 0, int32, what this core sees: tensor 1 = {address space, rank, buffer is within reach, first
 * element}. */
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    const pto_tensor *tensor = pto_kernel_tensor(args, 0);
    int32_t *seen = (int32_t *)pto_kernel_data(args, 1);
    seen[0] = tensor->address_space;
    seen[1] = (int32_t)tensor->ndims;
    seen[2] = (tensor->start_offset + tensor->extent) * sizeof(int32_t) <= tensor->size_bytes;
    seen[3] = *(const int32_t *)pto_tensor_data(tensor);
}
