// SPDX-License-Identifier: Apache-2.0
#include "onboard_test.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>

namespace pto::test {
namespace {

std::string image_directory;
std::mutex log_mutex;
std::string log_lines;

void write_log(void *, int32_t, const char *message)
{
    const std::lock_guard lock(log_mutex);
    log_lines += std::string(message) + "\n";
}

void expect_none(const char *what)
{
    const int64_t count = standin_count(what);
    if (count != 0)
        fail_msg("%lld %s are left", static_cast<long long>(count), what);
}

} // namespace

void set_up_onboard(int argc, char **argv)
{
    if (argc != 4) {
        std::fprintf(stderr, "usage: %s ARCH MODULE_DIRECTORY IMAGE_DIRECTORY\n", argv[0]);
        std::exit(2);
    }
    set_up(3, argv);
    image_directory = argv[3];
}

OnboardOptions::OnboardOptions()
{
    open.arch = arch();
    open.target = "onboard";
    open.log = write_log;
    open.log_level = PTO_LOG_INFO;
    open.max_tasks = 256;
    open.cluster_count = 2;
    open.device_memory_bytes = uint64_t{256} << 20;
    open.heap_bytes = uint64_t{64} << 20;
    open.stall_timeout_ns = 3'000'000'000;
    onboard.image_directory = image_directory.c_str();
}

StandIn::StandIn()
{
    assert_int_equal(standin_reset(arch()), 0);
    const std::lock_guard lock(log_mutex);
    log_lines.clear();
}

StandIn::~StandIn()
{
    for (const char *what : {"allocations", "streams", "binaries", "leaked", "processes", "devices"})
        expect_none(what);
    for (uint32_t i = 0; i < standin_violation_count(); i++)
        std::fprintf(stderr, "violation: %s\n", standin_violation(i));
    assert_int_equal(standin_violation_count(), 0);
}

std::string onboard_log()
{
    const std::lock_guard lock(log_mutex);
    return log_lines;
}

OnboardChip::OnboardChip(OnboardOptions options)
{
    options.open.onboard = &options.onboard;
    EXPECT_STATUS(PTO_OK, pto_open(&options.open, &context_));
}

void OnboardChip::close()
{
    if (context_ != nullptr)
        pto_close(context_);
    context_ = nullptr;
}

void OnboardChip::prepare(int32_t callable_id, CallableBuilder &callable)
{
    EXPECT_STATUS(PTO_OK, pto_prepare(context_, callable_id, callable.get()));
}

pto_status OnboardChip::run(int32_t callable_id, const std::vector<pto_tensor> &tensors,
                            const std::vector<uint64_t> &scalars)
{
    pto_args args = PTO_ARGS_INIT;
    args.tensors = tensors.data();
    args.tensor_count = static_cast<uint32_t>(tensors.size());
    args.scalars = scalars.data();
    args.scalar_count = static_cast<uint32_t>(scalars.size());
    return pto_run(context_, callable_id, &args, nullptr, nullptr);
}

CallableBuilder sum_callable()
{
    CallableBuilder callable("device_orch_sum", "binary");
    callable.aiv(0, "kernel_add").in().in().out();
    return callable;
}

void expect_sum(OnboardChip &chip, int32_t callable_id)
{
    std::vector<float> a(100, 1.5f);
    std::vector<float> b(100, 2.0f);
    std::vector<float> c(100, 0.0f);
    EXPECT_STATUS(PTO_OK, chip.run(callable_id, {floats(a), floats(b), floats(c)}));
    for (const float value : c)
        assert_true(value == 3.5f);
}

void expect_working_device()
{
    OnboardChip chip;
    CallableBuilder callable = sum_callable();
    chip.prepare(0, callable);
    expect_sum(chip, 0);
}

void expect_refused_open(const OnboardOptions &options, pto_status status, const char *message)
{
    pto_open_options open = options.open;
    open.onboard = &options.onboard;
    pto_context *context = nullptr;
    EXPECT_STATUS(status, pto_open(&open, &context));
    EXPECT_MESSAGE(message);
}

} // namespace pto::test
