// SPDX-License-Identifier: Apache-2.0
// How do costs grow with the number of tasks, clusters, callables and contexts?
#include "bench/support/chip.hpp"
#include "bench/support/clock.hpp"
#include "bench/support/processors.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

using namespace pto::bench;

namespace {

enum { kDeviceBuilt = 0, kHostBuilt = 1 };

constexpr uint64_t kTasks = 10'000;
constexpr uint32_t kRaisedMaxTasks = 1U << 21;
/// Tasks that are run in sum for one figure, about.
constexpr uint64_t kTasksPerFigure = 2'000'000;

pto_open_options one_helper()
{
    pto_open_options options = PTO_OPEN_OPTIONS_INIT;
    options.helper_threads = 1;
    return options;
}

class Scaling {
public:
    Scaling(Program &program, Modules &modules) : program_(program), modules_(modules) {}

    void measure_task_counts()
    {
        for (const uint64_t tasks : {1'000U, 10'000U, 100'000U, 1'000'000U})
            measure_graph("scopes of 1000", std::to_string(tasks) + " tasks", "bench_scoped", one_helper(), tasks);
        pto_open_options raised = one_helper();
        raised.max_tasks = kRaisedMaxTasks;
        for (const uint64_t tasks : {100'000U, 1'000'000U})
            measure_graph("one scope, max_tasks raised", std::to_string(tasks) + " tasks", "bench_chain", raised,
                          tasks);
    }

    /// Up to as many as the arch has.
    void measure_clusters()
    {
        for (const uint32_t clusters : {1U, 2U, 4U, 8U, 16U, 24U, 36U}) {
            pto_open_options options = one_helper();
            options.cluster_count = clusters;
            options.arch = program_.options().arch.empty() ? nullptr : program_.options().arch.c_str();
            pto_context *context = nullptr;
            const pto_status status = pto_open(&options, &context);
            pto_close(context);
            if (status == PTO_ERROR_UNSUPPORTED)
                break;
            check(status);
            const std::string name = std::to_string(clusters) + (clusters == 1 ? " cluster" : " clusters");
            measure_graph("wide", name, "bench_wide", options, kTasks);
            measure_graph("stencil", name, "bench_stencil", options, kTasks);
        }
    }

    void measure_callables()
    {
        for (const int32_t count : {1, 2, 4, 8, 16, 32, 64}) {
            Chip chip(program_.options());
            const pto_tensor tensors[] = {chip.value(), chip.value()};
            std::vector<Runner> runs;
            for (int32_t id = 0; id < count; id++) {
                chip.prepare(id, modules_,
                             {"bench_orch_single", "bench_accumulate", {"bench_kernel_accumulate"}, parameters(2, 0)});
                runs.push_back(Runner(chip, id, {tensors[0], tensors[1]}, {}));
            }
            size_t next = 0;
            const auto run = [&] { return runs[next++ % runs.size()].run_ns(); };
            sample_times(200, run);
            program_.add("one task, alternating", (std::to_string(count) + " callables").c_str(), "ns per run",
                         steady_samples(program_.options().samples(20'000, 4'000), run));
        }
    }

    /// Runs per second and context of one thread alone, and of two threads with a context each.
    void measure_contexts()
    {
        const double alone = tasks_per_us({program_.options().caller()});
        const double both = tasks_per_us(program_.options().processors);
        program_.add("contexts", "one on one thread", "tasks per us", alone);
        program_.add("contexts", "two on two threads", "tasks per us", both);
        program_.add("contexts", "two against one", "times", both / alone);
    }

private:
    void measure_graph(const char *graph, const std::string &size, const char *entry, const pto_open_options &options,
                       uint64_t tasks)
    {
        Chip chip(program_.options(), options);
        chip.start_helper(modules_);
        CallableParts parts{"bench_orch_graphs", entry, kernels_of(Body::kEmpty), parameters(1, 3)};
        chip.prepare(kDeviceBuilt, modules_, parts);
        parts.builder = PTO_HOST_BUILT;
        chip.prepare(kHostBuilt, modules_, parts);
        const pto_tensor zero = chip.value();
        const auto rounds =
            static_cast<unsigned>(std::clamp<uint64_t>(kTasksPerFigure / tasks, 3, program_.options().samples(51, 15)));
        const auto measure = [&](const char *way, int32_t callable_id, uint32_t source) {
            Runner run(chip, callable_id, {zero}, {0, 0, tasks});
            if (source == PTO_GRAPH_REPLAYED)
                run.run_ns(tasks, PTO_GRAPH_RECORDED);
            const auto per_task_ns = [&] { return run.run_ns(tasks, source) / static_cast<double>(tasks); };
            sample_times(2, per_task_ns);
            program_.add((std::string(graph) + ", " + size).c_str(), way, "ns per task",
                         steady_samples(rounds, per_task_ns));
        };
        measure("device-built", kDeviceBuilt, PTO_GRAPH_ORCHESTRATED);
        measure("replay", kHostBuilt, PTO_GRAPH_REPLAYED);
    }

    /// Each thread opens a chip of its own and runs chains for as long as all others do.
    double tasks_per_us(const std::vector<int> &processors)
    {
        const Pinned restored(program_.options().processors);
        const unsigned runs = program_.options().samples(400, 100);
        std::vector<std::unique_ptr<Chip>> chips;
        for (const int processor : processors) {
            Options options = program_.options();
            options.processors = {processor, processor};
            pto_open_options open_options = one_helper();
            open_options.device_index = static_cast<uint32_t>(chips.size());
            chips.push_back(std::make_unique<Chip>(options, open_options));
            chips.back()->prepare(0, modules_,
                                  {"bench_orch_graphs", "bench_chain", kernels_of(Body::kEmpty), parameters(1, 3)});
        }
        std::atomic<size_t> ready{0};
        std::vector<double> elapsed_ns(chips.size());
        const auto work = [&](size_t index) {
            const Pinned pinned({processors[index]});
            Runner run(*chips[index], 0, {chips[index]->value()}, {0, 0, kTasks});
            run.run_ns(kTasks, PTO_GRAPH_ORCHESTRATED);
            ready.fetch_add(1, std::memory_order_acq_rel); // meets the load below
            while (ready.load(std::memory_order_acquire) < chips.size()) {}
            elapsed_ns[index] = timed_ns([&] {
                for (unsigned i = 0; i < runs; i++)
                    run.run_ns(kTasks, PTO_GRAPH_ORCHESTRATED);
            });
        };
        std::vector<std::thread> threads;
        for (size_t i = 0; i < chips.size(); i++)
            threads.emplace_back(work, i);
        double rate = 0;
        for (size_t i = 0; i < chips.size(); i++) {
            threads[i].join();
            rate += static_cast<double>(runs * kTasks) * 1e3 / elapsed_ns[i];
        }
        return rate;
    }

    Program &program_;
    Modules &modules_;
};

} // namespace

int main(int argc, char **argv)
{
    Program program("bench_scaling", "How do costs grow?", argc, argv);
    Modules modules(program.options().modules);
    Scaling bench(program, modules);
    if (program.options().wants("tasks"))
        bench.measure_task_counts();
    if (program.options().wants("clusters"))
        bench.measure_clusters();
    if (program.options().wants("callables"))
        bench.measure_callables();
    if (program.options().wants("contexts"))
        bench.measure_contexts();
    return program.finish();
}
