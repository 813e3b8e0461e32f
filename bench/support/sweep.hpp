// SPDX-License-Identifier: Apache-2.0
// Smaller and smaller tasks: METG(50 %), the smallest granularity at which half of the machine's peak is reached.
#ifndef BENCH_SUPPORT_SWEEP_HPP
#define BENCH_SUPPORT_SWEEP_HPP

#include "bench/support/program.hpp"

#include <functional>
#include <vector>

namespace pto::bench {

/// Sizes of tasks and the peak of the machine at each: measured once, before the system under test has threads.
class TaskSizes {
public:
    explicit TaskSizes(const Options &options);

    struct Size {
        uint64_t iterations;
        double body_ns; ///< Of one task on one worker, at peak.
    };
    const std::vector<Size> &sizes() const { return sizes_; }

private:
    std::vector<Size> sizes_;
};

struct SweepPoint {
    double granularity_ns; ///< Wall time x workers / tasks.
    double efficiency;     ///< Of the peak.
};

/// Where the efficiency is one half, on a straight line over the logarithm of the granularity: the first place, from
/// small tasks on, after which it is at least that. Of efficient tasks only: the granularity of the smallest; never: 0.
double metg_ns(const std::vector<SweepPoint> &points);

/// Runs graphs of `tasks` tasks by `run_ns(iterations)`, which returns the wall time, from small tasks on, until they
/// are efficient; two workers. The figure has the points as its curve and METG in us as its number.
Figure sweep(const std::string &case_name, const std::string &figure, const TaskSizes &sizes, const Options &options,
             uint32_t tasks, const std::function<double(uint64_t)> &run_ns);

} // namespace pto::bench

#endif
