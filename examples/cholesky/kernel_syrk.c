/* SPDX-License-Identifier: Apache-2.0 */
/* C -= A A^T, lower triangle. */
#include "tile.h"

PTO_KERNEL(args)
{
    const uint32_t size = tile_size(args, 0);
    for (uint32_t i = 0; i < size; i++)
        for (uint32_t j = 0; j <= i; j++)
            tile_row(args, 1, i)[j] -= tile_dot(tile_row(args, 0, i), tile_row(args, 0, j), size);
}
