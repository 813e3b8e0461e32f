// SPDX-License-Identifier: Apache-2.0
// The graphs that are measured, written out: what peers build theirs from, and what results have to be.
#ifndef BENCH_SUPPORT_GRAPH_HPP
#define BENCH_SUPPORT_GRAPH_HPP

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace pto::bench {

/// Tasks in an order in which each comes after its inputs.
class Graph {
public:
    uint32_t size() const { return static_cast<uint32_t>(first_.size() - 1); }
    std::span<const uint32_t> inputs(uint32_t task) const
    {
        return {input_.data() + first_[task], input_.data() + first_[task + 1]};
    }
    void add_task(std::span<const uint32_t> inputs);

    /// Sum of what all tasks write: one more than the sum of their inputs, modulo 2^64.
    uint64_t expected_sum() const;

private:
    std::vector<uint32_t> first_{0};
    std::vector<uint32_t> input_;
};

/// Each task reads what the one before it wrote.
Graph make_chain(uint32_t tasks);
/// Tasks without inputs.
Graph make_wide(uint32_t tasks);
/// Task i reads what task (i - 1) / 2 wrote.
Graph make_tree(uint32_t tasks);
/// A pattern of patterns.h.
Graph make_grid(uint32_t pattern, uint32_t width, uint32_t steps);

/// The four graphs of which the cost per task is told.
struct NamedGraph {
    const char *name;
    uint64_t tasks;
    Graph graph;
};
std::vector<NamedGraph> task_graphs();

/// One grid of the sweeps over task sizes.
struct GridCase {
    std::string name; ///< Pattern and width.
    uint32_t pattern;
    uint32_t width;
    uint32_t steps;
};
std::vector<GridCase> grid_cases();

} // namespace pto::bench

#endif
