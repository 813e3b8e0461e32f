// SPDX-License-Identifier: Apache-2.0
// What outlives what: exceptions that nobody catches, outputs whose scope is over, constants of graphs that point to
// things. Tensor: x, int32.
#include <cstdint>
#include <stdexcept>
#include <vector>

struct PTO2Runtime; // as sources have it that only hand it on

#include "pto_orchestration_api.h"

static PTO2Runtime *runtime()
{
    return current_runtime();
}

static void step(const ChipTensor &x, int b)
{
    CoreTaskArgs args;
    args.add_inout(x);
    args.add_scalar(1, b);
    rt_submit_aiv_task(0, args);
}

static TensorCreateInfo eight(int32_t value)
{
    uint32_t shape[1] = {8};
    TensorCreateInfo spec(shape, 1, DataType::INT32);
    spec.set_initial_value(value);
    return spec;
}

static void throwing_graph(const GraphTaskArgs &args)
{
    step(args.tensor(0).ref(), 1);
    throw std::runtime_error("from a graph");
}

static void graph_of_pointer(const GraphTaskArgs &args, const int *b)
{
    step(args.tensor(0).ref(), *b);
}

static TaskOutputTensors handed_out;

static void inner_graph(const GraphTaskArgs &args)
{
    const TensorCreateInfo spec = eight(static_cast<int32_t>(args.scalar(0)));
    CoreTaskArgs task;
    task.add_output(spec);
    handed_out = rt_submit_dummy_task(task);
    step(handed_out.get_ref(0), 1);
}

static void graph_of_graphs(const GraphTaskArgs &args)
{
    step(args.tensor(0).ref(), 1);
    rt_submit_graph(inner_graph, args);
}

extern "C" {

/// Uses outside of a graph what a graph in it has allocated: x becomes 1 more than the
/// remainder of the number of the last call by 3.
void handed_out_of_graphs(const ChipTaskArgs &args)
{
    const ChipTensor &x = args.tensor(0).ref();
    for (uint64_t i = 0; i < args.scalar(0); i++) {
        PTO2_SCOPE()
        {
            GraphTaskArgs graph;
            graph.add_inout(x);
            graph.add_scalar(i % 3);
            rt_submit_graph(graph_of_graphs, graph);
            CoreTaskArgs task;
            task.add_input(handed_out.get_ref(0));
            task.add_output(x);
            rt_submit_aiv_task(1, task);
        }
    }
}

/// Throws what the scalar says, in a scope and in a graph; 0: nothing, 1: it catches what is thrown.
void throwing(const ChipTaskArgs &args)
{
    const ChipTensor &x = args.tensor(0).ref();
    GraphTaskArgs graph;
    graph.add_inout(x);
    PTO2_SCOPE()
    {
        if (runtime() == nullptr)
            throw std::logic_error("no run");
        step(x, 1);
        if (args.scalar(0) == 1) {
            try {
                rt_submit_graph(throwing_graph, graph);
            } catch (const std::runtime_error &) {
                step(x, 2);
            }
        } else if (args.scalar(0) == 2) {
            std::vector<int>().at(3);
        } else if (args.scalar(0) == 3) {
            throw 5;
        } else if (args.scalar(0) == 4) {
            rt_submit_graph(throwing_graph, graph);
        } else if (args.scalar(0) == 5) {
            always_assert(x.ndims == 7);
        }
    }
}

/// Copies an output in its scope and those in it; if the scalar is 1, after its scope, in one that has the like.
void after_its_scope(const ChipTaskArgs &args)
{
    const ChipTensor &x = args.tensor(0).ref();
    const TensorCreateInfo seven = eight(7), hundred = eight(100);
    TaskOutputTensors kept, other;
    const auto copy = [&] {
        CoreTaskArgs task;
        task.add_input(kept.get_ref(0));
        task.add_output(x);
        rt_submit_aiv_task(1, task);
    };
    PTO2_SCOPE()
    {
        kept = alloc_tensors(seven);
        PTO2_SCOPE()
        {
            other = alloc_tensors(hundred);
            copy();
        }
        step(kept.get_ref(0), 1);
        copy();
    }
    PTO2_SCOPE()
    {
        other = alloc_tensors(hundred);
        step(other.get_ref(0), 1);
        if (args.scalar(0) == 1)
            copy();
    }
}

/// A graph is told by a pointer what to add.
void pointed_to(const ChipTaskArgs &args)
{
    GraphTaskArgs graph;
    graph.add_inout(args.tensor(0).ref());
    for (int i = 0; i < 5; i++)
        rt_submit_graph(graph_of_pointer, graph, &i);
}

} // extern "C"
