// SPDX-License-Identifier: Apache-2.0
// Runs the graphs of bench_tasks and bench_metg, and the single task of bench_round_trip, on another task system.
// Cases: tasks, metg, round_trip, or the names of graphs.
#include "bench/peers/peer.hpp"
#include "bench/support/graph.hpp"
#include "bench/support/sweep.hpp"

using namespace pto::bench;

namespace {

constexpr unsigned kWarmUpRuns = 100;
constexpr uint64_t kIdleNs = 200'000;

void measure_tasks(Program &program, Peer &peer, const NamedGraph &named)
{
    WorkingGraph graph(named.graph);
    const std::vector<std::string> ways = peer.ways();
    for (size_t way = 0; way < ways.size(); way++) {
        peer.load(graph, true);
        for (int i = 0; i < 2; i++) {
            graph.clear();
            peer.run_ns(way);
            graph.check(named.name);
        }
        peer.load(graph, false);
        const auto per_task_ns = [&] { return peer.run_ns(way) / static_cast<double>(named.tasks); };
        sample_times(5, per_task_ns);
        program.add(named.name, ways[way].c_str(), "ns per task",
                    steady_samples(program.options().samples(51, 15), per_task_ns));
    }
}

void measure_metg(Program &program, Peer &peer, const TaskSizes &sizes, const GridCase &grid)
{
    const Graph tasks = make_grid(grid.pattern, grid.width, grid.steps);
    WorkingGraph graph(tasks);
    const std::vector<std::string> ways = peer.ways();
    for (size_t way = 0; way < ways.size(); way++) {
        peer.load(graph, true);
        program.add(sweep(grid.name, ways[way], sizes, program.options(), tasks.size(), [&](uint64_t iterations) {
            graph.iterations = iterations;
            graph.clear();
            const double wall_ns = peer.run_ns(way);
            graph.check(grid.name.c_str());
            return wall_ns;
        }));
    }
}

void measure_round_trip(Program &program, Peer &peer)
{
    const std::vector<std::string> ways = peer.single_ways();
    for (size_t way = 0; way < ways.size(); way++) {
        uint64_t counter = 0;
        uint64_t runs = 0;
        const auto take = [&](unsigned count, uint64_t idle_ns) {
            runs += count;
            return peer.single_ns(way, count, idle_ns, counter);
        };
        take(kWarmUpRuns, 0);
        program.add(ways[way].c_str(), "back to back", "ns",
                    steadiest([&] { return take(program.options().samples(20'000, 5'000), 0); }));
        program.add(ways[way].c_str(), "after 200 us idle", "ns",
                    steadiest([&] { return take(program.options().samples(2'000, 500), kIdleNs); }));
        expect_equal(ways[way].c_str(), counter, runs);
    }
}

} // namespace

int main(int argc, char **argv)
{
    Program program("bench_peer", "The same graphs on another task system", argc, argv);
    const Options &options = program.options();
    program.set_system(kPeerName, kPeerCompiler);
    // The peak is measured before there are workers, which may spin. This thread is not pinned yet: runtimes count the
    // processors that it may use.
    const TaskSizes sizes(options);
    const std::unique_ptr<Peer> peer = make_peer(options);
    if (options.wants("round_trip"))
        measure_round_trip(program, *peer);
    for (const NamedGraph &graph : task_graphs()) {
        if (options.wants("tasks") || options.wants(graph.name))
            measure_tasks(program, *peer, graph);
    }
    for (const GridCase &grid : grid_cases()) {
        if (options.wants("metg") || options.wants(grid.name))
            measure_metg(program, *peer, sizes, grid);
    }
    return program.finish();
}
