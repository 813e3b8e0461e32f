/* SPDX-License-Identifier: Apache-2.0 */
/* Tensor 1 = tensor 0, int32, rank 1 or 2, any strides on both sides. */
#include "pto/kernel.h"

static int32_t *element(const pto_tensor *tensor, uint32_t row, uint32_t column)
{
    int32_t *data = (int32_t *)pto_tensor_data(tensor);
    return tensor->ndims == 1 ? data + column * tensor->strides[0]
                              : data + row * tensor->strides[0] + column * tensor->strides[1];
}

PTO_KERNEL(args)
{
    const pto_tensor *from = pto_kernel_tensor(args, 0);
    const pto_tensor *to = pto_kernel_tensor(args, 1);
    const uint32_t rows = to->ndims == 1 ? 1 : to->shape[0];
    const uint32_t columns = to->shape[to->ndims - 1];
    for (uint32_t row = 0; row < rows; row++)
        for (uint32_t column = 0; column < columns; column++)
            *element(to, row, column) = *element(from, row, column);
}
