// SPDX-License-Identifier: Apache-2.0
#include "onboard_test.hpp"

#include "onboard_funcs.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <sys/wait.h>
#include <unistd.h>

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

/// The child's own report goes to the standard error stream: the other one is the parent's.
bool passes_in_child(const CMUnitTest &test)
{
    std::fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        dup2(STDERR_FILENO, STDOUT_FILENO);
        const CMUnitTest group[] = {test};
        const int failures = cmocka_run_group_tests_name(test.name, group, nullptr, nullptr);
        std::fflush(nullptr);
        _exit(failures == 0 ? 0 : 1);
    }
    int status = -1;
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void expect_none(const char *what)
{
    const int64_t count = standin_count(what);
    if (count != 0)
        fail_msg("%lld %s are left", static_cast<long long>(count), what);
}

} // namespace

int run_onboard_tests(int argc, char **argv, const std::vector<CMUnitTest> &tests)
{
    if (argc < 4 || argc > 5) {
        std::fprintf(stderr, "usage: %s ARCH MODULE_DIRECTORY IMAGE_DIRECTORY [TEXT]\n", argv[0]);
        return 2;
    }
    set_up(3, argv);
    image_directory = argv[3];
    std::vector<CMUnitTest> chosen;
    for (const CMUnitTest &test : tests)
        if (argc == 4 || std::strstr(test.name, argv[4]) != nullptr)
            chosen.push_back(test);
    std::printf("1..%zu\n", chosen.size());
    bool is_good = true;
    for (std::size_t i = 0; i < chosen.size(); i++) {
        const bool has_passed = passes_in_child(chosen[i]);
        std::printf("%sok %zu - %s\n", has_passed ? "" : "not ", i + 1, chosen[i].name);
        is_good = is_good && has_passed;
    }
    return is_good ? 0 : 1;
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
    // Long enough for emulated CPUs on a machine that has other things to do.
    open.stall_timeout_ns = 30'000'000'000;
    onboard.answer_timeout_ns = 20'000'000'000;
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

void OnboardChip::prepare(int32_t callable_id, CallableBuilder &builder, bool is_host_built)
{
    pto_callable *callable = builder.get();
    callable->builder = is_host_built ? PTO_HOST_BUILT : PTO_DEVICE_BUILT;
    EXPECT_STATUS(PTO_OK, pto_prepare(context_, callable_id, callable));
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

CallableBuilder onboard_callable(const std::string &entry, bool is_host_built)
{
    CallableBuilder callable(is_host_built ? "host_orch" : "device_orch", entry);
    callable.aiv(AFFINE, "kernel_affine").aiv(NEVER, "kernel_endless").aiv(FAULT, "kernel_wrong");
    callable.aic(LANE_AIC, "kernel_lane_0").aiv(LANE_AIV0, "kernel_lane_1").aiv(LANE_AIV1, "kernel_lane_2");
    callable.inout();
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
