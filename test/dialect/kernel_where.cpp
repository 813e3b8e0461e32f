// SPDX-License-Identifier: Apache-2.0
// To row block_idx * lanes + lane of out [rows, 4] it adds {block_idx, block_num, sub_block_id, 100 + lane}, where the
// matrix core is lane 0 and the vector cores are 1 and 2. Scalar: lanes.
#include <cstdint>
#include <pto/pto-inst.hpp>

#include "intrinsic.h"
#include "tensor.h"

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args)
{
    __gm__ ChipTensor *out_tensor = reinterpret_cast<__gm__ ChipTensor *>(args[0]);
    __gm__ int32_t *out = reinterpret_cast<__gm__ int32_t *>(out_tensor->buffer.addr) + out_tensor->start_offset;
    const int32_t block_idx = get_block_idx(args);
    const int32_t lanes = static_cast<int32_t>(args[1]);
    const int32_t lane = DIALECT_LANE + get_sub_block_id(args);
    int32_t *row = out + 4 * (block_idx * lanes + lane % lanes);
    row[0] += block_idx;
    row[1] += get_block_num(args);
    row[2] += get_sub_block_id(args);
    row[3] += 100 + lane;
}
