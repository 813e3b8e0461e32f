// SPDX-License-Identifier: Apache-2.0
// What goes wrong below the library: every fault ends in its error, in time, and the next open works or says why not.
#include <chrono>
#include <cstring>
#include <dlfcn.h>

#include "onboard_test.hpp"

namespace {

using namespace pto::test;

/// The stand-in takes part.
void arranged(int answer)
{
    assert_int_equal(answer, 1);
}

/// The next error is one of the vendor's, whose number is told.
void expect_raw(int64_t number)
{
    assert_int_equal(pto_last_error()->raw, number);
}

/// For runs that get stuck.
OnboardOptions impatient_options()
{
    OnboardOptions options;
    options.open.stall_timeout_ns = 3'000'000'000;
    return options;
}

/// A device with the callable `entry` under id 0; every fault of it comes with a deadline.
struct Faulty {
    explicit Faulty(const char *entry, bool has_scalar = false, const OnboardOptions &options = OnboardOptions())
        : chip(options), callable(onboard_callable(entry))
    {
        if (has_scalar)
            callable.scalar();
        chip.prepare(0, callable);
    }

    pto_status run(const std::vector<uint64_t> &scalars = {})
    {
        const auto begin = std::chrono::steady_clock::now();
        const pto_status status = chip.run(0, {integers(x)}, scalars);
        assert_true(std::chrono::steady_clock::now() - begin < std::chrono::seconds(60));
        return status;
    }

    /// Everything else is refused until the context is closed; then the device works again.
    void expect_recovery()
    {
        EXPECT_STATUS(PTO_ERROR_DEVICE_FAULTED, pto_health(chip.get()));
        EXPECT_STATUS(PTO_ERROR_DEVICE_FAULTED, chip.run(0, {integers(x)}));
        chip.close();
        expect_working_device();
    }

    std::vector<int32_t> x = std::vector<int32_t>(4, 0);
    OnboardChip chip;
    CallableBuilder callable;
};

// ---- opening
// ---------------------------------------------------------------------------------------------------------

/// One call fails while a device is opened. The next open works.
struct OpenFault {
    const char *call;
    int number;
    pto_status status;
    const char *message;
};

void expect_open_fault(const OpenFault &fault)
{
    arranged(standin_inject(fault.call, 1, fault.number, 1));
    expect_refused_open(OnboardOptions(), fault.status, fault.message);
    expect_raw(fault.number);
    standin_clear_injections();
}

void every_refusal_while_opening_names_the_function(void **)
{
    const StandIn standin;
    const OpenFault faults[] = {
        {"aclInit", 507000, PTO_ERROR_DRIVER, "aclInit: 507000"},
        {"aclrtSetDevice", 107001, PTO_ERROR_DRIVER, "aclrtSetDevice: 107001"},
        {"aclrtSetOpExecuteTimeOutV2", 207000, PTO_ERROR_DRIVER, "aclrtSetOpExecuteTimeOutV2: 207000"},
        {"aclrtCreateStreamWithConfig", 207001, PTO_ERROR_DRIVER, "aclrtCreateStreamWithConfig: 207001"},
        {"aclrtGetStreamResLimit", 107000, PTO_ERROR_DRIVER, "aclrtGetStreamResLimit: 107000"},
        {"aclrtMalloc", 207001, PTO_ERROR_OUT_OF_DEVICE_MEMORY, "aclrtMalloc: 207001"},
        {"aclrtMemcpy", 107000, PTO_ERROR_DRIVER, "aclrtMemcpy: 107000"},
        {"aclrtMemset", 107000, PTO_ERROR_DRIVER, "aclrtMemset: 107000"},
        {"rtAicpuKernelLaunchExWithArgs", 207001, PTO_ERROR_DRIVER, "rtAicpuKernelLaunchExWithArgs: 207001"},
        {"rtsBinaryLoadFromFile", 107000, PTO_ERROR_DRIVER, "rtsBinaryLoadFromFile: 107000"},
        {"rtsFuncGetByName", 107000, PTO_ERROR_DRIVER, "rtsFuncGetByName: 107000"},
        {"rtsLaunchCpuKernel", 207001, PTO_ERROR_DRIVER, "rtsLaunchCpuKernel: 207001"},
        {"halGetDeviceInfo", 62, PTO_ERROR_DRIVER, "halGetDeviceInfo: 62"},
    };
    const bool is_a5 = std::strcmp(arch(), "a5") == 0;
    for (const OpenFault &fault : faults)
        if (!is_a5 || std::strcmp(fault.call, "halGetDeviceInfo") != 0)
            expect_open_fault(fault);
    const char *map = is_a5 ? "halResMap" : "halMemCtl";
    for (const int number : {3, 42, 62}) {
        const std::string message = std::string(map) + ": " + std::to_string(number);
        expect_open_fault({map, number, PTO_ERROR_DRIVER, message.c_str()});
    }
    expect_working_device();
}

/// A function of the vendor's without arguments, or whose argument is null.
int call_vendor(const char *name)
{
    void *const library = dlopen("libascendcl.so", RTLD_NOW | RTLD_LOCAL);
    assert_non_null(library);
    using Function = int (*)(const void *);
    const auto function = reinterpret_cast<Function>(dlsym(library, name));
    assert_non_null(function);
    return function(nullptr);
}

void what_the_program_has_initialised_it_ends_itself(void **)
{
    const StandIn standin;
    assert_int_equal(call_vendor("aclInit"), 0);
    expect_working_device();
    assert_int_equal(standin_calls("aclFinalize"), 0);
    assert_int_equal(call_vendor("aclFinalize"), 0);
    expect_working_device();
    assert_int_equal(standin_calls("aclFinalize"), 2);
}

void streams_without_a_failure_mode_will_do(void **)
{
    const StandIn standin;
    arranged(standin_inject("aclrtSetStreamFailureMode", 1, 207000, -1));
    expect_working_device();
}

void a_latch_that_resets_do_not_open_lets_the_same_image_in(void **)
{
    const StandIn standin;
    standin_latch_survives_resets(1);
    for (int i = 0; i < 2; i++)
        expect_working_device();
}

void another_image_in_the_same_process_is_refused(void **)
{
    const StandIn standin;
    expect_working_device();
    const char *other = std::strcmp(arch(), "a5") == 0 ? "a2a3" : "a5";
    assert_int_equal(standin_reset(other), 0);
    OnboardOptions options;
    options.open.arch = other;
    expect_refused_open(options, PTO_ERROR_UNSUPPORTED, "the vendor loads one image per process");
}

void a_driver_that_is_busy_for_a_while_opens(void **)
{
    const StandIn standin;
    const char *map = std::strcmp(arch(), "a5") == 0 ? "halResMap" : "halMemCtl";
    arranged(standin_inject(map, 1, 13, 3));
    expect_working_device();
    arranged(standin_inject(map, 1, 13, 4));
    expect_refused_open(OnboardOptions(), PTO_ERROR_DRIVER, "13, busy");
    expect_working_device();
}

void a_bootstrap_that_fails_on_the_device_is_recovered_from(void **)
{
    const StandIn standin;
    arranged(standin_inject("aclrtSynchronizeStreamWithTimeout", 1, 507018, 1));
    expect_refused_open(OnboardOptions(), PTO_ERROR_DRIVER, "could not be brought to the control CPUs");
    expect_raw(507018);
    standin_clear_injections();
    expect_working_device();
}

void images_that_are_missing_are_named(void **)
{
    const StandIn standin;
    OnboardOptions options;
    options.onboard.image_directory = "/nowhere";
    expect_refused_open(options, PTO_ERROR_SYSTEM, "/nowhere/");
    expect_working_device();
}

void options_that_cannot_be_are_refused(void **)
{
    const StandIn standin;
    OnboardOptions options;
    options.onboard.op_execute_timeout_ns = 29'000'000'000;
    expect_refused_open(options, PTO_ERROR_INVALID_ARGUMENT, "stall_timeout 30.000 s < op_execute_timeout 29.000 s");
    options = OnboardOptions();
    options.onboard.features = 0x40;
    expect_refused_open(options, PTO_ERROR_INVALID_ARGUMENT, "0x40");
    options = OnboardOptions();
    options.open.heap_bytes = options.open.device_memory_bytes;
    expect_refused_open(options, PTO_ERROR_INVALID_ARGUMENT, "too small for heap_bytes");
    options = OnboardOptions();
    options.onboard.features = PTO_ONBOARD_SDMA;
    expect_refused_open(options, PTO_ERROR_UNSUPPORTED, "without the headers of pto-isa");
    expect_working_device();
}

void a_chip_of_another_kind_is_refused(void **)
{
    assert_int_equal(standin_reset(std::strcmp(arch(), "a5") == 0 ? "a2a3" : "a5"), 0);
    expect_refused_open(OnboardOptions(), PTO_ERROR_UNSUPPORTED, "which is no");
}

void monitors_that_are_refused_are_left_out(void **)
{
    const StandIn standin;
    OnboardOptions options;
    options.onboard.features = PTO_ONBOARD_PMU;
    // The control kind is mapped first.
    arranged(standin_inject("halMemCtl", 2, 3, 1));
    OnboardChip chip(options);
    const bool is_warned = onboard_log().find("PTO_ONBOARD_PMU is left out: halMemCtl: 3") != std::string::npos;
    assert_int_equal(is_warned, std::strcmp(arch(), "a2a3") == 0);
    standin_clear_injections();
    CallableBuilder sum = sum_callable();
    chip.prepare(0, sum);
    expect_sum(chip, 0);
}

// ---- runs
// ------------------------------------------------------------------------------------------------------------

/// What has been launched by then waits for what has not.
void expect_launch_fault(const char *call)
{
    const StandIn standin;
    Faulty faulty("steps", true);
    arranged(standin_inject(call, 1, 207001, 1));
    EXPECT_STATUS(PTO_ERROR_DRIVER, faulty.run({1}));
    EXPECT_MESSAGE(call);
    expect_raw(207001);
    faulty.expect_recovery();
}

void a_launch_of_cores_that_is_refused_faults_the_device(void **)
{
    expect_launch_fault("rtKernelLaunchWithHandleV2");
}

void a_launch_of_control_cpus_that_is_refused_faults_the_device(void **)
{
    expect_launch_fault("rtsLaunchCpuKernel");
}

void an_earlier_refusal_is_not_the_cause_of_a_fault(void **)
{
    const StandIn standin;
    Faulty faulty("steps", true);
    uint64_t address = 0;
    EXPECT_STATUS(PTO_OK, pto_malloc(faulty.chip.get(), 64, &address));
    char bytes[64] = {};
    arranged(standin_inject("aclrtMemcpy", 1, 107000, 1));
    EXPECT_STATUS(PTO_ERROR_DRIVER, pto_copy_to_device(faulty.chip.get(), address, bytes, sizeof bytes));
    arranged(standin_inject("aclrtSynchronizeStreamWithTimeout", 1, 507018, 1));
    EXPECT_STATUS(PTO_ERROR_EXECUTOR, faulty.run({1}));
    expect_raw(507018);
    faulty.expect_recovery();
}

/// On chips whose cores keep old code the stream of the cores is a new one after an upload.
void a_stream_that_cannot_be_renewed_faults_the_device(void **)
{
    const StandIn standin;
    Faulty faulty("steps", true);
    arranged(standin_inject("aclrtCreateStreamWithConfig", 1, 207001, 1));
    if (std::strcmp(arch(), "a2a3") != 0) {
        EXPECT_STATUS(PTO_OK, faulty.run({1}));
        standin_clear_injections();
        return;
    }
    EXPECT_STATUS(PTO_ERROR_DRIVER, faulty.run({1}));
    EXPECT_MESSAGE("aclrtCreateStreamWithConfig: 207001");
    faulty.expect_recovery();
}

/// The wait for the control CPUs ends with a number, and everything behind it with its fallout.
void expect_sync_fault(int number, pto_status status)
{
    const StandIn standin;
    Faulty faulty("steps", true);
    arranged(standin_inject("aclrtSynchronizeStreamWithTimeout", 1, number, 1));
    EXPECT_STATUS(status, faulty.run({1}));
    EXPECT_MESSAGE(std::to_string(number).c_str());
    expect_raw(number);
    faulty.expect_recovery();
}

void an_exception_of_the_control_cpus_is_told_not_its_fallout(void **)
{
    expect_sync_fault(507018, PTO_ERROR_EXECUTOR);
}

void a_wait_that_ends_too_early_is_a_timeout(void **)
{
    expect_sync_fault(507046, PTO_ERROR_TIMEOUT);
}

void the_time_limit_of_the_driver_is_a_timeout(void **)
{
    expect_sync_fault(507017, PTO_ERROR_TIMEOUT);
}

void an_internal_error_of_the_runtime_is_told(void **)
{
    expect_sync_fault(507000, PTO_ERROR_EXECUTOR);
}

void an_exception_of_a_core_is_told(void **)
{
    const StandIn standin;
    Faulty faulty("steps", true);
    arranged(standin_inject("aclrtSynchronizeStreamWithTimeout", 2, 507015, 1));
    EXPECT_STATUS(PTO_ERROR_KERNEL_FAULT, faulty.run({1}));
    expect_raw(507015);
    faulty.expect_recovery();
}

void a_kernel_that_faults_is_told(void **)
{
    const StandIn standin;
    Faulty faulty("faults", true, impatient_options());
    EXPECT_STATUS(PTO_ERROR_KERNEL_FAULT, faulty.run({1}));
    expect_raw(507015);
    faulty.expect_recovery();
}

void a_kernel_that_does_not_return_is_named(void **)
{
    const StandIn standin;
    Faulty faulty("hangs", false, impatient_options());
    EXPECT_STATUS(PTO_ERROR_TIMEOUT, faulty.run());
    EXPECT_MESSAGE("kernel_endless");
    assert_int_equal(pto_last_error()->stall, PTO_STALL_RUNNING);
    faulty.expect_recovery();
}

void an_orchestration_that_does_not_return_is_told(void **)
{
    const StandIn standin;
    Faulty faulty("loops", false, impatient_options());
    EXPECT_STATUS(PTO_ERROR_TIMEOUT, faulty.run());
    assert_int_equal(pto_last_error()->stall, PTO_STALL_ORCHESTRATION);
    faulty.expect_recovery();
}

void an_orchestration_that_crashes_is_told(void **)
{
    const StandIn standin;
    Faulty faulty("crashes");
    EXPECT_STATUS(PTO_ERROR_EXECUTOR, faulty.run());
    expect_raw(507018);
    faulty.expect_recovery();
}

void a_core_that_does_not_come_is_named(void **)
{
    const StandIn standin;
    OnboardOptions options;
    options.onboard.answer_timeout_ns = 3'000'000'000;
    Faulty faulty("steps", true, options);
    arranged(standin_hang_core(0, 1, 2));
    EXPECT_STATUS(PTO_ERROR_CORE, faulty.run({1}));
    assert_int_equal(pto_last_error()->core, 5);
    faulty.chip.close();
    assert_int_equal(standin_violation_count(), 0);
}

void control_cpus_that_die_are_told(void **)
{
    const StandIn standin;
    Faulty faulty("steps", true);
    arranged(standin_kill_control(0));
    assert_int_not_equal(faulty.run({1}), PTO_OK);
    faulty.expect_recovery();
}

void cores_that_die_are_told(void **)
{
    const StandIn standin;
    Faulty faulty("steps", true);
    arranged(standin_kill_cores(0));
    assert_int_not_equal(faulty.run({1}), PTO_OK);
    faulty.expect_recovery();
}

void a_copy_that_fails_is_told(void **)
{
    const StandIn standin;
    OnboardChip chip;
    uint64_t address = 0;
    EXPECT_STATUS(PTO_OK, pto_malloc(chip.get(), 64, &address));
    char bytes[64] = {};
    arranged(standin_inject("aclrtMemcpy", 1, 107000, 1));
    EXPECT_STATUS(PTO_ERROR_DRIVER, pto_copy_to_device(chip.get(), address, bytes, sizeof bytes));
    EXPECT_MESSAGE("aclrtMemcpy: 107000");
    expect_raw(107000);
    EXPECT_STATUS(PTO_OK, pto_copy_to_device(chip.get(), address, bytes, sizeof bytes));
}

// ---- recovery
// --------------------------------------------------------------------------------------------------------

void a_drain_that_succeeds_proves_nothing(void **)
{
    const StandIn standin;
    Faulty faulty("steps", true);
    arranged(standin_poison(0, 1));
    assert_int_not_equal(faulty.run({1}), PTO_OK);
    faulty.expect_recovery();
    assert_true(standin_calls("aclrtResetDeviceForce") >= 1);
}

void a_reset_that_fails_once_is_repeated(void **)
{
    const StandIn standin;
    Faulty faulty("steps", true);
    arranged(standin_poison(0, 0));
    standin_fail_resets(0, 1);
    assert_int_not_equal(faulty.run({1}), PTO_OK);
    faulty.expect_recovery();
    assert_int_equal(standin_calls("aclrtResetDeviceForce"), 2);
}

void a_reset_that_does_not_heal_is_repeated(void **)
{
    const StandIn standin;
    Faulty faulty("steps", true);
    arranged(standin_poison(0, 0));
    standin_useless_resets(0, 2);
    assert_int_not_equal(faulty.run({1}), PTO_OK);
    faulty.expect_recovery();
    assert_int_equal(standin_calls("aclrtResetDeviceForce"), 3);
}

void a_device_that_does_not_recover_is_refused_with_the_reason(void **)
{
    const StandIn standin;
    {
        Faulty faulty("steps", true);
        arranged(standin_poison(0, 0));
        standin_useless_resets(0, 3);
        assert_int_not_equal(faulty.run({1}), PTO_OK);
    }
    assert_int_equal(standin_calls("aclrtResetDeviceForce"), 3);
    expect_refused_open(OnboardOptions(), PTO_ERROR_DEVICE_FAULTED, "device 0 did not recover: aclrt");
    OnboardOptions other;
    other.open.device_index = 1;
    OnboardChip chip(other);
    CallableBuilder sum = sum_callable();
    chip.prepare(0, sum);
    expect_sum(chip, 0);
}

void a_fault_of_one_device_leaves_the_other_alone(void **)
{
    const StandIn standin;
    OnboardOptions second;
    second.open.device_index = 1;
    OnboardChip healthy(second);
    CallableBuilder sum = sum_callable();
    healthy.prepare(0, sum);
    Faulty faulty("faults", true, impatient_options());
    EXPECT_STATUS(PTO_ERROR_KERNEL_FAULT, faulty.run({1}));
    expect_sum(healthy, 0);
    faulty.expect_recovery();
    expect_sum(healthy, 0);
}

} // namespace

int main(int argc, char **argv)
{
    return run_onboard_tests(argc, argv,
                             {
                                 cmocka_unit_test(every_refusal_while_opening_names_the_function),
                                 cmocka_unit_test(what_the_program_has_initialised_it_ends_itself),
                                 cmocka_unit_test(streams_without_a_failure_mode_will_do),
                                 cmocka_unit_test(a_latch_that_resets_do_not_open_lets_the_same_image_in),
                                 cmocka_unit_test(another_image_in_the_same_process_is_refused),
                                 cmocka_unit_test(a_driver_that_is_busy_for_a_while_opens),
                                 cmocka_unit_test(a_bootstrap_that_fails_on_the_device_is_recovered_from),
                                 cmocka_unit_test(images_that_are_missing_are_named),
                                 cmocka_unit_test(options_that_cannot_be_are_refused),
                                 cmocka_unit_test(a_chip_of_another_kind_is_refused),
                                 cmocka_unit_test(monitors_that_are_refused_are_left_out),
                                 cmocka_unit_test(a_launch_of_cores_that_is_refused_faults_the_device),
                                 cmocka_unit_test(a_launch_of_control_cpus_that_is_refused_faults_the_device),
                                 cmocka_unit_test(an_earlier_refusal_is_not_the_cause_of_a_fault),
                                 cmocka_unit_test(a_stream_that_cannot_be_renewed_faults_the_device),
                                 cmocka_unit_test(an_exception_of_the_control_cpus_is_told_not_its_fallout),
                                 cmocka_unit_test(a_wait_that_ends_too_early_is_a_timeout),
                                 cmocka_unit_test(the_time_limit_of_the_driver_is_a_timeout),
                                 cmocka_unit_test(an_internal_error_of_the_runtime_is_told),
                                 cmocka_unit_test(an_exception_of_a_core_is_told),
                                 cmocka_unit_test(a_kernel_that_faults_is_told),
                                 cmocka_unit_test(a_kernel_that_does_not_return_is_named),
                                 cmocka_unit_test(an_orchestration_that_does_not_return_is_told),
                                 cmocka_unit_test(an_orchestration_that_crashes_is_told),
                                 cmocka_unit_test(a_core_that_does_not_come_is_named),
                                 cmocka_unit_test(control_cpus_that_die_are_told),
                                 cmocka_unit_test(cores_that_die_are_told),
                                 cmocka_unit_test(a_copy_that_fails_is_told),
                                 cmocka_unit_test(a_drain_that_succeeds_proves_nothing),
                                 cmocka_unit_test(a_reset_that_fails_once_is_repeated),
                                 cmocka_unit_test(a_reset_that_does_not_heal_is_repeated),
                                 cmocka_unit_test(a_device_that_does_not_recover_is_refused_with_the_reason),
                                 cmocka_unit_test(a_fault_of_one_device_leaves_the_other_alone),
                             });
}
