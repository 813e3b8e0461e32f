// SPDX-License-Identifier: Apache-2.0
// Writes down its own arguments: out int64 [tensors, scalars], whose shape says how many there are, receives the first
// int32 of every other tensor and then the bits of every scalar.
#include <cstdint>
#include <pto/pto-inst.hpp>

#include "tensor.h"

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args)
{
    __gm__ ChipTensor *out_tensor = reinterpret_cast<__gm__ ChipTensor *>(args[0]);
    __gm__ int64_t *out = reinterpret_cast<__gm__ int64_t *>(out_tensor->buffer.addr) + out_tensor->start_offset;
    const uint32_t tensors = out_tensor->shapes[0], scalars = out_tensor->shapes[1];
    for (uint32_t i = 1; i < tensors; i++) {
        __gm__ ChipTensor *tensor = reinterpret_cast<__gm__ ChipTensor *>(args[i]);
        out[i] = reinterpret_cast<__gm__ int32_t *>(tensor->buffer.addr)[tensor->start_offset];
    }
    for (uint32_t i = 0; i < scalars; i++)
        out[tensors + i] = args[tensors + i];
}
