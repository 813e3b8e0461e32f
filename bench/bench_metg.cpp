// SPDX-License-Identifier: Apache-2.0
// How small may tasks be before the scheduling takes half of the machine? The patterns are those of Task Bench.
#include "bench/support/chip.hpp"
#include "bench/support/graph.hpp"
#include "bench/support/sweep.hpp"

using namespace pto::bench;

namespace {

enum { kDeviceBuilt = 0, kHostBuilt = 1 };
enum { kScalarIterations = 0 };

class Metg {
public:
    Metg(Program &program, Modules &modules)
        : program_(program), sizes_(program.options()), chip_(program.options()), tallies_(chip_)
    {
        chip_.start_helper(modules);
        CallableParts parts{"bench_orch_grid", "bench_grid", kernels_of(Body::kWork), parameters(0, 5)};
        chip_.prepare(kDeviceBuilt, modules, parts);
        parts.builder = PTO_HOST_BUILT;
        chip_.prepare(kHostBuilt, modules, parts);
    }

    void measure(const GridCase &grid)
    {
        const Graph graph = make_grid(grid.pattern, grid.width, grid.steps);
        const uint64_t expected_sum = graph.expected_sum();
        const auto measure_by = [&](const char *figure, int32_t callable_id, uint32_t source) {
            Runner run(chip_, callable_id, {}, {0, tallies_.address(), grid.pattern, grid.width, grid.steps});
            if (source == PTO_GRAPH_REPLAYED)
                run.run_ns(graph.size(), PTO_GRAPH_RECORDED);
            program_.add(sweep(grid.name, figure, sizes_, program_.options(), graph.size(), [&](uint64_t iterations) {
                run.scalar(kScalarIterations) = iterations;
                tallies_.clear();
                const double wall_ns = run.run_ns(graph.size(), source);
                tallies_.check_totals(grid.name.c_str(), graph.size(), expected_sum);
                return wall_ns;
            }));
        };
        measure_by("device-built", kDeviceBuilt, PTO_GRAPH_ORCHESTRATED);
        measure_by("replay", kHostBuilt, PTO_GRAPH_REPLAYED);
    }

private:
    Program &program_;
    TaskSizes sizes_;
    Chip chip_;
    DeviceTallies tallies_;
};

} // namespace

int main(int argc, char **argv)
{
    Program program("bench_metg", "How small may tasks be?", argc, argv);
    Modules modules(program.options().modules);
    Metg bench(program, modules);
    for (const GridCase &grid : grid_cases()) {
        if (program.options().wants(grid.name))
            bench.measure(grid);
    }
    return program.finish();
}
