// SPDX-License-Identifier: Apache-2.0
// out[i] = (src[i] + src[i + 1] + src[i + 2]) / 4: src is a row with one more element on each side.
#include <cstdint>
#include <pto/pto-inst.hpp>

#include "tensor.h"

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args)
{
    __gm__ ChipTensor *src_t = reinterpret_cast<__gm__ ChipTensor *>(args[0]);
    __gm__ ChipTensor *out_t = reinterpret_cast<__gm__ ChipTensor *>(args[1]);
    const float *src = reinterpret_cast<float *>(src_t->buffer.addr) + src_t->start_offset;
    float *out = reinterpret_cast<float *>(out_t->buffer.addr) + out_t->start_offset;
    for (uint32_t i = 0; i < out_t->shapes[0]; i++)
        out[i] = (src[i] + src[i + 1] + src[i + 2]) / 4.0f;
}
