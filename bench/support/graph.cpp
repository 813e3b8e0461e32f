// SPDX-License-Identifier: Apache-2.0
#include "bench/support/graph.hpp"

#include "bench/support/patterns.h"

namespace pto::bench {

namespace {

constexpr uint32_t kTasks = 10'000;
constexpr uint32_t kStencilWidth = 16;
constexpr uint32_t kStencilSteps = 500;
constexpr uint32_t kGridTasks = 8'000;

} // namespace

void Graph::add_task(std::span<const uint32_t> inputs)
{
    input_.insert(input_.end(), inputs.begin(), inputs.end());
    first_.push_back(static_cast<uint32_t>(input_.size()));
}

uint64_t Graph::expected_sum() const
{
    std::vector<uint64_t> value(size());
    uint64_t sum = 0;
    for (uint32_t task = 0; task < size(); task++) {
        value[task] = 1;
        for (const uint32_t input : inputs(task))
            value[task] += value[input];
        sum += value[task];
    }
    return sum;
}

Graph make_chain(uint32_t tasks)
{
    Graph graph;
    for (uint32_t task = 0; task < tasks; task++) {
        const uint32_t before[] = {task - 1};
        graph.add_task(task == 0 ? std::span<const uint32_t>() : before);
    }
    return graph;
}

Graph make_wide(uint32_t tasks)
{
    Graph graph;
    for (uint32_t task = 0; task < tasks; task++)
        graph.add_task({});
    return graph;
}

Graph make_tree(uint32_t tasks)
{
    Graph graph;
    for (uint32_t task = 0; task < tasks; task++) {
        const uint32_t parent[] = {(task - 1) / 2};
        graph.add_task(task == 0 ? std::span<const uint32_t>() : parent);
    }
    return graph;
}

Graph make_grid(uint32_t pattern, uint32_t width, uint32_t steps)
{
    Graph graph;
    uint32_t row_before = 0;
    uint32_t row = 0;
    for (uint32_t step = 0; step < steps; step++) {
        const uint32_t points = bench_points(pattern, width, step);
        for (uint32_t point = 0; point < points; point++) {
            uint32_t inputs[BENCH_MAX_INPUTS];
            const uint32_t count = bench_inputs(pattern, width, step, point, inputs);
            for (uint32_t i = 0; i < count; i++)
                inputs[i] += row_before;
            graph.add_task({inputs, count});
        }
        row_before = row;
        row += points;
    }
    return graph;
}

std::vector<NamedGraph> task_graphs()
{
    return {{"chain", kTasks, make_chain(kTasks)},
            {"wide", kTasks, make_wide(kTasks)},
            {"tree", kTasks, make_tree(kTasks)},
            {"stencil", kStencilWidth * kStencilSteps, make_grid(BENCH_STENCIL, kStencilWidth, kStencilSteps)}};
}

std::vector<GridCase> grid_cases()
{
    static const char *const names[BENCH_PATTERN_COUNT] = {"trivial", "stencil", "fft", "tree", "nearest", "spread"};
    std::vector<GridCase> cases;
    for (const uint32_t width : {2U, 16U}) {
        for (uint32_t pattern = 0; pattern < BENCH_PATTERN_COUNT; pattern++)
            cases.push_back(
                {std::string(names[pattern]) + '/' + std::to_string(width), pattern, width, kGridTasks / width});
    }
    return cases;
}

} // namespace pto::bench
