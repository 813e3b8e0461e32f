// SPDX-License-Identifier: Apache-2.0
// Per row of src [rows, cols], times the float scalar: p = exp(src - max), m = max, l = sum of p.
#include <cstdint>
#include <pto/pto-inst.hpp>

#include "tensor.h"

using namespace pto;

static __aicore__ float *at(__gm__ int64_t *args, int i)
{
    __gm__ ChipTensor *tensor = reinterpret_cast<__gm__ ChipTensor *>(args[i]);
    return reinterpret_cast<float *>(tensor->buffer.addr) + tensor->start_offset;
}

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args)
{
    __gm__ ChipTensor *src = reinterpret_cast<__gm__ ChipTensor *>(args[0]);
    const int rows = static_cast<int>(src->shapes[0]);
    const int cols = static_cast<int>(src->shapes[1]);
    const float scale = from_u64<float>(static_cast<uint64_t>(args[4]));

    Tile<TileType::Vec, float, 64, 128> tile(rows, cols);
    Tile<TileType::Vec, float, 64, 8> most(rows, 1), sum(rows, 1);
    TASSIGN(tile, 0x0);
    TASSIGN(most, 0x8000);
    TASSIGN(sum, 0x9000);
    TLOAD(tile, GlobalTensor<float>(at(args, 0), {rows, cols}));
    TMULS(tile, tile, scale);
    TROWMAX(most, tile);
    TROWEXPANDSUB(tile, tile, most);
    TEXP(tile, tile);
    TROWSUM(sum, tile);
    GlobalTensor<float> p(at(args, 1), {rows, cols}), m(at(args, 2), {rows, 1}), l(at(args, 3), {rows, 1});
    TSTORE(p, tile);
    TSTORE(m, most);
    TSTORE(l, sum);
}
