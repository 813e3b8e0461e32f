// SPDX-License-Identifier: Apache-2.0
// Tasks with a condition. Every comparison with every element; and chains in which some tasks do not run.
#include <cstdint>

#include "pto_orchestration_api.h"

namespace {
constexpr int32_t FILL = 0, AFFINE = 1;

CoreTaskPredicate when(const ChipTensor &t, uint32_t index, PredicateOp op, int64_t target)
{
    CoreTaskPredicate predicate;
    predicate.operand.tensor = &t;
    predicate.operand.ndims = 1;
    predicate.operand.indices[0] = index;
    predicate.op = op;
    predicate.target = target;
    return predicate;
}
} // namespace

extern "C" {

/// Cell (op - 1, i) of out int32 [6 * n] becomes 1 when element i compares so with the target.
__attribute__((visibility("default"))) void comparisons(const ChipTaskArgs &run)
{
    const ChipTensor &elements = run.tensor(0).ref();
    const ChipTensor &out = run.tensor(1).ref();
    const int64_t target = from_u64<int64_t>(run.scalar(0));
    const PredicateOp ops[] = {PredicateOp::EQ, PredicateOp::NE, PredicateOp::GT,
                               PredicateOp::LT, PredicateOp::GE, PredicateOp::LE};
    uint32_t at = 0;
    for (PredicateOp op : ops)
        for (uint32_t i = 0; i < elements.shapes[0]; i++, at++) {
            ChipTensor cell = out.slice(0, at, at + 1);
            CoreTaskArgs args;
            args.add_inout(cell);
            args.add_scalar(1);
            args.set_predicate(when(elements, i, op, target));
            rt_submit_aiv_task(FILL, args);
        }
}

/// x goes through 20 steps, of which only those run whose number's flag is set by a task before.
__attribute__((visibility("default"))) void chosen_steps(const ChipTaskArgs &run)
{
    const ChipTensor &x = run.tensor(0).ref();
    uint32_t shape[1] = {20};
    TensorCreateInfo spec(shape, 1, DataType::INT32);
    const TaskOutputTensors outs = alloc_tensors(spec);
    const ChipTensor &flags = outs.get_ref(0);
    for (uint32_t i = 0; i < 20; i++) {
        ChipTensor flag = flags.slice(0, i, i + 1);
        CoreTaskArgs set;
        set.add_output(flag);
        set.add_scalar((run.scalar(0) >> i) & 1);
        rt_submit_aiv_task(FILL, set);
        CoreTaskArgs step;
        step.add_inout(x);
        step.add_scalar(3, i, 0);
        step.set_predicate(when(flags, i, i % 2 == 0 ? PredicateOp::EQ : PredicateOp::GT, i % 2 == 0 ? 1 : 0));
        rt_submit_aiv_task(AFFINE, step);
    }
    CoreTaskArgs last;
    last.add_inout(x);
    last.add_scalar(2, 1, 0);
    last.set_predicate(CoreTaskPredicate());
    rt_submit_aiv_task(AFFINE, last);
}
}
