// SPDX-License-Identifier: Apache-2.0
// What does a task cost when the executor builds the graph, when the host builds it, and when it is replayed?
#include "bench/support/chip.hpp"
#include "bench/support/graph.hpp"

using namespace pto::bench;

namespace {

enum { kDeviceBuilt = 0, kHostBuilt = 1 };
enum { kScalarTasks = 2 };

class Tasks {
public:
    Tasks(Program &program, Modules &modules)
        : program_(program), modules_(modules), chip_(program.options()), zero_(chip_.value()), tallies_(chip_)
    {
        chip_.start_helper(modules);
    }

    void measure(const NamedGraph &graph)
    {
        verify(graph);
        prepare(graph, "", Body::kEmpty);
        Runner device = runner(kDeviceBuilt, graph.tasks);
        Runner host = runner(kHostBuilt, graph.tasks);
        add(graph, "device-built", device, PTO_GRAPH_ORCHESTRATED);
        add_recorded(graph, host);
        host.run_ns(graph.tasks, PTO_GRAPH_RECORDED);
        add(graph, "replay", host, PTO_GRAPH_REPLAYED);
        release();
    }

private:
    /// There is room for one graph only, so that two sizes in turn are recorded each time.
    void prepare(const NamedGraph &graph, const char *suffix, Body body)
    {
        CallableParts parts{"bench_orch_graphs", std::string("bench_") + graph.name + suffix, kernels_of(body),
                            parameters(1, 3)};
        chip_.prepare(kDeviceBuilt, modules_, parts);
        parts.builder = PTO_HOST_BUILT;
        parts.graph_limit = 1;
        chip_.prepare(kHostBuilt, modules_, parts);
    }

    void release()
    {
        chip_.release(kDeviceBuilt);
        chip_.release(kHostBuilt);
    }

    Runner runner(int32_t callable_id, uint64_t tasks)
    {
        return {chip_, callable_id, {zero_}, {0, tallies_.address(), tasks}};
    }

    /// With kernels that count, each way has to run every task once, after its inputs.
    void verify(const NamedGraph &graph)
    {
        prepare(graph, "_counted", Body::kWork);
        Runner device = runner(kDeviceBuilt, graph.tasks);
        Runner host = runner(kHostBuilt, graph.tasks);
        const auto run = [&](Runner &runner, uint32_t source) {
            tallies_.clear();
            runner.run_ns(graph.tasks, source);
            tallies_.check_totals(graph.name, graph.tasks, graph.graph.expected_sum());
        };
        run(device, PTO_GRAPH_ORCHESTRATED);
        run(host, PTO_GRAPH_RECORDED);
        run(host, PTO_GRAPH_REPLAYED);
        release();
    }

    unsigned rounds() const { return program_.options().samples(51, 15); }

    void add(const NamedGraph &graph, const char *figure, Runner &run, uint32_t source)
    {
        const auto per_task_ns = [&] { return run.run_ns(graph.tasks, source) / static_cast<double>(graph.tasks); };
        sample_times(5, per_task_ns);
        program_.add(graph.name, figure, "ns per task", steady_samples(rounds(), per_task_ns));
    }

    void add_recorded(const NamedGraph &graph, Runner &run)
    {
        const uint64_t other = graph.tasks + 16;
        program_.add(graph.name, "host-built, recorded", "ns per task", steady_samples(rounds(), [&] {
                         run.scalar(kScalarTasks) = other;
                         run.run_ns(other, PTO_GRAPH_RECORDED);
                         run.scalar(kScalarTasks) = graph.tasks;
                         return run.run_ns(graph.tasks, PTO_GRAPH_RECORDED) / static_cast<double>(graph.tasks);
                     }));
        run.scalar(kScalarTasks) = other;
        run.run_ns(other, PTO_GRAPH_RECORDED);
        run.scalar(kScalarTasks) = graph.tasks;
    }

    Program &program_;
    Modules &modules_;
    Chip chip_;
    pto_tensor zero_;
    DeviceTallies tallies_;
};

} // namespace

int main(int argc, char **argv)
{
    Program program("bench_tasks", "What does a task cost?", argc, argv);
    Modules modules(program.options().modules);
    Tasks bench(program, modules);
    for (const NamedGraph &graph : task_graphs()) {
        if (program.options().wants(graph.name))
            bench.measure(graph);
    }
    return program.finish();
}
