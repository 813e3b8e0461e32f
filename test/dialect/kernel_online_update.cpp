// SPDX-License-Identifier: Apache-2.0
// Online softmax: merges the block (m_ij, l_ij, o_ij) into the running (m_i, l_i, o_i); at the last block o_i / l_i
// goes to dst. Scalars: is_first, is_last.
#include <cstdint>
#include <pto/pto-inst.hpp>

#include "tensor.h"

using namespace pto;

template <int Cols> using Rows = Tile<TileType::Vec, float, 64, Cols>;

static inline __gm__ float *data_of(__gm__ int64_t *args, int index)
{
    __gm__ ChipTensor *t = reinterpret_cast<__gm__ ChipTensor *>(args[index]);
    return reinterpret_cast<__gm__ float *>(t->buffer.addr) + t->start_offset;
}

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args)
{
    __gm__ ChipTensor *block = reinterpret_cast<__gm__ ChipTensor *>(args[2]);
    const int n = static_cast<int>(block->shapes[0]), d = static_cast<int>(block->shapes[1]);
    const bool is_first = args[7] != 0, is_last = args[8] != 0;

    Rows<64> block_o(n, d), o(n, d);
    Rows<8> block_m(n, 1), block_l(n, 1), m(n, 1), l(n, 1), most(n, 1), alpha(n, 1), beta(n, 1);
    size_t next = 0;
    TASSIGN(block_o, next), TASSIGN(o, next += 0x4000), next += 0x4000;
    for (Rows<8> *column : {&block_m, &block_l, &m, &l, &most, &alpha, &beta})
        TASSIGN(*column, next), next += Rows<8>::kBytes;

    GlobalTensor<float> gm(data_of(args, 3), {n, 1}), gl(data_of(args, 4), {n, 1}), go(data_of(args, 5), {n, d});
    TLOAD(block_m, GlobalTensor<float>(data_of(args, 0), {n, 1}));
    TLOAD(block_l, GlobalTensor<float>(data_of(args, 1), {n, 1}));
    TLOAD(block_o, GlobalTensor<float>(data_of(args, 2), {n, d}));
    if (is_first) {
        TMOV(m, block_m), TMOV(l, block_l), TMOV(o, block_o);
    } else {
        TLOAD(m, gm), TLOAD(l, gl), TLOAD(o, go);
        TMAX(most, m, block_m);
        TSUB(alpha, m, most), TEXP(alpha, alpha);
        TSUB(beta, block_m, most), TEXP(beta, beta);
        TMUL(l, l, alpha), TMUL(block_l, block_l, beta), TADD(l, l, block_l);
        TROWEXPANDMUL(o, o, alpha), TROWEXPANDMUL(block_o, block_o, beta), TADD(o, o, block_o);
        TMOV(m, most);
    }
    TSTORE(gm, m), TSTORE(gl, l), TSTORE(go, o);
    if (is_last) {
        GlobalTensor<float> dst(data_of(args, 6), {n, d});
        TROWEXPANDDIV(o, o, l);
        TSTORE(dst, o);
    }
}
