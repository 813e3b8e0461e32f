// SPDX-License-Identifier: Apache-2.0
#include "bench/support/work.hpp"

#include "bench/support/clock.hpp"
#include "bench/support/processors.hpp"
#include "bench/support/program.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

namespace pto::bench {

namespace {

constexpr unsigned kPeakSamples = 5;

/// Another one for each thread, up to as many as there are tallies.
uint32_t tally_of_thread()
{
    static std::atomic<uint32_t> next{0};
    thread_local const uint32_t mine = next.fetch_add(1, std::memory_order_relaxed) % BENCH_TALLIES;
    return mine;
}

__attribute__((noinline)) uint64_t work(bench_tally *tallies, uint64_t value, uint64_t iterations)
{
    bench_tally *tally = tallies + tally_of_thread();
    if (bench_busy(iterations) <= 0.0)
        value = 0;
    __atomic_fetch_add(&tally->count, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&tally->sum, value, __ATOMIC_RELAXED);
    return value;
}

double run_peak_once_ns(int first_processor, int second_processor, uint64_t iterations, uint32_t tasks)
{
    enum State { kStarting, kReady, kGo, kDone };
    const Pinned pinned({first_processor});
    const auto tallies = std::make_unique<bench_tally[]>(BENCH_TALLIES);
    std::atomic<int> state{kStarting};
    const auto half = [&] {
        for (uint32_t i = 0; i < tasks / 2; i++)
            work(tallies.get(), 1, iterations);
    };
    // Each store of a state is a release, each load an acquire.
    std::thread partner([&] {
        pin_thread({second_processor});
        state.store(kReady, std::memory_order_release);
        while (state.load(std::memory_order_acquire) != kGo) {}
        half();
        state.store(kDone, std::memory_order_release);
    });
    while (state.load(std::memory_order_acquire) != kReady)
        std::this_thread::yield();
    const double elapsed = timed_ns([&] {
        state.store(kGo, std::memory_order_release);
        half();
        while (state.load(std::memory_order_acquire) != kDone) {}
    });
    partner.join();
    expect_equal("bodies of the peak", total_of(tallies.get()).count, tasks / 2 * 2);
    return elapsed;
}

} // namespace

Total total_of(const bench_tally *tallies)
{
    Total total;
    for (uint32_t i = 0; i < BENCH_TALLIES; i++) {
        total.count += tallies[i].count;
        total.sum += tallies[i].sum;
    }
    return total;
}

WorkingGraph::WorkingGraph(const Graph &graph)
    : graph_(&graph), expected_sum_(graph.expected_sum()), cells_(graph.size()),
      tallies_(std::make_unique<bench_tally[]>(BENCH_TALLIES))
{
}

void WorkingGraph::run_task(uint32_t task)
{
    uint64_t value = 1;
    for (const uint32_t input : graph_->inputs(task))
        value += cells_[input].value;
    cells_[task].value = work(tallies_.get(), value, iterations);
}

void WorkingGraph::clear()
{
    std::fill_n(tallies_.get(), BENCH_TALLIES, bench_tally{});
    std::fill(cells_.begin(), cells_.end(), Cell{});
}

void WorkingGraph::check(const char *what) const
{
    const Total total = total_of(tallies_.get());
    expect_equal(what, total.count, graph_->size());
    expect_equal(what, total.sum, expected_sum_);
}

double peak_ns(int first_processor, int second_processor, uint64_t iterations, uint32_t tasks)
{
    const std::vector<double> samples = sample_times(
        kPeakSamples, [&] { return run_peak_once_ns(first_processor, second_processor, iterations, tasks); });
    return *std::min_element(samples.begin(), samples.end());
}

} // namespace pto::bench
