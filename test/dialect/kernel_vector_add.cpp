// SPDX-License-Identifier: Apache-2.0
// out = src0 + src1, float, tile by tile.
#include <cstdint>
#include <pto/pto-inst.hpp>

#include "tensor.h"

using namespace pto;

static constexpr int kTile = 1024;

static __aicore__ void add_chunk(__gm__ float *src0, __gm__ float *src1, __gm__ float *out, int count)
{
    using TileData = Tile<TileType::Vec, float, 1, kTile>;
    TileData src0Tile(1, count), src1Tile(1, count), dstTile(1, count);
    TASSIGN(src0Tile, 0x0);
    TASSIGN(src1Tile, 0x10000);
    TASSIGN(dstTile, 0x20000);
    GlobalTensor<float> src0Global(src0, {1, count}), src1Global(src1, {1, count}), dstGlobal(out, {1, count});

    TLOAD(src0Tile, src0Global);
    TLOAD(src1Tile, src1Global);
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    TADD(dstTile, src0Tile, src1Tile);
    set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    TSTORE(dstGlobal, dstTile);
}

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args)
{
    __gm__ ChipTensor *src0_tensor = reinterpret_cast<__gm__ ChipTensor *>(args[0]);
    __gm__ ChipTensor *src1_tensor = reinterpret_cast<__gm__ ChipTensor *>(args[1]);
    __gm__ ChipTensor *out_tensor = reinterpret_cast<__gm__ ChipTensor *>(args[2]);
    __gm__ float *src0 = reinterpret_cast<__gm__ float *>(src0_tensor->buffer.addr) + src0_tensor->start_offset;
    __gm__ float *src1 = reinterpret_cast<__gm__ float *>(src1_tensor->buffer.addr) + src1_tensor->start_offset;
    __gm__ float *out = reinterpret_cast<__gm__ float *>(out_tensor->buffer.addr) + out_tensor->start_offset;

    uint64_t size = 1;
    for (uint32_t d = 0; d < out_tensor->ndims; d++)
        size *= out_tensor->shapes[d];
    for (uint64_t done = 0; done < size; done += kTile)
        add_chunk(src0 + done, src1 + done, out + done, static_cast<int>(size - done < kTile ? size - done : kTile));
}
