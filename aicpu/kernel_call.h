// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_AICPU_KERNEL_CALL_H
#define PTO_AICPU_KERNEL_CALL_H

#include "aicpu/core/completion_slab.h"
#include "aicpu/executor_port.h"
#include "engine/engine.h"

namespace pto::inline PTO_ARCH::aicpu {

/// The argument words of a kernel in the ABI's order, but for the two that point to its contexts.
PTO_HOT void fill_arguments(engine::Engine &engine, const engine::TaskSlot &slot, int64_t *args)
{
    const pto_tensor *tensors = engine.tasks.payload.tensors(slot.payload);
    const auto *scalars = reinterpret_cast<const uint64_t *>(tensors + slot.tensor_count);
    for (uint32_t i = 0; i < slot.tensor_count; i++)
        *args++ = reinterpret_cast<int64_t>(tensors + i);
    for (uint32_t i = 0; i < slot.scalar_count; i++)
        *args++ = static_cast<int64_t>(scalars[i]);
}

/// What the global context says of the lane.
constexpr int32_t sub_block_id(uint32_t lane)
{
    return lane == engine::kLaneAiv1 ? 1 : 0;
}

} // namespace pto::inline PTO_ARCH::aicpu

#endif
