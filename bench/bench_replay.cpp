// SPDX-License-Identifier: Apache-2.0
// What does a task cost when the executor builds the graph, when the host builds it, and when it is replayed?
// usage: bench_replay ARCH CHAIN_AND_WIDE_MODULE KERNEL_MODULE [ROUNDS]
#include "pto/pto.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr uint64_t kTasks = 10'000;

void check(pto_status status)
{
    if (status == PTO_OK)
        return;
    std::fprintf(stderr, "%s: %s\n", pto_status_name(status), pto_last_error()->message);
    std::exit(1);
}

std::vector<char> read_file(const char *path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

double median(std::vector<double> values)
{
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
    return values[values.size() / 2];
}

struct Bench {
    pto_context *chip = nullptr;
    pto_tensor input{};
    std::vector<char> orch;
    std::vector<char> kernel;
    int rounds = 51;

    /// Of one graph only is there room, so that two counts in turn are recorded each time.
    void prepare(int32_t callable_id, const char *entry, uint32_t builder)
    {
        const pto_kernel kernels[] = {{0, PTO_CORE_AIV, "empty", kernel.data(), kernel.size()}};
        const pto_param params[] = {{PTO_DIR_IN, PTO_FLOAT32, 1, 0, "input"}, {PTO_SCALAR_ARG, 0, 0, 0, "count"}};
        pto_callable callable = PTO_CALLABLE_INIT;
        callable.builder = builder;
        callable.graph_limit = 1;
        callable.orch_entry = entry;
        callable.orch_image = orch.data();
        callable.orch_image_bytes = orch.size();
        callable.kernels = kernels;
        callable.kernel_count = 1;
        callable.params = params;
        callable.param_count = 2;
        check(pto_prepare(chip, callable_id, &callable));
    }

    double run_ns(int32_t callable_id, uint64_t count, uint32_t source)
    {
        pto_args args = PTO_ARGS_INIT;
        args.tensors = &input;
        args.tensor_count = 1;
        args.scalars = &count;
        args.scalar_count = 1;
        pto_run_result result = PTO_RUN_RESULT_INIT;
        const Clock::time_point begin = Clock::now();
        check(pto_run(chip, callable_id, &args, nullptr, &result));
        const double elapsed = std::chrono::duration<double, std::nano>(Clock::now() - begin).count();
        if (result.graph_source != source) {
            std::fprintf(stderr, "graph source %u, not %u\n", result.graph_source, source);
            std::exit(1);
        }
        return elapsed;
    }

    double median_ns(int32_t callable_id, uint64_t count, uint32_t source)
    {
        std::vector<double> values;
        for (int i = 0; i < rounds; i++) {
            if (source == PTO_GRAPH_RECORDED)
                run_ns(callable_id, count + 1, source);
            values.push_back(run_ns(callable_id, count, source));
        }
        return median(values);
    }

    void compare(const char *name, const char *entry)
    {
        prepare(0, entry, PTO_DEVICE_BUILT);
        prepare(1, entry, PTO_HOST_BUILT);
        const auto per_task = [&](int32_t id, uint32_t source) { return median_ns(id, kTasks, source) / kTasks; };
        const double device = per_task(0, PTO_GRAPH_ORCHESTRATED);
        const double recorded = per_task(1, PTO_GRAPH_RECORDED);
        const double replayed = per_task(1, PTO_GRAPH_REPLAYED);
        std::printf("%-6s %6.1f ns per task device-built, %6.1f recorded, %6.1f replayed\n", name, device, recorded,
                    replayed);
        const double device_one = median_ns(0, 1, PTO_GRAPH_ORCHESTRATED);
        run_ns(1, 1, PTO_GRAPH_RECORDED);
        std::printf("%-6s %6.0f ns for a run of one task device-built, %6.0f replayed\n", name, device_one,
                    median_ns(1, 1, PTO_GRAPH_REPLAYED));
        check(pto_release(chip, 0));
        check(pto_release(chip, 1));
    }
};

} // namespace

int main(int argc, char **argv)
{
    if (argc != 4 && argc != 5) {
        std::fprintf(stderr, "usage: %s ARCH ORCH_MODULE KERNEL_MODULE [ROUNDS]\n", argv[0]);
        return 2;
    }
    Bench bench;
    bench.orch = read_file(argv[2]);
    bench.kernel = read_file(argv[3]);
    bench.rounds = argc == 5 ? std::atoi(argv[4]) : bench.rounds;
    pto_open_options options = PTO_OPEN_OPTIONS_INIT;
    options.arch = argv[1];
    check(pto_open(&options, &bench.chip));
    uint64_t address = 0;
    check(pto_malloc(bench.chip, 1024, &address));
    const uint32_t one[] = {1};
    bench.input = pto_device_tensor(address, PTO_FLOAT32, 1, one);
    bench.compare("chain", "bench_chain");
    bench.compare("wide", "bench_wide");
    pto_close(bench.chip);
    return 0;
}
