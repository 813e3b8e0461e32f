// SPDX-License-Identifier: Apache-2.0
// out[i][j] = src[i][j] / column[i].
#include <pto/pto-inst.hpp>

#include "tensor.h"

using namespace pto;

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args)
{
    const ChipTensor *t[3];
    float *p[3];
    for (int i = 0; i < 3; i++) {
        t[i] = reinterpret_cast<const ChipTensor *>(args[i]);
        p[i] = reinterpret_cast<float *>(t[i]->buffer.addr) + t[i]->start_offset;
    }
    const int rows = static_cast<int>(t[0]->shapes[0]), cols = static_cast<int>(t[0]->shapes[1]);
    Tile<TileType::Vec, float, 64, 128> tile(rows, cols);
    Tile<TileType::Vec, float, 64, 8> column(rows, 1);
    TASSIGN(tile, 0);
    TASSIGN(column, 0x10000);
    TLOAD(tile, GlobalTensor<float>(p[0], {rows, cols}));
    TLOAD(column, GlobalTensor<float>(p[1], {rows, 1}));
    TROWEXPANDDIV(tile, tile, column);
    GlobalTensor<float> out(p[2], {rows, cols});
    TSTORE(out, tile);
}
