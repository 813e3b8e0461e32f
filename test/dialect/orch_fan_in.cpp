// SPDX-License-Identifier: Apache-2.0
// Tasks without a kernel that join many others: x int32 [n], one task per element, one for all of them after the join.
#include <cstdint>
#include <vector>

#include "pto_orchestration_api.h"

namespace {

void affine(CoreTaskArgs &args, const ChipTensor &x, uint64_t a, uint64_t b, uint64_t wait)
{
    args.reset();
    args.add_inout(x);
    args.add_scalar(a, b, wait);
}

} // namespace

extern "C" {

/// By ids, in a MANUAL scope. Scalar: how long an element takes.
__attribute__((visibility("default"))) void join_by_ids(const ChipTaskArgs &run)
{
    const ChipTensor &x = run.tensor(0).ref();
    std::vector<PTO2TaskId> ids;
    PTO2_SCOPE(PTO2ScopeMode::MANUAL)
    {
        CoreTaskArgs args;
        for (int round = 0; round < 3; round++) {
            std::vector<PTO2TaskId> now;
            for (uint32_t i = 0; i < x.shapes[0]; i++) {
                const ChipTensor element = x.slice(0, i, i + 1);
                affine(args, element, 3, i, run.scalar(0) * (i % 4));
                args.set_dependencies(ids.data(), static_cast<uint32_t>(ids.size()));
                now.push_back(rt_submit_aiv_task(0, args).task_id());
            }
            CoreTaskArgs join;
            join.set_dependencies(now.data(), static_cast<uint32_t>(now.size()));
            const PTO2TaskId joined = rt_submit_dummy_task(join).task_id();
            affine(args, x, 2, 1, 0);
            args.set_dependencies(&joined, 1);
            ids = {rt_submit_aiv_task(0, args).task_id()};
        }
    }
}

/// By what the join is said to read and write, in an AUTO scope.
__attribute__((visibility("default"))) void join_by_access(const ChipTaskArgs &run)
{
    const ChipTensor &x = run.tensor(0).ref();
    CoreTaskArgs args;
    for (uint32_t i = 0; i < x.shapes[0]; i++) {
        const ChipTensor element = x.slice(0, i, i + 1);
        affine(args, element, 3, i, run.scalar(0) * (i % 4));
        rt_submit_aiv_task(0, args);
    }
    CoreTaskArgs join;
    join.add_inout(x);
    const TaskOutputTensors nothing = rt_submit_dummy_task(join);
    if (!nothing.empty() || nothing.task_id().is_invalid())
        rt_report_fatal(PTO2_ERROR_EXPLICIT_ORCH_FATAL, "a join of %u outputs", nothing.size());
    const PTO2TaskId joined = nothing.task_id();
    PTO2_SCOPE(PTO2ScopeMode::MANUAL)
    {
        affine(args, x, 2, 1, 0);
        args.set_dependencies(&joined, 1);
        rt_submit_aiv_task(0, args);
    }
}
}
