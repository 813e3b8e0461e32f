/* SPDX-License-Identifier: Apache-2.0 */
/* The lower triangle of A becomes L with A = L L^T. */
#include "tile.h"

PTO_KERNEL(args)
{
    const uint32_t size = tile_size(args, 0);
    for (uint32_t i = 0; i < size; i++) {
        double *row = tile_row(args, 0, i);
        for (uint32_t j = 0; j < i; j++) {
            const double *above = tile_row(args, 0, j);
            row[j] = (row[j] - tile_dot(row, above, j)) / above[j];
        }
        row[i] = __builtin_sqrt(row[i] - tile_dot(row, row, i));
    }
}
