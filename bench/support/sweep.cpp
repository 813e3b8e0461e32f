// SPDX-License-Identifier: Apache-2.0
#include "bench/support/sweep.hpp"

#include "bench/support/work.hpp"

#include <algorithm>
#include <cmath>

namespace pto::bench {

namespace {

constexpr uint32_t kWorkers = 2;
constexpr uint64_t kCalibrationIterations = 10'000;
constexpr uint32_t kCalibrationTasks = 100;

/// Sizes in ns: from less than any system needs to more than which no system's METG is told, each `kStep` times the one
/// before.
constexpr double kSmallestNs = 25;
constexpr double kLargestNs = 70'000;
constexpr double kStep = 1.414213562373095;

/// Time that one measurement of the peak takes, about.
constexpr double kPeakRunNs = 500'000;

constexpr double kHalf = 0.5;
/// Efficiency at which a sweep ends, of a thorough run and of a hasty one.
constexpr double kEnough = 0.8;
constexpr double kEnoughQuick = 0.55;

/// A sample is repeated until they took this long in sum, but not more often than `samples`, nor less often than
/// `kLeastSamples`.
constexpr double kPointNs = 50e6;
constexpr unsigned kLeastSamples = 3;

std::vector<double> walls_of(const std::function<double(uint64_t)> &run_ns, uint64_t iterations, unsigned samples)
{
    std::vector<double> walls;
    double sum = 0;
    run_ns(iterations);
    while (walls.size() < samples && (walls.size() < kLeastSamples || sum < kPointNs)) {
        walls.push_back(run_ns(iterations));
        sum += walls.back();
    }
    return walls;
}

} // namespace

TaskSizes::TaskSizes(const Options &options)
{
    const auto body_ns = [&](uint64_t iterations, uint32_t tasks) {
        return peak_ns(options.caller(), options.partner(), iterations, tasks) * kWorkers / tasks;
    };
    const double iteration_ns =
        body_ns(kCalibrationIterations, kCalibrationTasks) / static_cast<double>(kCalibrationIterations);
    for (double size_ns = kSmallestNs; size_ns <= kLargestNs; size_ns *= kStep) {
        const auto iterations = static_cast<uint64_t>(std::max(1.0, size_ns / iteration_ns));
        const auto tasks = static_cast<uint32_t>(std::max(16.0, kPeakRunNs * kWorkers / size_ns)) / 2 * 2;
        sizes_.push_back({iterations, body_ns(iterations, tasks)});
    }
}

double metg_ns(const std::vector<SweepPoint> &points)
{
    size_t last_below = points.size();
    for (size_t i = points.size(); i-- > 0;) {
        if (points[i].efficiency < kHalf) {
            last_below = i;
            break;
        }
    }
    if (last_below == points.size())
        return points.empty() ? 0 : points.front().granularity_ns;
    if (last_below + 1 == points.size())
        return 0;
    const SweepPoint &below = points[last_below];
    const SweepPoint &above = points[last_below + 1];
    const double share = (kHalf - below.efficiency) / (above.efficiency - below.efficiency);
    return std::exp(std::log(below.granularity_ns) * (1 - share) + std::log(above.granularity_ns) * share);
}

Figure sweep(const std::string &case_name, const std::string &figure, const TaskSizes &sizes, const Options &options,
             uint32_t tasks, const std::function<double(uint64_t)> &run_ns)
{
    std::vector<SweepPoint> points;
    Figure result{.case_name = case_name, .figure = figure, .unit = "us METG(50 %)"};
    result.point_fields = {"iterations", "granularity_ns", "efficiency"};
    unsigned efficient = 0;
    double waited = 0;
    for (const TaskSizes::Size &size : sizes.sizes()) {
        const Samples walls = steadiest([&] { return walls_of(run_ns, size.iterations, options.samples(9, 3)); });
        const double wall_ns = median(walls.values);
        const double granularity_ns = wall_ns * kWorkers / tasks;
        const double efficiency = size.body_ns / granularity_ns;
        points.push_back({granularity_ns, efficiency});
        waited += walls.waited;
        result.points.push_back({static_cast<double>(size.iterations), granularity_ns, efficiency});
        efficient = efficiency >= kHalf ? efficient + 1 : 0;
        if (efficient >= 2 && efficiency >= (options.quick ? kEnoughQuick : kEnough))
            break;
    }
    result.waited = waited / static_cast<double>(points.size());
    result.summary = summarize({metg_ns(points) / 1e3});
    return result;
}

} // namespace pto::bench
