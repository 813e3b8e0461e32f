/* SPDX-License-Identifier: Apache-2.0 */
/* C -= A B^T. */
#include "tile.h"

PTO_KERNEL(args)
{
    const uint32_t size = tile_size(args, 0);
    for (uint32_t i = 0; i < size; i++)
        for (uint32_t j = 0; j < size; j++)
            tile_row(args, 2, i)[j] -= tile_dot(tile_row(args, 0, i), tile_row(args, 1, j), size);
}
