// SPDX-License-Identifier: Apache-2.0
// Programs that do what none may: the run says who did what and where, the device is faulted, the host program lives.
#include "conformance.hpp"
#include "fault_kinds.h"

#include <csetjmp>
#include <csignal>
#include <cstring>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace pto::test;

CallableBuilder faults(const char *entry)
{
    CallableBuilder builder("orch_faults", entry);
    builder.aiv(NOP, "kernel_nop").aiv(MEET, "kernel_meet").aic(MEET_AIC, "kernel_meet");
    builder.aiv(FAULT, "kernel_fault").aic(FAULT_AIC, "kernel_fault");
    builder.aiv(FAULT_MEETING, "kernel_fault_meeting").aic(LATE_AIC, "kernel_late");
    return builder.inout();
}

/// A chip whose clock takes no machine that is busy for a program that does nothing.
pto_open_options patient()
{
    pto_open_options options = TestChip::default_options();
    options.stall_timeout_ns = 5'000'000'000;
    options.device_index = 5;
    return options;
}

/// The device refuses whatever would use it, and gives back what it has.
void expect_faulted(TestChip &chip)
{
    std::vector<int32_t> x = {0};
    CallableBuilder builder = faults("second_faults").scalar();
    EXPECT_STATUS(PTO_ERROR_DEVICE_FAULTED, pto_health(chip.get()));
    assert_int_equal(pto_last_error()->device, 5);
    EXPECT_STATUS(PTO_ERROR_DEVICE_FAULTED, chip.run(0, {integers(x)}, {FAULT_NONE}));
    EXPECT_STATUS(PTO_ERROR_DEVICE_FAULTED, pto_prepare(chip.get(), 1, builder.get()));
    EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 0));
}

/// Runs an orchestration that faults on a chip of its own, and returns the error.
pto_error fault_of(const char *entry, uint64_t kind)
{
    TestChip chip(patient());
    CallableBuilder builder = faults(entry).scalar();
    chip.prepare(0, builder);
    std::vector<int32_t> x = {0};
    pto_run_result result = PTO_RUN_RESULT_INIT;
    EXPECT_STATUS(PTO_ERROR_KERNEL_FAULT, chip.run(0, {integers(x)}, {kind}, &result));
    const pto_error error = *pto_last_error();
    assert_int_equal(result.status, PTO_ERROR_KERNEL_FAULT);
    assert_int_equal(error.status, PTO_ERROR_KERNEL_FAULT);
    assert_int_equal(error.callable_id, 0);
    assert_int_equal(error.device, 5);
    assert_int_equal(error.stall, PTO_STALL_NONE);
    assert_int_equal(x[0], 0); // nothing is copied out of a failed run
    expect_faulted(chip);
    return error;
}

void expect_text(const pto_error &error, const char *text)
{
    if (std::strstr(error.message, text) == nullptr)
        fail_msg("'%s' is not in '%s'", text, error.message);
}

struct Kind {
    fault_kind kind;
    int signal;
    const char *text;
};

constexpr Kind kKinds[] = {
    {FAULT_WRITE, SIGSEGV, "bad address 0x@000 (SIGSEGV)"}, {FAULT_READ, SIGSEGV, "bad address 0x@000 (SIGSEGV)"},
    {FAULT_JUMP, SIGSEGV, "bad address 0x0 (SIGSEGV)"},     {FAULT_CONSTANT, SIGSEGV, "forbidden access to 0x"},
    {FAULT_BEYOND, SIGBUS, "no memory behind address 0x"},
#if defined(__x86_64__) // elsewhere a division by zero is no fault
    {FAULT_DIVISION, SIGFPE, "division by zero at 0x"},
#endif
    {FAULT_ILLEGAL, SIGILL, "illegal instruction at 0x"},   {FAULT_STACK, SIGSEGV, "stack overflow at 0x"},
};

/// The fault's text, on the thread of the orchestration or on another one.
std::string text_of(const Kind &kind, bool is_callers_thread)
{
    std::string text = kind.text;
    if (const std::size_t at = text.find('@'); at != std::string::npos)
        text[at] = is_callers_thread ? '1' : '2';
    return text;
}

void a_kernel_is_named_with_what_it_did(void **)
{
    for (const Kind &kind : kKinds) {
        print_message("# kind %d\n", kind.kind);
        const pto_error error = fault_of("second_faults", kind.kind);
        assert_int_equal(error.task, 1);
        assert_int_equal(error.func_id, FAULT);
        assert_true(error.core >= 0 && error.core % 3 != 0); // an AIV
        assert_string_equal(error.kernel, "kernel_fault");
        assert_int_equal(error.raw, kind.signal);
        expect_text(error, "task 1 (kernel 24 on core ");
        expect_text(error, text_of(kind, !has_threads_per_core()).c_str());
        expect_text(error, "[kernel kernel_fault]");
    }
}

void the_address_of_a_fault_is_in_its_detail(void **)
{
    assert_int_equal(fault_of("second_faults", FAULT_WRITE).detail,
                     has_threads_per_core() ? FAULT_ADDRESS_OTHER_THREAD : FAULT_ADDRESS_SAME_THREAD);
    assert_int_equal(fault_of("second_faults", FAULT_JUMP).detail, 0);
}

void an_orchestration_is_named_with_what_it_did(void **)
{
    for (const Kind &kind : kKinds) {
        print_message("# kind %d\n", kind.kind);
        const pto_error error = fault_of("faults_itself", kind.kind);
        assert_true(error.task == PTO_NO_TASK);
        assert_int_equal(error.func_id, -1);
        assert_int_equal(error.core, -1);
        assert_string_equal(error.kernel, "");
        assert_int_equal(error.raw, kind.signal);
        expect_text(error, "the orchestration faulted after 1 tasks");
        expect_text(error, text_of(kind, true).c_str());
    }
}

void a_bad_pointer_that_the_engine_is_handed_is_the_orchestrations_fault(void **)
{
    TestChip chip(patient());
    CallableBuilder builder = faults("submits_nowhere");
    chip.prepare(0, builder);
    std::vector<int32_t> x = {0};
    EXPECT_STATUS(PTO_ERROR_KERNEL_FAULT, chip.run(0, {integers(x)}));
    EXPECT_MESSAGE("the orchestration faulted after 0 tasks: bad address 0x2000");
    expect_faulted(chip);
}

void a_kernel_on_a_helper_is_named_and_a_fatal_after_it_is_not(void **)
{
    for (const Kind &kind : kKinds) {
        print_message("# kind %d\n", kind.kind);
        const pto_error error = fault_of("faults_then_fatal", kind.kind);
        assert_int_equal(error.task, 0);
        assert_int_equal(error.func_id, FAULT);
        assert_int_equal(error.raw, kind.signal);
        if (kind.kind == FAULT_WRITE)
            assert_int_equal(error.detail, FAULT_ADDRESS_OTHER_THREAD);
        expect_text(error, "task 0 (kernel 24 on core ");
    }
}

void cores_that_wait_for_the_dead_one_are_taken_out_and_do_not_hide_it(void **)
{
    const pto_error error = fault_of("faults_beside_waiting", FAULT_READ);
    assert_int_equal(error.task, 0);
    assert_int_equal(error.func_id, FAULT_MEETING);
    assert_string_equal(error.kernel, "kernel_fault_meeting");
    expect_text(error, "bad address 0x1000");
}

void an_orchestration_that_never_returns_does_not_hide_a_fault(void **)
{
    const pto_error error = fault_of("faults_while_orchestrating", FAULT_ILLEGAL);
    assert_int_equal(error.func_id, FAULT);
    assert_int_equal(error.raw, SIGILL);
}

void of_many_faults_one_is_reported(void **)
{
    const pto_error error = fault_of("many_fault", FAULT_WRITE);
    assert_true(error.func_id == FAULT || error.func_id == FAULT_AIC);
    assert_true(error.task < 64);
}

void kernels_that_run_beside_one_that_faults_may_finish(void **)
{
    TestChip chip(patient());
    CallableBuilder builder = faults("faults_beside_writing").scalar();
    chip.prepare(0, builder);
    uint64_t address = 0;
    int32_t value = 0;
    const uint32_t shape[] = {1};
    EXPECT_STATUS(PTO_OK, pto_malloc(chip.get(), sizeof value, &address));
    EXPECT_STATUS(PTO_OK, pto_copy_to_device(chip.get(), address, &value, sizeof value));
    const pto_tensor tensor = pto_device_tensor(address, PTO_INT32, 1, shape);
    EXPECT_STATUS(PTO_ERROR_KERNEL_FAULT, chip.run(0, {tensor}, {FAULT_WRITE}));
    assert_int_equal(pto_last_error()->func_id, FAULT_MEETING);
    EXPECT_STATUS(PTO_OK, pto_copy_from_device(chip.get(), &value, address, sizeof value));
    assert_int_equal(value, 77);
    expect_faulted(chip);
}

void a_callers_thread_that_ends_leaves_nothing_behind(void **)
{
    for (int round = 0; round < 20; round++)
        std::thread([] { fault_of("second_faults", FAULT_STACK); }).join();
}

void other_chips_and_later_ones_are_not_touched(void **)
{
    TestChip other;
    CallableBuilder builder = faults("second_faults").scalar();
    other.prepare(0, builder);
    std::vector<int32_t> x = {3};
    for (int round = 0; round < 3; round++) {
        fault_of("second_faults", FAULT_WRITE);
        EXPECT_STATUS(PTO_OK, other.run(0, {integers(x)}, {FAULT_NONE}));
        EXPECT_STATUS(PTO_OK, pto_health(other.get()));
    }
}

// ---- faults of the host program

sigjmp_buf host_landing;
volatile sig_atomic_t host_faults = 0;

void host_handler(int, siginfo_t *info, void *)
{
    host_faults = info->si_addr == reinterpret_cast<void *>(uintptr_t{0x3000}) ? host_faults + 1 : -100;
    siglongjmp(host_landing, 1);
}

/// What a careless host program does.
void write_nowhere()
{
    volatile uintptr_t nowhere = 0x3000;
    *reinterpret_cast<volatile int32_t *>(nowhere) = 1;
}

void the_host_programs_own_faults_reach_its_own_handler(void **)
{
    // Whoever installs a handler before a chip is opened keeps it, also if a chip was opened before.
    struct sigaction action {};
    struct sigaction outer {};
    action.sa_sigaction = host_handler;
    action.sa_flags = SA_SIGINFO;
    sigemptyset(&action.sa_mask);
    fault_of("second_faults", FAULT_WRITE);
    sigaction(SIGSEGV, &action, &outer);
    fault_of("second_faults", FAULT_WRITE);
    const TestChip open;
    for (int round = 1; round <= 3; round++) {
        host_faults = 0;
        if (sigsetjmp(host_landing, 1) == 0)
            write_nowhere();
        assert_int_equal(host_faults, 1);
    }
    EXPECT_STATUS(PTO_OK, pto_health(open.get()));
    sigaction(SIGSEGV, &outer, nullptr);
}

void fault_in_log(void *, int32_t, const char *)
{
    if (sigsetjmp(host_landing, 1) == 0)
        write_nowhere();
}

void count_signal(int)
{
    host_faults = host_faults + 1;
}

void what_is_not_user_code_within_a_run_is_the_host_programs(void **)
{
    struct sigaction action {};
    struct sigaction outer[2];
    action.sa_sigaction = host_handler;
    action.sa_flags = SA_SIGINFO;
    sigemptyset(&action.sa_mask);
    sigaction(SIGSEGV, &action, &outer[0]);
    action.sa_handler = count_signal;
    action.sa_flags = 0;
    sigaction(SIGFPE, &action, &outer[1]);
    pto_open_options options = patient();
    options.log = fault_in_log;
    options.log_level = PTO_LOG_INFO;
    {
        TestChip chip(options);
        CallableBuilder builder = faults("talks").scalar();
        chip.prepare(0, builder);
        std::vector<int32_t> x = {0};
        host_faults = 0;
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {FAULT_NONE}));
        assert_int_equal(host_faults, 1); // in the log callback
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {FAULT_SENT}));
        assert_int_equal(host_faults, 3); // and a signal that was sent
        EXPECT_STATUS(PTO_ERROR_KERNEL_FAULT, chip.run(0, {integers(x)}, {FAULT_WRITE}));
        assert_int_equal(host_faults, 4);
    }
    sigaction(SIGSEGV, &outer[0], nullptr);
    sigaction(SIGFPE, &outer[1], nullptr);
}

struct sigaction chained;

/// Calls whatever was there before it, which may be the library's.
void chaining_handler(int signal, siginfo_t *info, void *context)
{
    host_faults = host_faults + 1;
    if (host_faults > 10)
        _exit(0); // they call each other for ever
    chained.sa_sigaction(signal, info, context);
}

constexpr const char *kCrashes[] = {"write", "raise", "chain"};

char *program = nullptr;
char *modules = nullptr;

/// A process of this program that faults by itself although a chip has been open; its exit status.
int status_of_crash(const char *how)
{
    const pid_t child = fork();
    if (child == 0) {
        std::vector<char> arch_name(arch(), arch() + std::strlen(arch()) + 1);
        std::vector<char> word(how, how + std::strlen(how) + 1);
        char *const arguments[] = {program, arch_name.data(), modules, word.data(), nullptr};
        execv("/proc/self/exe", arguments);
        _exit(126);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

void without_a_handler_the_host_programs_faults_end_it(void **)
{
    for (const char *how : kCrashes) {
        const int status = status_of_crash(how);
#ifdef PTO_TEST_SANITIZER
        // A sanitizer has a handler, which ends the process with a status of its own.
        assert_true(WIFSIGNALED(status) || (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != 126));
#else
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGSEGV);
#endif
    }
}

[[noreturn]] void crash(int argc, char **argv)
{
    set_up(argc - 1, argv);
    {
        TestChip chip;
        CallableBuilder builder = faults("second_faults").scalar();
        std::vector<int32_t> x = {0};
        chip.prepare(0, builder);
        chip.run(0, {integers(x)}, {FAULT_NONE});
        if (std::strcmp(argv[argc - 1], "chain") == 0) {
            // The library finds this handler in place, which found the library's.
            struct sigaction action {};
            action.sa_sigaction = chaining_handler;
            action.sa_flags = SA_SIGINFO | SA_NODEFER;
            sigemptyset(&action.sa_mask);
            sigaction(SIGSEGV, &action, &chained);
            const TestChip later;
        }
        if (std::strcmp(argv[argc - 1], "raise") == 0)
            raise(SIGSEGV);
        else
            write_nowhere();
    }
    _exit(0);
}

} // namespace

int main(int argc, char **argv)
{
    for (const char *how : kCrashes)
        if (argc == 4 && std::strcmp(argv[3], how) == 0)
            crash(argc, argv);
    set_up(argc, argv);
    program = argv[0];
    modules = argv[2];
    std::vector<CMUnitTest> tests = {
        cmocka_unit_test(a_kernel_is_named_with_what_it_did),
        cmocka_unit_test(the_address_of_a_fault_is_in_its_detail),
        cmocka_unit_test(an_orchestration_is_named_with_what_it_did),
        cmocka_unit_test(a_bad_pointer_that_the_engine_is_handed_is_the_orchestrations_fault),
        cmocka_unit_test(cores_that_wait_for_the_dead_one_are_taken_out_and_do_not_hide_it),
        cmocka_unit_test(of_many_faults_one_is_reported),
        cmocka_unit_test(kernels_that_run_beside_one_that_faults_may_finish),
        cmocka_unit_test(a_callers_thread_that_ends_leaves_nothing_behind),
        cmocka_unit_test(other_chips_and_later_ones_are_not_touched),
        cmocka_unit_test(the_host_programs_own_faults_reach_its_own_handler),
        cmocka_unit_test(what_is_not_user_code_within_a_run_is_the_host_programs),
        cmocka_unit_test(without_a_handler_the_host_programs_faults_end_it),
    };
    // An orchestration on the host is over before the first kernel runs.
    const CMUnitTest beside_kernels[] = {
        cmocka_unit_test(a_kernel_on_a_helper_is_named_and_a_fatal_after_it_is_not),
        cmocka_unit_test(an_orchestration_that_never_returns_does_not_hide_a_fault),
    };
    if (builder() == PTO_DEVICE_BUILT)
        tests.insert(tests.end(), std::begin(beside_kernels), std::end(beside_kernels));
    return _cmocka_run_group_tests("faults", tests.data(), tests.size(), nullptr, nullptr);
}
