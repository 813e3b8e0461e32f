// SPDX-License-Identifier: Apache-2.0
// out[0] = sum of src, float, any rank.
#include <pto/pto-inst.hpp>

#include "tensor.h"

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args)
{
    __gm__ ChipTensor *src = reinterpret_cast<__gm__ ChipTensor *>(args[0]);
    __gm__ ChipTensor *out = reinterpret_cast<__gm__ ChipTensor *>(args[1]);
    const int count = static_cast<int>(src->numel());
    pto::Tile<pto::TileType::Vec, float, 1, 4096> tile(1, count);
    pto::Tile<pto::TileType::Vec, float, 1, 8> sum(1, 1);
    pto::TASSIGN(tile, 0);
    pto::TASSIGN(sum, 0x8000);
    pto::TLOAD(tile, pto::GlobalTensor<float>(src->data_as<float>() + src->start_offset, {1, count}));
    pto::TROWSUM(sum, tile);
    pto::GlobalTensor<float> dst(out->data_as<float>() + out->start_offset, {1, 1});
    pto::TSTORE(dst, sum);
}
