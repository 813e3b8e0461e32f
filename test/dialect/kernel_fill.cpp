// SPDX-License-Identifier: Apache-2.0
// Every int32 of the view becomes the scalar.
#include <cstdint>
#include <pto/pto-inst.hpp>

#include "tensor.h"

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args)
{
    __gm__ ChipTensor *out = reinterpret_cast<__gm__ ChipTensor *>(args[0]);
    __gm__ int32_t *data = reinterpret_cast<__gm__ int32_t *>(out->buffer.addr) + out->start_offset;
    for (uint64_t i = 0; i < out->numel(); i++)
        data[i] = static_cast<int32_t>(args[1]);
}
