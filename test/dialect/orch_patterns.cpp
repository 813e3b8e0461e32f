// SPDX-License-Identifier: Apache-2.0
// How people keep what the interface gives them: outputs in structures, vectors, maps, swapped and copied; arguments in
// arrays and on the heap; kernels in tables. Tensors: x int32 [n] in, out int32 [n].
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pto_orchestration_api.h"
#include "runtime.h"

namespace {

constexpr int32_t AFFINE = 0, COPY = 1;

struct Stage {
    TaskOutputTensors outs;
    ChipTensor tensor;
    PTO2TaskId id = PTO2TaskId::invalid();
};

TaskOutputTensors copy_of(const ChipTensor &x)
{
    TensorCreateInfo like(x.shapes, x.ndims, x.dtype);
    CoreTaskArgs args;
    args.add_input(x);
    args.add_output(like);
    return rt_submit_aiv_task(COPY, args);
}

template <class Number> PTO2TaskId affine(const ChipTensor &x, Number a, Number b)
{
    auto args = std::make_unique<CoreTaskArgs>();
    args->add_inout(x);
    args->add_scalar(a, b, 0);
    return rt_submit_aiv_task(AFFINE, *args).task_id();
}

void store(const ChipTensor &x, const ChipTensor &out)
{
    static CoreTaskArgs args; // One for all runs.
    args.reset();
    args.add_input(x);
    args.add_output(out);
    rt_submit_aiv_task(COPY, args);
}

} // namespace

extern "C" {

/// Stages in a vector that grows: what they hold is copied again and again. out = 3^8 x + ...
__attribute__((visibility("default"))) void stages(const ChipTaskArgs &run)
{
    std::vector<Stage> all;
    for (int32_t i = 0; i < 8; i++) {
        Stage stage;
        if (!stage.outs.empty() || stage.outs.task_id().is_valid())
            rt_report_fatal(PTO2_ERROR_INVALID_ARGS, "no outputs, but %u", stage.outs.size());
        stage.outs = copy_of(all.empty() ? run.tensor(0).ref() : all.back().outs.get_ref(0));
        stage.tensor = stage.outs.get_ref(0);
        stage.id = affine(stage.tensor, 3, i);
        all.push_back(stage);
    }
    for (size_t i = 1; i < all.size(); i++)
        if (all[i].id == all[i - 1].id || all[i].id != all[i].id)
            rt_report_fatal(PTO2_ERROR_INVALID_ARGS, "two tasks with one id");
    store(all.back().tensor, run.tensor(1).ref());
}

/// Outputs by name, and swapped. out = (x * 2 + 1) * 5 + 7, after a detour.
__attribute__((visibility("default"))) void named_and_swapped(const ChipTaskArgs &run)
{
    std::map<std::string, TaskOutputTensors> named;
    named["first"] = copy_of(run.tensor(0).ref());
    affine(named.at("first").get_ref(0), int64_t{2}, int64_t{1});
    std::array<TaskOutputTensors, 2> pair = {copy_of(run.tensor(0).ref()), named["first"]};
    std::swap(pair[0], pair[1]);
    named.clear();
    affine(pair[0].get_ref(0), uint8_t{5}, uint8_t{7});
    affine(pair[1].get_ref(0), 1000, 1000);
    TaskOutputTensors moved = std::move(pair[0]);
    const ChipTensor &result = moved.get_ref(0);
    moved = pair[1];
    store(result, run.tensor(1).ref());
}

/// A table of steps, each with arguments of its own that were made before the first was submitted.
__attribute__((visibility("default"))) void table_of_steps(const ChipTaskArgs &run)
{
    using Submit = TaskOutputTensors (*)(int32_t, const CoreTaskArgs &);
    static const Submit on[] = {rt_submit_aiv_task, rt_submit_aic_task};
    const ChipTensor x = copy_of(run.tensor(0).ref()).task_id().is_valid() ? run.tensor(1).ref() : run.tensor(0).ref();
    CoreTaskArgs args[6];
    store(run.tensor(0).ref(), x);
    for (uint32_t i = 0; i < 6; i++) {
        args[i].add_inout(x);
        args[i].add_scalar(i + 2u, i, 0u);
    }
    for (uint32_t i = 0; i < 6; i++)
        on[i % 2](i % 2 == 0 ? AFFINE : 2, args[i]);
}
}
