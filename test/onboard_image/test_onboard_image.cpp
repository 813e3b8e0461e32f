// SPDX-License-Identifier: Apache-2.0
// Commands and runs of an executor image: test_onboard_image FOLDER_OF_ORCHESTRATIONS
#include "aicpu/linux/onboard_exports.h"
#include "aicpu/linux/onboard_state.h"

#include "onboard_machine.hpp"
#include "onboard_test.hpp"

#include "firmware_funcs.h"

namespace {

using namespace pto;
using namespace pto::test;
using wire::Command;

constexpr OnboardImage kImage{pto_onboard_command, pto_onboard_run};
constexpr uint32_t kWidth = 64;
std::string chain_path;
std::string hang_path;

void expect_status(const OnboardMachine &machine, pto_status actual, pto_status expected)
{
    if (actual != expected)
        fail_msg("status %d instead of %d: %s", actual, expected,
                 const_cast<OnboardMachine &>(machine).answer().message);
}

/// An open machine with the chain at id 3.
void prepare(OnboardMachine &machine)
{
    expect_status(machine, machine.open(), PTO_OK);
    expect_status(machine, machine.load(3, chain_path, "chain", 2, 3), PTO_OK);
}

/// The chain, at an id.
pto_status run_chain(OnboardMachine &machine, int32_t id, uint32_t steps = 40, uint32_t blocks = 0,
                     uint32_t threads = 0)
{
    auto *in = machine.take<float>(kWidth), *out = machine.take<float>(kWidth);
    for (uint32_t i = 0; i < kWidth; i++)
        in[i] = static_cast<float>(i);
    const pto_status status = machine.run(id, {floats_tensor(in, kWidth), floats_tensor(out, kWidth)},
                                          {steps, pto_bits_f32(1), pto_bits_f32(2)}, blocks, threads);
    if (status == PTO_OK)
        for (uint32_t i = 0; i < kWidth; i++)
            assert_true(out[i] == in[i] + 2 * static_cast<float>(steps));
    return status;
}

// ---- commands

void a_probe_says_who_answers_and_what_it_needs(void **)
{
    OnboardMachine machine(kImage);
    assert_int_equal(machine.command(Command::kProbe), aicpu::kObeyed);
    const wire::AnswerBlock &answer = machine.answer();
    assert_int_equal(answer.magic, wire::kAnswerMagic);
    assert_int_equal(answer.version, wire::kOnboardVersion);
    assert_int_equal(answer.status, PTO_OK);
    assert_int_equal(answer.session, machine.block().session);
    assert_string_equal(answer.arch, kArch.name);
    assert_string_equal(answer.identity, "none");
    const uint64_t small = answer.state_bytes;
    machine.setup().max_tasks *= 64;
    machine.command(Command::kProbe);
    assert_true(machine.answer().state_bytes > small + 63 * 256 * sizeof(uint64_t));
}

void what_is_no_command_is_not_answered(void **)
{
    OnboardMachine machine(kImage);
    machine.command(Command::kProbe);
    machine.answer().magic = 0;
    wire::CommandArgs args{reinterpret_cast<uint64_t>(&machine.block())};
    const wire::CommandBlock good = machine.block();
    for (const auto entry : {kImage.command, kImage.run}) {
        assert_int_equal(entry(nullptr), aicpu::kNoCommand);
        machine.block().magic ^= 1;
        assert_int_equal(entry(&args), aicpu::kNoCommand);
        machine.block() = good;
        machine.block().version++;
        assert_int_equal(entry(&args), aicpu::kNoCommand);
        machine.block() = good;
        machine.block().outbox = 0;
        assert_int_equal(entry(&args), aicpu::kNoCommand);
        machine.block() = good;
        wire::CommandArgs nowhere{0};
        assert_int_equal(entry(&nowhere), aicpu::kNoCommand);
    }
    assert_int_equal(machine.answer().magic, 0);
}

void a_command_of_the_other_function_is_refused(void **)
{
    OnboardMachine machine(kImage);
    assert_int_equal(machine.command(Command::kRun), aicpu::kWrongEntry);
    machine.command(Command::kProbe);
    wire::CommandArgs args{reinterpret_cast<uint64_t>(&machine.block())};
    assert_int_equal(kImage.run(&args), aicpu::kWrongEntry);
}

void an_unknown_command_is_named(void **)
{
    OnboardMachine machine(kImage);
    machine.command(static_cast<Command>(99));
    assert_int_equal(machine.answer().status, PTO_ERROR_INTERNAL);
    expect_text(machine.answer().message, "99");
}

void a_setup_that_cannot_be_is_refused(void **)
{
    const struct {
        void (*spoil)(wire::SetupBlock &setup);
        const char *text;
    } cases[] = {
        {[](wire::SetupBlock &setup) { setup.cluster_count = 1000; }, "cluster_count"},
        {[](wire::SetupBlock &setup) { setup.control_cpu_count = 0; }, "control_cpus"},
        {[](wire::SetupBlock &setup) { setup.control_cpu_count = 33; }, "control_cpus"},
        {[](wire::SetupBlock &setup) { setup.physical_core_count = 1000; }, "physical_core_count"},
        {[](wire::SetupBlock &setup) { setup.max_tasks = 0; }, "max_tasks"},
        {[](wire::SetupBlock &setup) { setup.heap_bytes = setup.memory_bytes + 1024; }, "heap"},
    };
    for (const auto &each : cases) {
        OnboardMachine machine(kImage);
        each.spoil(machine.setup());
        for (const Command command : {Command::kProbe, Command::kOpen}) {
            machine.command(command);
            assert_int_equal(machine.answer().status, PTO_ERROR_INVALID_ARGUMENT);
            expect_text(machine.answer().message, each.text);
        }
    }
}

void an_open_without_its_addresses_is_refused(void **)
{
    const struct {
        void (*spoil)(wire::SetupBlock &setup);
        const char *text;
    } cases[] = {
        {[](wire::SetupBlock &setup) { setup.state_bytes--; }, "the executor needs"},
        {[](wire::SetupBlock &setup) { setup.state += 8; }, "state"},
        {[](wire::SetupBlock &setup) { setup.core_lines = 0; }, "lines"},
        {[](wire::SetupBlock &setup) { setup.registers += 4; }, "registers"},
    };
    for (const auto &each : cases) {
        OnboardMachine machine(kImage);
        machine.command(Command::kProbe);
        machine.setup().state_bytes = machine.answer().state_bytes;
        machine.setup().state = reinterpret_cast<uint64_t>(machine.take<std::byte>(machine.answer().state_bytes + 64));
        each.spoil(machine.setup());
        machine.command(Command::kOpen);
        assert_int_equal(machine.answer().status, PTO_ERROR_INVALID_ARGUMENT);
        expect_text(machine.answer().message, each.text);
    }
}

void a_state_is_opened_once_and_again_after_it_was_cleared(void **)
{
    OnboardMachine machine(kImage);
    assert_int_equal(machine.open(), PTO_OK);
    machine.command(Command::kOpen);
    assert_int_equal(machine.answer().status, PTO_ERROR_INTERNAL);
    expect_text(machine.answer().message, "in use");
    machine.command(Command::kClose);
    assert_int_equal(machine.answer().status, PTO_OK);
    machine.command(Command::kClose);
    assert_int_equal(machine.answer().status, PTO_ERROR_INTERNAL);
    expect_text(machine.answer().message, "not open");
    std::memset(reinterpret_cast<void *>(machine.setup().state), 0, machine.setup().state_bytes);
    machine.command(Command::kOpen);
    assert_int_equal(machine.answer().status, PTO_OK);
    machine.command(Command::kClose);
}

void a_state_of_another_image_is_refused(void **)
{
    OnboardMachine machine(kImage);
    prepare(machine);
    auto &state = *reinterpret_cast<aicpu::OnboardState *>(machine.setup().state);
    state.image += 4096;
    assert_int_equal(machine.unload(3), PTO_ERROR_INTERNAL);
    expect_text(machine.answer().message, "another image");
    state.image -= 4096;
    machine.command(Command::kClose);
}

void loads_are_counted_and_refused_loads_are_not(void **)
{
    OnboardMachine machine(kImage);
    prepare(machine);
    assert_int_equal(machine.answer().orch_loads, 1);
    expect_status(machine, machine.load(3, chain_path, "chain", 2, 3), PTO_ERROR_ALREADY_PREPARED);
    expect_status(machine, machine.load(64, chain_path, "chain", 2, 3), PTO_ERROR_INVALID_CALLABLE_ID);
    expect_status(machine, machine.load(-1, chain_path, "chain", 2, 3), PTO_ERROR_INVALID_CALLABLE_ID);
    expect_status(machine, machine.load(4, chain_path, "absent", 2, 3), PTO_ERROR_MISSING_ENTRY);
    expect_status(machine, machine.load(4, chain_path, "chain", 2, 4), PTO_ERROR_SIGNATURE_MISMATCH);
    expect_status(machine, machine.load(4, chain_path, "", 2, 3), PTO_ERROR_INVALID_ARGUMENT);
    expect_status(machine, machine.load(4, chain_path, std::string(300, 'x').c_str(), 2, 3), PTO_ERROR_MISSING_ENTRY);
    assert_int_equal(machine.answer().orch_loads, 1);
    expect_status(machine, machine.unload(3), PTO_OK);
    expect_status(machine, machine.load(3, chain_path, "chain", 2, 3), PTO_OK);
    assert_int_equal(machine.answer().orch_loads, 2);
    machine.command(Command::kClose);
}

void a_symbol_without_an_end_is_refused(void **)
{
    OnboardMachine machine(kImage);
    expect_status(machine, machine.open(), PTO_OK);
    auto *orch = machine.take<wire::OrchBlock>();
    orch->image = reinterpret_cast<uint64_t>(machine.take<char>(64));
    orch->image_bytes = 64;
    std::memset(orch->entry, 'x', sizeof orch->entry);
    machine.command(Command::kLoad, orch);
    assert_int_equal(machine.answer().status, PTO_ERROR_INVALID_ARGUMENT);
    std::strcpy(orch->entry, "chain");
    std::memset(orch->config, 'x', sizeof orch->config);
    orch->has_config = 1;
    machine.command(Command::kLoad, orch);
    assert_int_equal(machine.answer().status, PTO_ERROR_INVALID_ARGUMENT);
    machine.command(Command::kClose);
}

// ---- runs

void runs_with_any_number_of_control_cpus_compute_and_let_everybody_go(void **)
{
    for (const uint32_t cpus : {1u, 2u, 4u}) {
        OnboardMachine machine(kImage, {.control_cpus = cpus});
        prepare(machine);
        for (uint32_t time = 0; time < 5; time++) {
            expect_status(machine, run_chain(machine, 3, 300), PTO_OK);
            assert_int_equal(machine.threads_returned, cpus);
            assert_int_equal(machine.last_value, 0);
            assert_int_equal(machine.outbox().report.tasks, 300);
        }
        assert_int_equal(machine.kernels_cleaned(), 5 * 300);
        assert_int_equal(machine.answer().orch_loads, 1);
        machine.command(Command::kClose);
    }
}

void threads_that_are_not_needed_leave(void **)
{
    OnboardMachine machine(kImage, {.control_cpus = 2});
    prepare(machine);
    expect_status(machine, run_chain(machine, 3, 40, 5), PTO_OK);
    assert_int_equal(machine.threads_returned, 5);
    machine.command(Command::kClose);
}

void a_launch_whose_threads_do_not_all_come_is_an_error_and_the_next_one_is_not(void **)
{
    OnboardMachine machine(kImage, {.answer_timeout_ns = 4'000'000'000});
    prepare(machine);
    machine.setup().answer_timeout_ns = 0; // The executor has a copy.
    expect_status(machine, run_chain(machine, 3, 40, 4, 3), PTO_ERROR_EXECUTOR);
    expect_text(machine.answer().message, "3 of the 4 threads");
    assert_int_equal(machine.outbox().report.error.status, PTO_ERROR_EXECUTOR);
    assert_int_equal(machine.threads_returned, 3);
    expect_status(machine, run_chain(machine, 3), PTO_OK);
    machine.command(Command::kClose);
}

void a_core_that_does_not_come_is_named_and_the_others_leave(void **)
{
    // Long enough for the others on a busy machine.
    OnboardMachine machine(kImage, {.missing_core = 4, .answer_timeout_ns = 4'000'000'000});
    prepare(machine);
    expect_status(machine, run_chain(machine, 3), PTO_ERROR_CORE);
    expect_text(machine.answer().message, "core 4");
    assert_int_equal(machine.outbox().report.error.core, 4);
    for (uint32_t core = 0; core < 2 * kCoresPerCluster; core++) // Those that came have been seen to leave.
        assert_int_equal(machine.read_command(machine.core(core)), core == 4 ? 0 : aicpu::kControlIdle);
    machine.command(Command::kClose);
}

void a_run_of_what_is_not_loaded_is_refused(void **)
{
    OnboardMachine machine(kImage);
    prepare(machine);
    expect_status(machine, run_chain(machine, 9), PTO_ERROR_NOT_PREPARED);
    expect_status(machine, run_chain(machine, -7), PTO_ERROR_NOT_PREPARED);
    expect_status(machine, run_chain(machine, 3), PTO_OK);
    machine.command(Command::kClose);
}

void runs_that_cannot_be_are_refused_by_one_thread(void **)
{
    OnboardMachine machine(kImage, {.control_cpus = 3, .cluster_count = 1});
    const auto run = [&machine](void (*spoil)(wire::CommandBlock & block)) {
        auto *launch = machine.take<wire::LaunchBlock>();
        std::memset(static_cast<void *>(&machine.outbox()), 0, sizeof(wire::Outbox));
        machine.block() = {wire::kCommandMagic,
                           wire::kOnboardVersion,
                           Command::kRun,
                           3,
                           1,
                           0,
                           machine.setup().state,
                           reinterpret_cast<uint64_t>(launch),
                           reinterpret_cast<uint64_t>(&machine.outbox())};
        spoil(machine.block());
        std::vector<std::thread> threads;
        for (uint32_t i = 0; i < 3; i++)
            threads.emplace_back([&machine] {
                wire::CommandArgs args{reinterpret_cast<uint64_t>(&machine.block())};
                kImage.run(&args);
            });
        for (std::thread &thread : threads)
            thread.join();
        assert_int_equal(machine.answer().magic, wire::kAnswerMagic);
        assert_int_equal(machine.answer().status, PTO_ERROR_INTERNAL);
        assert_int_equal(machine.outbox().report.error.status, PTO_ERROR_INTERNAL);
        assert_string_equal(machine.answer().message, machine.outbox().report.error.message);
    };
    run([](wire::CommandBlock &) {});
    expect_text(machine.answer().message, "no state");
    prepare(machine);
    run([](wire::CommandBlock &block) { block.session = 0; });
    expect_text(machine.answer().message, "session");
    run([](wire::CommandBlock &block) { block.block_count = 2; });
    expect_text(machine.answer().message, "fewer threads");
    run([](wire::CommandBlock &block) { block.block_count = 33; });
    expect_text(machine.answer().message, "too many");
    run([](wire::CommandBlock &block) { block.payload = 0; });
    expect_text(machine.answer().message, "launch block");
    machine.command(Command::kClose);
}

void an_orchestration_that_gives_up_ends_its_run_only(void **)
{
    OnboardMachine machine(kImage);
    prepare(machine);
    expect_status(machine, machine.load(5, chain_path, "talk", 0, 2), PTO_OK);
    expect_status(machine, machine.run(5, {}, {pto_bits_f64(0.5), 3}), PTO_ERROR_ORCHESTRATION_FATAL);
    assert_int_equal(machine.outbox().report.error.detail, FATAL_CODE);
    assert_int_equal(machine.lines().size(), 1);
    expect_status(machine, run_chain(machine, 3), PTO_OK);
    assert_int_equal(machine.lines().size(), 0);
    machine.command(Command::kClose);
}

std::atomic<bool> may_return;

void wait_for_the_test()
{
    while (!may_return.load())
        std::this_thread::yield();
}

/// Whoever schedules has nothing to do but to look at the clock; the orchestration waits for the test.
void a_run_that_stands_still_is_answered_while_its_orchestration_hangs(void **)
{
    OnboardMachine machine(kImage, {.stall_timeout_ns = 100'000'000});
    prepare(machine);
    expect_status(machine, machine.load(6, hang_path, "hang", 0, 1), PTO_OK);
    may_return = false;
    std::string early;
    pto_status early_status = PTO_OK;
    machine.on_launched = [&] {
        while (__atomic_load_n(&machine.answer().magic, __ATOMIC_ACQUIRE) != wire::kAnswerMagic)
            std::this_thread::yield();
        while (machine.threads_returned < 2) // All but that of the orchestration.
            std::this_thread::yield();
        early = machine.answer().message;
        early_status = machine.outbox().report.error.status;
        may_return = true;
    };
    expect_status(machine, machine.run(6, {}, {reinterpret_cast<uint64_t>(wait_for_the_test)}), PTO_ERROR_TIMEOUT);
    machine.on_launched = [] {};
    assert_int_equal(early_status, PTO_ERROR_TIMEOUT);
    assert_string_equal(early.c_str(), machine.answer().message);
    assert_int_equal(machine.outbox().report.error.stall, wire::Stall::kOrchestration);
    expect_status(machine, run_chain(machine, 3), PTO_ERROR_DEVICE_FAULTED);
    machine.command(Command::kClose);
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    chain_path = argv[1];
    hang_path = argv[2];
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_probe_says_who_answers_and_what_it_needs),
        cmocka_unit_test(what_is_no_command_is_not_answered),
        cmocka_unit_test(a_command_of_the_other_function_is_refused),
        cmocka_unit_test(an_unknown_command_is_named),
        cmocka_unit_test(a_setup_that_cannot_be_is_refused),
        cmocka_unit_test(an_open_without_its_addresses_is_refused),
        cmocka_unit_test(a_state_is_opened_once_and_again_after_it_was_cleared),
        cmocka_unit_test(a_state_of_another_image_is_refused),
        cmocka_unit_test(loads_are_counted_and_refused_loads_are_not),
        cmocka_unit_test(a_symbol_without_an_end_is_refused),
        cmocka_unit_test(runs_with_any_number_of_control_cpus_compute_and_let_everybody_go),
        cmocka_unit_test(threads_that_are_not_needed_leave),
        cmocka_unit_test(a_launch_whose_threads_do_not_all_come_is_an_error_and_the_next_one_is_not),
        cmocka_unit_test(a_core_that_does_not_come_is_named_and_the_others_leave),
        cmocka_unit_test(a_run_of_what_is_not_loaded_is_refused),
        cmocka_unit_test(runs_that_cannot_be_are_refused_by_one_thread),
        cmocka_unit_test(an_orchestration_that_gives_up_ends_its_run_only),
        cmocka_unit_test(a_run_that_stands_still_is_answered_while_its_orchestration_hangs),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
