// SPDX-License-Identifier: Apache-2.0
// The blocks of the task meet at an int32 counter: each counts itself and leaves when all have come.
#include <atomic>
#include <cstdint>
#include <pto/pto-inst.hpp>
#include <thread>

#include "intrinsic.h"
#include "tensor.h"

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args)
{
    __gm__ ChipTensor *counter_tensor = reinterpret_cast<__gm__ ChipTensor *>(args[0]);
    __gm__ int32_t *counter =
        reinterpret_cast<__gm__ int32_t *>(counter_tensor->buffer.addr) + counter_tensor->start_offset;
    const int32_t everybody = get_block_num(args) * static_cast<int32_t>(args[1]);
    std::atomic_ref<int32_t> here(*counter);
    here.fetch_add(1);
    while (here.load() < everybody)
        std::this_thread::yield();
}
