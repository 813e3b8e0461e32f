// SPDX-License-Identifier: Apache-2.0
// c (+)= a * b on the matrix core: a is [m, k], b is [k, n], rows as far apart as the strides of the views say.
// Scalar: 1 begins with zeros, 0 adds to c.
#include <cstdint>
#include <pto/pto-inst.hpp>

#include "tensor.h"

using namespace pto;

static constexpr int kMost = 64;

static __aicore__ GlobalTensor<float> matrix_of(__gm__ ChipTensor *tensor)
{
    __gm__ float *data = reinterpret_cast<__gm__ float *>(tensor->buffer.addr) + tensor->start_offset;
    return GlobalTensor<float>(data, {static_cast<int>(tensor->shapes[0]), static_cast<int>(tensor->shapes[1])},
                               {tensor->strides[0], tensor->strides[1]});
}

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args)
{
    const GlobalTensor<float> a = matrix_of(reinterpret_cast<__gm__ ChipTensor *>(args[0]));
    const GlobalTensor<float> b = matrix_of(reinterpret_cast<__gm__ ChipTensor *>(args[1]));
    GlobalTensor<float> c = matrix_of(reinterpret_cast<__gm__ ChipTensor *>(args[2]));

    Tile<TileType::Left, float, kMost, kMost> left(a.rows(), a.cols());
    Tile<TileType::Right, float, kMost, kMost> right(b.rows(), b.cols());
    Tile<TileType::Acc, float, kMost, kMost> acc(c.rows(), c.cols());
    TASSIGN(left, 0x0);
    TASSIGN(right, 0x0);
    TASSIGN(acc, 0x0);
    TLOAD(left, a);
    TLOAD(right, b);
    set_flag(PIPE_MTE1, PIPE_M, EVENT_ID0);
    wait_flag(PIPE_MTE1, PIPE_M, EVENT_ID0);
    if (args[3] == 1) {
        TMATMUL(acc, left, right);
    } else {
        TLOAD(acc, c);
        TMATMUL_ACC(acc, left, right);
    }
    TSTORE(c, acc);
}
