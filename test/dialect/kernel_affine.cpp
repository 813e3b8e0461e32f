// SPDX-License-Identifier: Apache-2.0
// x = x * a + b on every int32 of the view: the result tells the order of the tasks. The third scalar is how many times
// the core looks at the clock first.
#include <chrono>
#include <cstdint>
#include <pto/pto-inst.hpp>

#include "tensor.h"

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args)
{
    __gm__ ChipTensor *x_tensor = reinterpret_cast<__gm__ ChipTensor *>(args[0]);
    __gm__ uint32_t *x = reinterpret_cast<__gm__ uint32_t *>(x_tensor->buffer.addr) + x_tensor->start_offset;
    const uint32_t a = static_cast<uint32_t>(args[1]), b = static_cast<uint32_t>(args[2]);
    for (int64_t i = 0; i < args[3]; i++)
        (void)std::chrono::steady_clock::now();
    uint32_t count = 1;
    for (uint32_t d = 0; d < x_tensor->ndims; d++)
        count *= x_tensor->shapes[d];
    for (uint32_t i = 0; i < count; i++)
        x[i] = x[i] * a + b;
}
