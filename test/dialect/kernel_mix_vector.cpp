// SPDX-License-Identifier: Apache-2.0
// A vector core's half of out = a * b + bias: it takes its half of each product from the matrix core.
#include <cstdint>
#include <pto/pto-inst.hpp>

#include "intrinsic.h"
#include "tensor.h"

using namespace pto;

static constexpr int kSize = 16;
using Pipe = TPipe<7, float, kSize / 2, kSize, 2>;

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args)
{
    __gm__ ChipTensor *bias_tensor = reinterpret_cast<__gm__ ChipTensor *>(args[2]);
    __gm__ ChipTensor *out_tensor = reinterpret_cast<__gm__ ChipTensor *>(args[3]);
    const int tiles = static_cast<int>(args[4]);
    const int64_t first = static_cast<int64_t>(get_block_idx(args)) * tiles;
    const uint32_t lane = get_subblockid();
    const int64_t half = lane * (kSize / 2) * kSize;
    __gm__ float *bias = reinterpret_cast<__gm__ float *>(bias_tensor->buffer.addr) + bias_tensor->start_offset;
    __gm__ float *out = reinterpret_cast<__gm__ float *>(out_tensor->buffer.addr) + out_tensor->start_offset;
    if (lane > 1)
        return;

    Pipe pipe(lane);
    if (!pipe.usable())
        return;
    Tile<TileType::Vec, float, kSize / 2, kSize> product, offset;
    TASSIGN(product, 0x0);
    TASSIGN(offset, 0x1000);
    TLOAD(offset, GlobalTensor<float>(bias + half, {kSize / 2, kSize}));
    for (int t = 0; t < tiles; t++) {
        pipe.pop(product);
        TADD(product, product, offset);
        GlobalTensor<float> dst(out + (first + t) * kSize * kSize + half, {kSize / 2, kSize});
        TSTORE(dst, product);
    }
}
