// SPDX-License-Identifier: Apache-2.0
// out = src0 * src1, float, one row of 64 at a time.
#include <pto/pto-inst.hpp>

#include "tensor.h"

using namespace pto;

template <int Width> struct RowMul {
    using Row = Tile<TileType::Vec, float, 1, Width>;

    static __aicore__ void run(__gm__ float *a, __gm__ float *b, __gm__ float *c, int count)
    {
        Row x(1, count), y(1, count);
        TASSIGN(x, 0);
        TASSIGN(y, sizeof(float) * Width);
        TLOAD(x, GlobalTensor<float>(a, {1, count}));
        TLOAD(y, GlobalTensor<float>(b, {1, count}));
        TMUL(x, x, y);
        GlobalTensor<float> out(c, {1, count});
        TSTORE(out, x);
    }
};

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args)
{
    auto *a = reinterpret_cast<__gm__ ChipTensor *>(args[0]);
    auto *b = reinterpret_cast<__gm__ ChipTensor *>(args[1]);
    auto *c = reinterpret_cast<__gm__ ChipTensor *>(args[2]);
    const auto base = [](const ChipTensor *t) { return reinterpret_cast<float *>(t->buffer.addr) + t->start_offset; };
    int left = 1;
    for (uint32_t d = 0; d < c->ndims; d++)
        left *= static_cast<int>(c->shapes[d]);
    for (int at = 0; left > 0; at += 64, left -= 64)
        RowMul<64>::run(base(a) + at, base(b) + at, base(c) + at, left < 64 ? left : 64);
}
