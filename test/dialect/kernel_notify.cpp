// SPDX-License-Identifier: Apache-2.0
// Delivers late: looks at the clock as often as the second scalar says, adds the first scalar to the int32 of tensor 0,
// and then tells all counters of tensor 1.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <pto/pto-inst.hpp>

#include "pto_async_kernel_api.h"
#include "tensor.h"

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args)
{
    __gm__ ChipTensor *cell = reinterpret_cast<__gm__ ChipTensor *>(args[0]);
    __gm__ ChipTensor *counters = reinterpret_cast<__gm__ ChipTensor *>(args[1]);
    for (int64_t i = 0; i < args[3]; i++)
        (void)std::chrono::steady_clock::now();
    std::atomic_ref<int32_t>(cell->data_as<int32_t>()[cell->start_offset]).fetch_add(static_cast<int32_t>(args[2]));
    for (uint64_t i = 0; i < counters->numel(); i++)
        send_notification(counters->data_as<uint32_t>() + counters->start_offset + i);
}
