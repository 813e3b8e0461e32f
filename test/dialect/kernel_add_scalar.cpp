// SPDX-License-Identifier: Apache-2.0
// out = src + scalar, float.
#include <cstdint>
#include <pto/pto-inst.hpp>

#include "tensor.h"

using namespace pto;

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args)
{
    __gm__ ChipTensor *src_tensor = reinterpret_cast<__gm__ ChipTensor *>(args[0]);
    __gm__ ChipTensor *out_tensor = reinterpret_cast<__gm__ ChipTensor *>(args[1]);
    union {
        uint64_t u64;
        float f32;
    } converter;
    converter.u64 = static_cast<uint64_t>(args[2]);
    __gm__ float *src = reinterpret_cast<__gm__ float *>(src_tensor->buffer.addr) + src_tensor->start_offset;
    __gm__ float *out = reinterpret_cast<__gm__ float *>(out_tensor->buffer.addr) + out_tensor->start_offset;

    constexpr int kCols = 128;
    int rows = 1;
    for (uint32_t d = 0; d + 1 < src_tensor->ndims; d++)
        rows *= static_cast<int>(src_tensor->shapes[d]);
    const int cols = static_cast<int>(src_tensor->shapes[src_tensor->ndims - 1]);
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < cols; c += kCols) {
            const int width = cols - c < kCols ? cols - c : kCols;
            Tile<TileType::Vec, float, 1, kCols> tile(1, width);
            TASSIGN(tile, 0x100);
            TLOAD(tile, GlobalTensor<float>(src + r * cols + c, {1, width}));
            TADDS(tile, tile, converter.f32);
            GlobalTensor<float> dst(out + r * cols + c, {1, width});
            TSTORE(dst, tile);
        }
}
