// SPDX-License-Identifier: Apache-2.0
// A run that comes to a stop says what it waited for.
#include "conformance.hpp"

#include <cstdlib>
#include <cstring>

namespace {

using namespace pto::test;

/// Runs an orchestration that comes to a stop on a chip of its own, and returns the error.
pto_error stall_of(CallableBuilder builder, const std::vector<uint64_t> &scalars, uint32_t clusters = 0)
{
    pto_open_options options = TestChip::impatient_options();
    options.cluster_count = clusters;
    options.device_index = 7;
    TestChip chip(options);
    builder.inout();
    for (std::size_t i = 0; i < scalars.size(); i++)
        builder.scalar();
    chip.prepare(0, builder);
    std::vector<int32_t> x = {0};
    EXPECT_STATUS(PTO_ERROR_TIMEOUT, chip.run(0, {integers(x)}, scalars));
    const pto_error error = *pto_last_error();
    constexpr const char *kSays = "no progress for ";
    EXPECT_MESSAGE(kSays);
    const double seconds = std::strtod(std::strstr(error.message, kSays) + std::strlen(kSays), nullptr);
    assert_true(seconds * 1e9 >= static_cast<double>(options.stall_timeout_ns));
    assert_int_equal(error.device, 7);
    EXPECT_STATUS(PTO_ERROR_DEVICE_FAULTED, pto_health(chip.get()));
    return error;
}

CallableBuilder stalls(const char *entry)
{
    return callable("orch_stalls", entry);
}

void a_kernel_that_does_not_return_is_the_cause(void **)
{
    const pto_error error = stall_of(callable("orch_cores", "second_is"), {NEVER});
    assert_int_equal(error.stall, PTO_STALL_RUNNING);
    assert_int_equal(error.task, 1);
    assert_int_equal(error.func_id, NEVER);
    assert_string_equal(error.kernel, "kernel_never");
    assert_true(error.core >= 0);
    assert_string_equal(error.resource, "");
}

void kernels_that_hold_all_cores_are_the_cause_for_a_task_that_is_ready(void **)
{
    const pto_error error = stall_of(stalls("many_never"), {3}, 1);
    assert_int_equal(error.stall, PTO_STALL_RUNNING);
    assert_true(error.task < 3);
    assert_string_equal(error.kernel, "kernel_never");
    assert_string_equal(error.resource, "cores");
    assert_int_equal(error.needed, 1);
    assert_int_equal(error.available, 0);
    assert_non_null(std::strstr(error.message, "2 kernels are running, and task "));
}

void a_kernel_is_the_cause_when_the_orchestration_waits_for_what_it_writes(void **)
{
    const pto_error error = stall_of(stalls("waits_for_an_element"), {});
    assert_int_equal(error.stall, PTO_STALL_RUNNING);
    assert_int_equal(error.task, 0);
    assert_int_equal(error.func_id, NEVER);
}

void an_orchestration_that_does_not_return_is_the_cause_when_nothing_is_left_to_do(void **)
{
    for (const uint64_t tasks : {0u, 1u, 50u}) {
        const pto_error error = stall_of(stalls("submits_and_loops"), {tasks});
        assert_int_equal(error.stall, PTO_STALL_ORCHESTRATION);
        assert_true(error.task == PTO_NO_TASK);
        assert_int_equal(error.func_id, -1);
        assert_int_equal(error.core, -1);
        assert_non_null(std::strstr(error.message, "the orchestration did not return; "));
        // On the device those that were submitted are done by then; on the host they wait for the end of the graph.
        assert_true(builder() == PTO_HOST_BUILT || std::strstr(error.message, "; 0 tasks") != nullptr);
    }
}

void a_run_that_takes_too_long_names_what_runs_then(void **)
{
    TestChip chip;
    CallableBuilder builder = callable("orch_cores", "sleepers").in().scalar().scalar();
    chip.prepare(0, builder);
    std::vector<int32_t> x = {0};
    const pto_tensor tensor = integers(x);
    const uint64_t scalars[] = {1, 5'000'000};
    pto_args args = PTO_ARGS_INIT;
    args.tensors = &tensor;
    args.tensor_count = 1;
    args.scalars = scalars;
    args.scalar_count = 2;
    pto_run_options options = PTO_RUN_OPTIONS_INIT;
    options.timeout_ns = 100'000'000;
    EXPECT_STATUS(PTO_ERROR_TIMEOUT, pto_run(chip.get(), 0, &args, &options, nullptr));
    EXPECT_MESSAGE("the run has taken 0.1");
    assert_int_equal(pto_last_error()->stall, PTO_STALL_RUNNING);
    assert_string_equal(pto_last_error()->kernel, "kernel_sleep");
}

void other_errors_are_no_stalls(void **)
{
    TestChip chip;
    CallableBuilder builder = callable("orch_mistakes", "unknown_kernel").inout();
    chip.prepare(0, builder);
    std::vector<int32_t> x = {0};
    EXPECT_STATUS(PTO_ERROR_UNKNOWN_KERNEL, chip.run(0, {integers(x)}));
    assert_int_equal(pto_last_error()->stall, PTO_STALL_NONE);
    assert_int_equal(pto_last_error()->holder, -1);
    assert_int_equal(pto_last_error()->raw, 0);
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_kernel_that_does_not_return_is_the_cause),
        cmocka_unit_test(kernels_that_hold_all_cores_are_the_cause_for_a_task_that_is_ready),
        cmocka_unit_test(a_kernel_is_the_cause_when_the_orchestration_waits_for_what_it_writes),
        cmocka_unit_test(an_orchestration_that_does_not_return_is_the_cause_when_nothing_is_left_to_do),
        cmocka_unit_test(a_run_that_takes_too_long_names_what_runs_then),
        cmocka_unit_test(other_errors_are_no_stalls),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
