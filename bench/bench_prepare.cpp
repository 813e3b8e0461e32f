// SPDX-License-Identifier: Apache-2.0
// What do chips and callables cost before anything runs, what memory do they keep, and what do they do when idle?
#include "bench/support/chip.hpp"
#include "bench/support/clock.hpp"
#include "bench/support/usage.hpp"

#include <chrono>
#include <thread>

using namespace pto::bench;

namespace {

constexpr uint64_t kTasks = 10'000;
constexpr uint64_t kLiveTasks = 100'000;
constexpr double kKiB = 1024;

double grown_kib(uint64_t since_bytes)
{
    return (static_cast<double>(resident_bytes()) - static_cast<double>(since_bytes)) / kKiB;
}

CallableParts graphs(const char *entry)
{
    return {"bench_orch_graphs", entry, kernels_of(Body::kEmpty), parameters(1, 3)};
}

/// Has to be first in the process: later memory is there already.
void measure_memory(Program &program, Modules &modules)
{
    for (const char *name : {"bench_orch_graphs", "bench_kernel_empty"})
        modules.get(name);
    const uint64_t before = resident_bytes();
    Chip chip(program.options(), PTO_OPEN_OPTIONS_INIT);
    program.add("chip", "resident after open", "KiB", grown_kib(before));
    chip.prepare(0, modules, graphs("bench_chain"));
    chip.prepare(1, modules, graphs("bench_wide"));
    const pto_tensor zero = chip.value();
    Runner chain(chip, 0, {zero}, {0, 0, kTasks});
    for (int i = 0; i < 3; i++)
        chain.run_ns(kTasks, PTO_GRAPH_ORCHESTRATED);
    program.add("chip", "resident after a chain of 10000", "KiB", grown_kib(before));
    Runner wide(chip, 1, {zero}, {0, 0, kLiveTasks});
    for (int i = 0; i < 3; i++)
        wide.run_ns(kLiveTasks, PTO_GRAPH_ORCHESTRATED);
    program.add("chip", "resident after 100000 outputs", "KiB", grown_kib(before));
    program.add("chip", "resident per task and output", "B",
                grown_kib(before) * kKiB / static_cast<double>(kLiveTasks));
    program.add("chip", "tasks in flight at most", "tasks", static_cast<double>(wide.result().peak_tasks));
}

void measure_idle(Program &program, Modules &modules)
{
    Chip chip(program.options(), PTO_OPEN_OPTIONS_INIT);
    chip.prepare(0, modules, graphs("bench_wide"));
    Runner wide(chip, 0, {chip.value()}, {0, 0, kTasks});
    for (int i = 0; i < 10; i++)
        wide.run_ns(kTasks, PTO_GRAPH_ORCHESTRATED);
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    const uint64_t before = process_cpu_ns();
    std::this_thread::sleep_for(std::chrono::seconds(1));
    program.add("chip", "processor time while idle", "us per s", static_cast<double>(process_cpu_ns() - before) / 1e3);
}

void measure_open(Program &program)
{
    pto_open_options options = PTO_OPEN_OPTIONS_INIT;
    options.arch = program.options().arch.empty() ? nullptr : program.options().arch.c_str();
    std::vector<double> open_us;
    std::vector<double> close_us;
    for (unsigned i = 0; i < program.options().samples(101, 31); i++) {
        pto_context *context = nullptr;
        open_us.push_back(timed_ns([&] { check(pto_open(&options, &context)); }) / 1e3);
        close_us.push_back(timed_ns([&] { pto_close(context); }) / 1e3);
    }
    program.add("chip", "open", "us", {open_us, 0});
    program.add("chip", "close", "us", {close_us, 0});
}

void measure_prepare(Program &program, Modules &modules, const char *case_name, uint32_t builder, bool shared)
{
    Chip chip(program.options());
    CallableParts parts = graphs("bench_chain");
    parts.builder = builder;
    if (shared)
        chip.prepare(0, modules, parts);
    std::vector<double> prepare_us;
    std::vector<double> release_us;
    for (unsigned i = 0; i < program.options().samples(201, 51); i++) {
        prepare_us.push_back(timed_ns([&] { chip.prepare(1, modules, parts); }) / 1e3);
        release_us.push_back(timed_ns([&] { chip.release(1); }) / 1e3);
    }
    program.add(case_name, "prepare", "us", {prepare_us, 0});
    program.add(case_name, "release", "us", {release_us, 0});
}

} // namespace

int main(int argc, char **argv)
{
    Program program("bench_prepare", "What do chips and callables cost?", argc, argv);
    Modules modules(program.options().modules);
    if (program.options().wants("memory"))
        measure_memory(program, modules);
    if (program.options().wants("idle"))
        measure_idle(program, modules);
    if (program.options().wants("open"))
        measure_open(program);
    if (program.options().wants("prepare")) {
        measure_prepare(program, modules, "images that are new", PTO_DEVICE_BUILT, false);
        measure_prepare(program, modules, "images that are there", PTO_DEVICE_BUILT, true);
        measure_prepare(program, modules, "host-built, images are new", PTO_HOST_BUILT, false);
        measure_prepare(program, modules, "host-built, images are there", PTO_HOST_BUILT, true);
    }
    return program.finish();
}
