/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TILE_H
#define TILE_H

#include "pto/kernel.h"

/** Rows and columns of the square tile in argument `index`. */
static inline uint32_t tile_size(const int64_t *args, uint32_t index)
{
    return pto_kernel_tensor(args, index)->shape[0];
}

/** Row of the tile in argument `index`: a view of a larger matrix, so rows are strides[0] apart. */
static inline double *tile_row(const int64_t *args, uint32_t index, uint32_t row)
{
    const pto_tensor *tile = pto_kernel_tensor(args, index);
    return (double *)pto_tensor_data(tile) + (uint64_t)row * tile->strides[0];
}

/** Sum of the first `count` products of two rows. */
static inline double tile_dot(const double *left, const double *right, uint32_t count)
{
    double sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += left[i] * right[i];
    return sum;
}

#endif
