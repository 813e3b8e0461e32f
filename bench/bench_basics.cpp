// SPDX-License-Identifier: Apache-2.0
// The first questions: what does an open chip cost, what does a prepared run cost, what does a task cost?
// usage: bench_basics ARCH CHAIN_AND_WIDE_MODULE KERNEL_MODULE
#include "pto/pto.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

double elapsed_ns(Clock::time_point since)
{
    return std::chrono::duration<double, std::nano>(Clock::now() - since).count();
}

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

long resident_kib()
{
    std::ifstream file("/proc/self/statm");
    long total = 0;
    long resident = 0;
    file >> total >> resident;
    return resident * sysconf(_SC_PAGESIZE) / 1024;
}

double cpu_seconds()
{
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval &time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double median(std::vector<double> values)
{
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
    return values[values.size() / 2];
}

struct Bench {
    pto_context *chip = nullptr;
    pto_tensor input{};

    double run_ns(int32_t callable_id, uint64_t count)
    {
        pto_args args = PTO_ARGS_INIT;
        args.tensors = &input;
        args.tensor_count = 1;
        args.scalars = &count;
        args.scalar_count = 1;
        const Clock::time_point begin = Clock::now();
        check(pto_run(chip, callable_id, &args, nullptr, nullptr));
        return elapsed_ns(begin);
    }

    double median_ns(int32_t callable_id, uint64_t count, int rounds)
    {
        for (int i = 0; i < 5; i++)
            run_ns(callable_id, count);
        std::vector<double> values;
        for (int i = 0; i < rounds; i++)
            values.push_back(run_ns(callable_id, count));
        return median(values);
    }
};

void prepare(pto_context *chip, int32_t callable_id, const char *entry, const std::vector<char> &orch,
             const std::vector<char> &kernel)
{
    const pto_kernel kernels[] = {{0, PTO_CORE_AIV, "empty", kernel.data(), kernel.size()}};
    const pto_param params[] = {{PTO_DIR_IN, PTO_FLOAT32, 1, 0, "input"}, {PTO_SCALAR_ARG, 0, 0, 0, "count"}};
    pto_callable callable = PTO_CALLABLE_INIT;
    callable.orch_entry = entry;
    callable.orch_image = orch.data();
    callable.orch_image_bytes = orch.size();
    callable.kernels = kernels;
    callable.kernel_count = 1;
    callable.params = params;
    callable.param_count = 2;
    check(pto_prepare(chip, callable_id, &callable));
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 4) {
        std::fprintf(stderr, "usage: %s ARCH ORCH_MODULE KERNEL_MODULE\n", argv[0]);
        return 2;
    }
    const std::vector<char> orch = read_file(argv[2]);
    const std::vector<char> kernel = read_file(argv[3]);
    pto_open_options options = PTO_OPEN_OPTIONS_INIT;
    options.arch = argv[1];
    const long before_kib = resident_kib();
    const Clock::time_point begin = Clock::now();
    Bench bench;
    check(pto_open(&options, &bench.chip));
    std::printf("open                  %10.1f us, %ld KiB resident more\n", elapsed_ns(begin) / 1e3,
                resident_kib() - before_kib);
    uint64_t address = 0;
    check(pto_malloc(bench.chip, 1024, &address));
    const uint32_t one[] = {1};
    bench.input = pto_device_tensor(address, PTO_FLOAT32, 1, one);
    prepare(bench.chip, 0, "bench_chain", orch, kernel);
    prepare(bench.chip, 1, "bench_wide", orch, kernel);
    std::printf("run of one task       %10.1f ns median of 1000\n", bench.median_ns(0, 1, 1000));
    std::printf("chain of 10000        %10.1f ns per task\n", bench.median_ns(0, 10'000, 51) / 10'000);
    std::printf("10000 independent     %10.1f ns per task\n", bench.median_ns(1, 10'000, 51) / 10'000);
    std::printf("resident              %10ld KiB more than before open\n", resident_kib() - before_kib);
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    const double cpu = cpu_seconds();
    std::this_thread::sleep_for(std::chrono::seconds(1));
    std::printf("idle                  %10.1f us of CPU in one second\n", (cpu_seconds() - cpu) * 1e6);
    pto_close(bench.chip);
    return 0;
}
