// SPDX-License-Identifier: Apache-2.0
// Submits a program by number on x int32 [kCount]. Scalars: seed, length, how long a step takes.
#include "random_program.hpp"

#include "pto_orchestration_api.h"

using namespace random_program;

namespace {

constexpr int32_t AFFINE = 0, COPY = 1;
uint64_t wait_count;

ChipTensor view_of(const ChipTensor &x, const View &view)
{
    return x.slice(0, view.begin, view.begin + (view.count - 1) * view.step + 1, view.step);
}

/// The kernel that computes wants its elements side by side: it gets them one by one, or all at once.
void affine(const ChipTensor &x, uint32_t m, uint32_t addend, const CoreTaskPredicate *predicate = nullptr)
{
    const uint32_t pieces = x.strides[0] == 1 ? 1 : x.shapes[0];
    for (uint32_t i = 0; i < pieces; i++) {
        const ChipTensor piece = pieces == 1 ? x : x.slice(0, i, i + 1);
        CoreTaskArgs args;
        args.add_inout(piece);
        args.add_scalar(m, addend, wait_count * (addend % 3));
        if (predicate != nullptr)
            args.set_predicate(*predicate);
        rt_submit_aiv_task(AFFINE, args);
    }
}

void copy(const ChipTensor &from, const ChipTensor &to)
{
    CoreTaskArgs args;
    args.add_input(from);
    args.add_output(to);
    rt_submit_aiv_task(COPY, args);
}

void twice(const GraphTaskArgs &args)
{
    for (int i = 0; i < 2; i++)
        affine(args.tensor(0).ref(), static_cast<uint32_t>(args.scalar(0)), static_cast<uint32_t>(args.scalar(1)));
}

void conditional(const ChipTensor &x, const Operation &op)
{
    // The condition is looked at once, whatever the task then changes.
    uint32_t one[1] = {1};
    TensorCreateInfo spec(one, 1, x.dtype);
    const TaskOutputTensors outs = alloc_tensors(spec);
    const ChipTensor &element = outs.get_ref(0);
    copy(x.slice(0, op.index, op.index + 1), element);
    CoreTaskPredicate predicate;
    predicate.operand = {&element, 1, {0}};
    predicate.op = PredicateOp::GE;
    predicate.target = op.target;
    affine(view_of(x, op.a), op.m, op.addend, &predicate);
}

void through(const ChipTensor &x, const Operation &op)
{
    const uint32_t shape[1] = {op.a.count};
    TensorCreateInfo spec(shape, 1, x.dtype);
    const TaskOutputTensors outs = alloc_tensors(spec);
    copy(view_of(x, op.a), outs.get_ref(0));
    affine(outs.get_ref(0), op.m, op.addend);
    copy(outs.get_ref(0), view_of(x, op.b));
}

void submit(const ChipTensor &x, const Operation &op)
{
    uint32_t index[1] = {op.index};
    switch (op.kind) {
    case kAffine: affine(view_of(x, op.a), op.m, op.addend); break;
    case kThrough: through(x, op); break;
    case kConditional: conditional(x, op); break;
    case kSet: set_tensor_data(x, 1, index, static_cast<int32_t>(op.addend)); break;
    case kGet: affine(view_of(x, op.a), op.m, get_tensor_data<uint32_t>(x, 1, index)); break;
    case kJoin: {
        const ChipTensor joined = view_of(x, op.a);
        CoreTaskArgs args;
        args.add_inout(joined);
        rt_submit_dummy_task(args);
        break;
    }
    case kFilled: {
        const uint32_t shape[1] = {op.a.count};
        TensorCreateInfo spec(shape, 1, x.dtype);
        spec.set_initial_value(static_cast<int32_t>(op.addend));
        const TaskOutputTensors outs = alloc_tensors(spec);
        copy(outs.get_ref(0), view_of(x, op.a));
        break;
    }
    case kGraph: {
        const ChipTensor view = view_of(x, op.a);
        GraphTaskArgs args;
        args.add_inout(view);
        args.add_scalar(op.m, op.addend);
        rt_submit_graph(op.a.step * uint64_t{100} + op.a.count, twice, args);
        break;
    }
    case kOpen: rt_scope_begin(); break;
    default: rt_scope_end();
    }
}

} // namespace

extern "C" __attribute__((visibility("default"))) void random_entry(const ChipTaskArgs &run)
{
    wait_count = run.scalar(2);
    for (const Operation &op : program(run.scalar(0), static_cast<uint32_t>(run.scalar(1))))
        submit(run.tensor(0).ref(), op);
}
