// SPDX-License-Identifier: Apache-2.0
// The chain and the stencil of counted_orch.c in the dialect of pto/compat.
#include "pto/compat/pto_orchestration_api.h"

namespace {

constexpr int32_t kEmpty = 0;
constexpr uint32_t kStencilWidth = 16;
constexpr uint32_t kOne[] = {1};

} // namespace

extern "C" PTO_EXPORT void counted_dialect_chain(const ChipTaskArgs &args)
{
    const ChipTensor *previous = &args.tensor(0).ref();
    const TensorCreateInfo next(kOne, 1);
    const uint64_t count = args.scalar(0);
    for (uint64_t i = 0; i < count; i++) {
        CoreTaskArgs task;
        task.add_input(*previous);
        task.add_output(next);
        const TaskOutputTensors outputs = rt_submit_aiv_task(kEmpty, task);
        previous = &outputs.get_ref(0);
    }
}

extern "C" PTO_EXPORT void counted_dialect_stencil(const ChipTaskArgs &args)
{
    const ChipTensor *rows[2][kStencilWidth];
    const TensorCreateInfo next(kOne, 1);
    const uint64_t count = args.scalar(0);
    for (const ChipTensor *&tensor : rows[1])
        tensor = &args.tensor(0).ref();
    for (uint64_t i = 0; i < count; i++) {
        const auto column = static_cast<uint32_t>(i % kStencilWidth);
        const auto &above = rows[(i / kStencilWidth + 1) % 2];
        CoreTaskArgs task;
        task.add_input(*above[(column + kStencilWidth - 1) % kStencilWidth], *above[column],
                       *above[(column + 1) % kStencilWidth]);
        task.add_output(next);
        const TaskOutputTensors outputs = rt_submit_aiv_task(kEmpty, task);
        rows[i / kStencilWidth % 2][column] = &outputs.get_ref(0);
    }
}
