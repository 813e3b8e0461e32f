/* SPDX-License-Identifier: Apache-2.0 */
#include "pto/kernel.h"

/* sums = block * weights, of bytes into integers of 32 bits. */
PTO_KERNEL(args)
{
    const pto_tensor *shape = pto_kernel_tensor(args, 0);
    const int8_t *block = (const int8_t *)pto_kernel_data(args, 0);
    const int8_t *weights = (const int8_t *)pto_kernel_data(args, 1);
    int32_t *sums = (int32_t *)pto_kernel_data(args, 2);
    const uint32_t rows = shape->shape[0], depth = shape->shape[1];
    const uint32_t columns = pto_kernel_tensor(args, 1)->shape[1];
    for (uint32_t row = 0; row < rows; row++)
        for (uint32_t column = 0; column < columns; column++) {
            int32_t sum = 0;
            for (uint32_t i = 0; i < depth; i++)
                sum += block[row * depth + i] * weights[i * columns + column];
            sums[row * columns + column] = sum;
        }
}
