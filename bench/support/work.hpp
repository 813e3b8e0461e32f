// SPDX-License-Identifier: Apache-2.0
// The body of working tasks in programs that have no kernels, and what the machine makes of it without a task system.
#ifndef BENCH_SUPPORT_WORK_HPP
#define BENCH_SUPPORT_WORK_HPP

#include "bench/support/busy.h"
#include "bench/support/graph.hpp"

#include <memory>

namespace pto::bench {

/// One task's output, on a line of its own.
struct alignas(64) Cell {
    uint64_t value = 0;
};

/// Totals of the tallies.
struct Total {
    uint64_t count = 0;
    uint64_t sum = 0;
};

Total total_of(const bench_tally *tallies);

/// A graph whose tasks do what kernel_work does.
class WorkingGraph {
public:
    explicit WorkingGraph(const Graph &graph);

    const Graph &graph() const { return *graph_; }
    uint64_t iterations = 0;

    Cell &cell(uint32_t task) { return cells_[task]; }
    void run_task(uint32_t task);
    /// Forgets what was counted.
    void clear();
    /// Ends the program unless every task ran once since `clear`, after its inputs.
    void check(const char *what) const;

private:
    const Graph *graph_;
    uint64_t expected_sum_;
    std::vector<Cell> cells_;
    std::unique_ptr<bench_tally[]> tallies_;
};

/// Wall time of `tasks` bodies on two pinned threads that share them equally: the peak. The best of several.
double peak_ns(int first_processor, int second_processor, uint64_t iterations, uint32_t tasks);

} // namespace pto::bench

#endif
