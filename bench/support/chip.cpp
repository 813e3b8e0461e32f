// SPDX-License-Identifier: Apache-2.0
#include "bench/support/chip.hpp"

#include "bench/support/clock.hpp"
#include "bench/support/patterns.h"
#include "bench/support/processors.hpp"

#include <fstream>
#include <iterator>

namespace pto::bench {

void check(pto_status status)
{
    if (status != PTO_OK)
        fail(std::string(pto_status_name(status)) + ": " + pto_last_error()->message);
}

const std::vector<char> &Modules::get(const std::string &name)
{
    std::vector<char> &image = images_[name];
    if (image.empty()) {
        std::ifstream file(folder_ + "/" + name + ".so", std::ios::binary);
        image.assign(std::istreambuf_iterator<char>(file), {});
        if (image.empty())
            fail("cannot read " + folder_ + "/" + name + ".so");
    }
    return image;
}

std::vector<std::string> kernels_of(Body body)
{
    std::vector<std::string> kernels;
    for (unsigned inputs = 0; inputs <= BENCH_MAX_INPUTS; inputs++)
        kernels.push_back(body == Body::kEmpty ? "bench_kernel_empty" : "bench_kernel_work_" + std::to_string(inputs));
    return kernels;
}

std::vector<pto_param> parameters(unsigned tensors, unsigned scalars)
{
    std::vector<pto_param> params(tensors, pto_param{PTO_DIR_IN, PTO_UINT64, 0, 0, nullptr});
    params.resize(tensors + scalars, pto_param{PTO_SCALAR_ARG, 0, 0, 0, nullptr});
    return params;
}

namespace {

pto_open_options one_helper()
{
    pto_open_options options = PTO_OPEN_OPTIONS_INIT;
    options.helper_threads = 1;
    return options;
}

} // namespace

Chip::Chip(const Options &options) : Chip(options, one_helper()) {}

Chip::Chip(const Options &options, pto_open_options open_options)
    : caller_(options.caller()), partner_(options.partner())
{
    open_options.arch = options.arch.empty() ? nullptr : options.arch.c_str();
    check(pto_open(&open_options, &context_));
    pin_helpers();
    pin_thread({options.caller()});
}

void Chip::pin_helpers() const
{
    pin_threads_named("pto-helper", {partner_});
    pin_threads_named("pto-monitor", {partner_});
    pin_threads_named("pto-runner", {caller_, partner_});
}

void Chip::start_helper(Modules &modules)
{
    constexpr int32_t kCallableId = PTO_MAX_CALLABLES - 1;
    constexpr uint64_t kIterations = 2'000;
    constexpr uint64_t kWidth = 16;
    constexpr uint64_t kSteps = 50;
    constexpr int kMostRuns = 20;
    prepare(kCallableId, modules, {"bench_orch_grid", "bench_grid", kernels_of(Body::kWork), parameters(0, 5)});
    DeviceTallies tallies(*this);
    Runner run(*this, kCallableId, {}, {kIterations, tallies.address(), BENCH_TRIVIAL, kWidth, kSteps});
    for (int i = 0; i < kMostRuns && !has_thread_named("pto-helper"); i++)
        run.run_ns(kWidth * kSteps, PTO_GRAPH_ORCHESTRATED);
    release(kCallableId);
    if (!has_thread_named("pto-helper"))
        fail("the chip has started no helper");
    pin_helpers();
}

Chip::~Chip()
{
    pto_close(context_);
}

void Chip::prepare(int32_t callable_id, Modules &modules, const CallableParts &parts)
{
    std::vector<pto_kernel> kernels;
    for (const std::string &name : parts.kernels) {
        const std::vector<char> &image = modules.get(name);
        const auto func_id = static_cast<uint32_t>(kernels.size());
        kernels.push_back({func_id, PTO_CORE_AIV, name.c_str(), image.data(), image.size()});
    }
    const std::vector<char> &orch = modules.get(parts.orch);
    pto_callable callable = PTO_CALLABLE_INIT;
    callable.builder = parts.builder;
    callable.graph_limit = parts.graph_limit;
    callable.orch_entry = parts.entry.c_str();
    callable.orch_image = orch.data();
    callable.orch_image_bytes = orch.size();
    callable.kernels = kernels.data();
    callable.kernel_count = static_cast<uint32_t>(kernels.size());
    callable.params = parts.params.data();
    callable.param_count = static_cast<uint32_t>(parts.params.size());
    check(pto_prepare(context_, callable_id, &callable));
}

uint64_t Chip::allocate(size_t size_bytes)
{
    uint64_t address = 0;
    const std::vector<char> zeros(size_bytes);
    check(pto_malloc(context_, size_bytes, &address));
    check(pto_copy_to_device(context_, address, zeros.data(), size_bytes));
    return address;
}

pto_tensor Chip::value()
{
    const uint32_t one[] = {1};
    return pto_device_tensor(allocate(sizeof(uint64_t)), PTO_UINT64, 1, one);
}

pto_args Runner::args() const
{
    pto_args args = PTO_ARGS_INIT;
    args.tensors = tensors_.data();
    args.tensor_count = static_cast<uint32_t>(tensors_.size());
    args.scalars = scalars_.data();
    args.scalar_count = static_cast<uint32_t>(scalars_.size());
    return args;
}

double Runner::run_ns(uint64_t kernels, uint32_t graph_source)
{
    const pto_args args = this->args();
    const double elapsed = timed_ns([&] { check(pto_run(context_, callable_id_, &args, nullptr, &result_)); });
    expect_equal("kernels of a run", result_.kernels, kernels);
    expect_equal("source of the graph", result_.graph_source, graph_source);
    return elapsed;
}

double Runner::run_ns()
{
    const pto_args args = this->args();
    return timed_ns([&] { check(pto_run(context_, callable_id_, &args, nullptr, nullptr)); });
}

double Runner::submit_and_wait_ns()
{
    const pto_args args = this->args();
    return timed_ns([&] {
        pto_run_handle *run = nullptr;
        check(pto_submit(context_, callable_id_, &args, nullptr, &run));
        check(pto_wait(run, -1, nullptr));
    });
}

DeviceTallies::DeviceTallies(Chip &chip)
    : context_(chip.context()), address_(chip.allocate(BENCH_TALLIES * sizeof(bench_tally)))
{
}

void DeviceTallies::clear()
{
    const std::vector<bench_tally> zeros(BENCH_TALLIES);
    check(pto_copy_to_device(context_, address_, zeros.data(), zeros.size() * sizeof(bench_tally)));
}

void DeviceTallies::check_totals(const char *what, uint64_t count, uint64_t sum)
{
    std::vector<bench_tally> tallies(BENCH_TALLIES);
    check(pto_copy_from_device(context_, tallies.data(), address_, tallies.size() * sizeof(bench_tally)));
    uint64_t have_count = 0;
    uint64_t have_sum = 0;
    for (const bench_tally &tally : tallies) {
        have_count += tally.count;
        have_sum += tally.sum;
    }
    expect_equal(what, have_count, count);
    expect_equal(what, have_sum, sum);
}

} // namespace pto::bench
