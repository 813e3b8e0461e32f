// SPDX-License-Identifier: Apache-2.0
// Arguments of tasks in every way that there is to add them, and in some that there are not.
#include <cstdint>

#include "pto_orchestration_api.h"

namespace {

constexpr int32_t COLLECT = 0, FILL = 1, COPY = 2, AFFINE = 3;

ChipTensor cell(const ChipTensor &t, uint32_t i)
{
    return t.slice(0, i, i + 1);
}

/// What is wrong on purpose in `wrong_args`.
enum Mistake : uint64_t {
    TENSOR_AFTER_SCALAR,
    TOO_MANY_TENSORS,
    TOO_MANY_SCALARS,
    DEPENDENCIES_TWICE,
    OUTPUT_AFTER_SCALAR,
    NOTHING
};

void make_mistake(CoreTaskArgs &args, Mistake mistake, const ChipTensor &x, TensorCreateInfo &spec)
{
    static const PTO2TaskId none[2] = {PTO2TaskId::invalid(), PTO2TaskId::invalid()};
    switch (mistake) {
    case TENSOR_AFTER_SCALAR:
        args.add_scalar(1, 2);
        args.add_input(x);
        break;
    case OUTPUT_AFTER_SCALAR:
        args.add_inout(x);
        args.add_scalar(1, 2, 3);
        args.add_output(spec);
        break;
    case TOO_MANY_TENSORS:
        for (int i = 0; i < CORE_MAX_TENSOR_ARGS + 1; i++)
            args.add_no_dep(x);
        break;
    case TOO_MANY_SCALARS:
        args.add_inout(x);
        for (int i = 0; i < MAX_SCALAR_ARGS + 1; i++)
            args.add_scalar(i);
        break;
    case DEPENDENCIES_TWICE:
        args.add_inout(x);
        args.add_scalar(1, 1, 0);
        args.set_dependencies(none, 1);
        args.set_dependencies(none, 2);
        break;
    case NOTHING: break;
    }
}

} // namespace

extern "C" {

/// Tensors: out int64 [6, 8], a, b, c int32. Scalars travel on.
__attribute__((visibility("default"))) void every_kind(const ChipTaskArgs &run)
{
    const ChipTensor &out = run.tensor(0).ref();
    const ChipTensor &a = run.tensor(1).ref(), &b = run.tensor(2).ref();
    ChipTensor c = run.tensor(3).ref();
    uint32_t one[] = {1};
    TensorCreateInfo spec(one, 1, DataType::INT32);
    spec.set_initial_value<int32_t>(77);
    TensorCreateInfo fresh(one, 1, DataType::INT32, true);

    CoreTaskArgs args;
    args.add_output(fresh);
    args.add_scalar(int32_t{55});
    const TaskOutputTensors filled = rt_submit_aiv_task(FILL, args);
    args.reset();
    const TaskOutputTensors with_value = alloc_tensors(spec);

    args.add_output(out);
    args.add_input(a, filled.get_ref(0));
    args.add_inout(b);
    args.add_no_dep(c);
    args.add_input(with_value.get_ref(0));
    args.add_scalar(run.scalar(0), -1.5f, uint8_t{200}, true);
    const uint64_t two[] = {~uint64_t{0}, 1};
    args.add_scalars(two, 2);
    const int32_t negative[] = {-7};
    args.add_scalars_i32(negative, 1);
    args.copy_scalars_from(run, 1, 1);
    rt_submit_aiv_task(COLLECT, args);
    if (args.tensor_count() != 6 || args.scalar_count() != 8 || args.has_error)
        rt_report_fatal(PTO2_ERROR_INVALID_ARGS, "%d tensors, %d scalars", args.tensor_count(), args.scalar_count());
}

/// One object for many tasks; a mistake that was taken back with reset() is none. Tensor: x int32 [n].
__attribute__((visibility("default"))) void reused_args(const ChipTaskArgs &run)
{
    const ChipTensor &x = run.tensor(0).ref();
    CoreTaskArgs args;
    uint32_t one[] = {1};
    TensorCreateInfo spec(one, 1, DataType::INT32);
    for (uint64_t mistake = TENSOR_AFTER_SCALAR; mistake < NOTHING; mistake++) {
        make_mistake(args, static_cast<Mistake>(mistake), x, spec);
        if (!args.has_error || args.error_msg == nullptr)
            rt_report_fatal(PTO2_ERROR_EXPLICIT_ORCH_FATAL, "mistake %d was not noticed", static_cast<int>(mistake));
        args.reset();
    }
    for (uint32_t i = 0; i < x.shapes[0]; i++) {
        ChipTensor mine = cell(x, i);
        args.add_inout(mine);
        args.add_scalar(2, i, 0);
        rt_submit_aiv_task(AFFINE, args);
        args.reset();
    }
}

__attribute__((visibility("default"))) void wrong_args(const ChipTaskArgs &run)
{
    const ChipTensor &x = run.tensor(0).ref();
    uint32_t one[] = {1};
    TensorCreateInfo spec(one, 1, DataType::INT32);
    CoreTaskArgs args;
    make_mistake(args, static_cast<Mistake>(run.scalar(0)), x, spec);
    rt_submit_aiv_task(AFFINE, args);
    if (!rt_is_fatal())
        rt_report_fatal(PTO2_ERROR_EXPLICIT_ORCH_FATAL, "nobody minds");
}

/// As many arguments as a run can have: 255 tensors and 128 scalars go into the cells of out int32 [383].
__attribute__((visibility("default"))) void all_run_arguments(const ChipTaskArgs &run)
{
    const ChipTensor &out = run.tensor(CHIP_MAX_TENSOR_ARGS - 1).ref();
    for (uint32_t i = 0; i < uint32_t(CHIP_MAX_TENSOR_ARGS) - 1; i++) {
        ChipTensor to = cell(out, i);
        CoreTaskArgs args;
        args.add_input(run.tensor(i).ref());
        args.add_output(to);
        rt_submit_aiv_task(COPY, args);
    }
    for (uint32_t i = 0; i < uint32_t(CHIP_MAX_SCALAR_ARGS); i++) {
        ChipTensor to = cell(out, CHIP_MAX_TENSOR_ARGS - 1 + i);
        CoreTaskArgs args;
        args.add_output(to);
        args.add_scalar(run.scalar(i));
        rt_submit_aiv_task(FILL, args);
    }
}

} // extern "C"
