/* SPDX-License-Identifier: Apache-2.0 */
/* x[i] = x[i] * factor + offset modulo 2^32, any strides of rank 2 or contiguous. Order of two calls is visible in the
 * result. */
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    const pto_tensor *x = pto_kernel_tensor(args, 0);
    uint32_t *data = (uint32_t *)pto_tensor_data(x);
    const uint32_t factor = (uint32_t)args[1];
    const uint32_t offset = (uint32_t)args[2];
    const uint32_t columns = x->shape[x->ndims - 1];
    const uint32_t rows = (uint32_t)(pto_tensor_count(x) / columns);
    const uint32_t row_stride = x->ndims > 1 ? x->strides[x->ndims - 2] : 0;
    for (uint32_t row = 0; row < rows; row++) {
        for (uint32_t column = 0; column < columns; column++) {
            uint32_t *element = data + row * row_stride + column * x->strides[x->ndims - 1];
            *element = *element * factor + offset;
        }
    }
}
