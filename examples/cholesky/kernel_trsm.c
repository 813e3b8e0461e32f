/* SPDX-License-Identifier: Apache-2.0 */
/* B becomes X with X L^T = B. */
#include "tile.h"

PTO_KERNEL(args)
{
    const uint32_t size = tile_size(args, 0);
    for (uint32_t i = 0; i < size; i++) {
        double *x = tile_row(args, 1, i);
        for (uint32_t j = 0; j < size; j++) {
            const double *l = tile_row(args, 0, j);
            x[j] = (x[j] - tile_dot(x, l, j)) / l[j];
        }
    }
}
