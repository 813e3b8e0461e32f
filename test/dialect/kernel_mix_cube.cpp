// SPDX-License-Identifier: Apache-2.0
// The matrix core's half of out = a * b + bias, tile by tile: it multiplies and hands the upper half of each product to
// one vector core of its cluster and the lower half to the other.
#include <cstdint>
#include <pto/pto-inst.hpp>

#include "intrinsic.h"
#include "tensor.h"

using namespace pto;

static constexpr int kSize = 16;
using Pipe = TPipe<7, float, kSize / 2, kSize, 2>;

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args)
{
    __gm__ ChipTensor *a_tensor = reinterpret_cast<__gm__ ChipTensor *>(args[0]);
    __gm__ ChipTensor *b_tensor = reinterpret_cast<__gm__ ChipTensor *>(args[1]);
    const int tiles = static_cast<int>(args[4]);
    const int64_t first = static_cast<int64_t>(get_block_idx(args)) * tiles;
    __gm__ float *a = reinterpret_cast<__gm__ float *>(a_tensor->buffer.addr) + a_tensor->start_offset;
    __gm__ float *b = reinterpret_cast<__gm__ float *>(b_tensor->buffer.addr) + b_tensor->start_offset;

    Pipe upper(0), lower(1);
    if (!upper.usable() || !lower.usable())
        return;
    Tile<TileType::Left, float, kSize, kSize> left;
    Tile<TileType::Right, float, kSize, kSize> right;
    Tile<TileType::Acc, float, kSize, kSize> acc;
    TASSIGN(left, 0);
    TASSIGN(right, 0);
    TASSIGN(acc, 0);
    TLOAD(right, GlobalTensor<float>(b, {kSize, kSize}));
    for (int t = 0; t < tiles; t++) {
        TLOAD(left, GlobalTensor<float>(a + (first + t) * kSize * kSize, {kSize, kSize}));
        TMATMUL(acc, left, right);
        upper.push(acc, 0);
        lower.push(acc, kSize / 2);
    }
}
