// SPDX-License-Identifier: Apache-2.0
// Graphs whose arguments share memory in one call and not in the next, graphs in graphs, and functions that know more
// than their arguments. Tensors: x, z and w, int32 [12]; cells of the first two are arguments. Scalar: calls.
#include <cstdint>

#include "pto_orchestration_api.h"

namespace {

enum { WAVE = 0, AFFINE = 1, COPY = 2 };
const ChipTensor *secret;

ChipTensor cell(const ChipTensor &t, uint32_t i)
{
    return t.slice(0, i % 12, i % 12 + 1);
}

TaskOutputTensors wave(const ChipTensor &a, const ChipTensor &b, const ChipTensor &y)
{
    CoreTaskArgs args;
    args.add_input(a, b);
    args.add_inout(y);
    return rt_submit_aiv_task(WAVE, args);
}

void combine(const GraphTaskArgs &args)
{
    wave(args.tensor(0).ref(), args.tensor(1).ref(), args.tensor(2).ref());
}

/// Two graphs in one, with the inputs exchanged.
void nested(const GraphTaskArgs &args)
{
    GraphTaskArgs inner;
    inner.add_input(args.tensor(0).ref(), args.tensor(1).ref());
    inner.add_inout(args.tensor(2).ref());
    rt_submit_graph(combine, inner);
    inner.reset();
    inner.add_input(args.tensor(1).ref(), args.tensor(0).ref());
    inner.add_inout(args.tensor(2).ref());
    rt_submit_graph(combine, inner);
}

/// Reads a tensor that is no argument.
void with_a_secret(const GraphTaskArgs &args)
{
    wave(*secret, args.tensor(1).ref(), args.tensor(2).ref());
}

/// Does what an element says.
void by_an_element(const GraphTaskArgs &args)
{
    uint32_t zero[1] = {0};
    if ((get_tensor_data<int32_t>(args.tensor(0).ref(), 1, zero) & 1) != 0)
        return combine(args);
    CoreTaskArgs task;
    task.add_inout(args.tensor(2).ref());
    task.add_scalar(3, 1, 0);
    rt_submit_aiv_task(AFFINE, task);
}

/// A temporary with a value, ids, a condition and a join: t = 5; if a >= 0, t = 2 t + 1; y += 2 t + 3 b.
void with_everything(const GraphTaskArgs &args)
{
    PTO2_SCOPE()
    {
        uint32_t one[1] = {1};
        TensorCreateInfo spec(one, 1, DataType::INT32);
        spec.set_initial_value(int32_t{5});
        const TaskOutputTensors outs = alloc_tensors(spec);
        CoreTaskArgs step;
        step.add_inout(outs.get_ref(0));
        step.add_scalar(2, 1, 50);
        CoreTaskPredicate predicate;
        predicate.operand.tensor = &args.tensor(0).ref();
        predicate.operand.ndims = 1;
        predicate.op = PredicateOp::GE;
        step.set_predicate(predicate);
        const PTO2TaskId stepped = rt_submit_aiv_task(AFFINE, step).task_id();
        CoreTaskArgs join;
        join.set_dependencies(&stepped, 1);
        const PTO2TaskId joined = rt_submit_dummy_task(join).task_id();
        CoreTaskArgs last;
        last.add_input(outs.get_ref(0), args.tensor(1).ref());
        last.add_inout(args.tensor(2).ref());
        last.set_dependencies(&joined, 1);
        rt_submit_aiv_task(WAVE, last);
    }
}

} // namespace

extern "C" __attribute__((visibility("default"))) void graph_patterns(const ChipTaskArgs &run)
{
    const ChipTensor &x = run.tensor(0).ref();
    const ChipTensor &z = run.tensor(1).ref();
    void (*const functions[])(const GraphTaskArgs &) = {combine, nested, with_a_secret, by_an_element, with_everything};
    for (uint32_t i = 0; i < run.scalar(0); i++) {
        const ChipTensor a = cell(i % 3 == 0 ? z : x, i), b = cell(i % 4 == 0 ? z : x, i % 7 == 0 ? i : i + 5);
        const ChipTensor y = cell(x, i + 3), hidden = cell(run.tensor(2).ref(), i + 1);
        secret = &hidden;
        GraphTaskArgs args;
        args.add_input(a, b);
        args.add_inout(y);
        if (i % 2 == 0)
            rt_submit_graph(functions[i % 5], args);
        else
            rt_submit_graph(uint64_t{i % 5}, functions[i % 5], args);
    }
}
