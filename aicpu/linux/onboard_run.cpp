// SPDX-License-Identifier: Apache-2.0
// A run: the threads of one launch meet, each takes its role, and all leave together. One orchestrates, from before the
// cores are met until after they have left; the others schedule.
#include "aicpu/linux/onboard_run.h"

#include "aicpu/linux/onboard_exports.h"
#include "engine/base/memory.h"

namespace pto::inline PTO_ARCH::aicpu {
namespace {

/// Roles count from the first scheduler to the orchestrator, workers from the orchestrator on.
constexpr uint32_t worker_of(uint32_t role, uint32_t role_count)
{
    return role == role_count - 1 ? 0 : role + 1;
}

/// Why no thread may come to the gate.
const char *defect_of(const wire::CommandBlock &command, const OnboardState &state)
{
    if (command.session == 0 || command.session > LaunchGate::kMaxSession)
        return "the session is 0 or too large";
    if (command.block_count < state.setup.control_cpu_count || command.block_count > LaunchGate::kMaxThreads)
        return "the launch has fewer threads than the executor has control CPUs, or too many";
    if (command.payload == 0 || command.payload % alignof(wire::LaunchBlock) != 0)
        return "the command names no launch block";
    return nullptr;
}

uint64_t gate_timeout_ns(const OnboardState &state)
{
    constexpr uint64_t kDefaultNs = 1'000'000'000;
    return state.setup.answer_timeout_ns != 0 ? state.setup.answer_timeout_ns : kDefaultNs;
}

/// Meets the cores, runs, and lets them go. The report has the first error.
void run_launch(LinkedExecutor &executor, const wire::LaunchBlock &launch, wire::ReportBlock *report)
{
    wire::begin_report(report);
    if (const wire::ErrorRecord error = executor.connect(); error.status != PTO_OK) {
        report->error = error;
        executor.disconnect(); // Those that have come; of the others the error says enough.
        return;
    }
    executor.see_launch(launch);
    if (executor.begin(launch, report)) {
        executor.run(launch, report);
        executor.end(report);
    }
    const wire::ErrorRecord error = executor.disconnect();
    if (report->error.status == PTO_OK && error.status != PTO_OK)
        report->error = error;
}

/// Cores were launched with these threads, and would wait for them.
void dismiss_cores(LinkedExecutor &executor)
{
    executor.connect();
    executor.disconnect();
}

void orchestrate(OnboardState &state)
{
    LinkedExecutor &executor = *state.executor;
    wire::Outbox &outbox = *state.outbox;
    processor::refetch();     // Orchestrations were loaded by another CPU.
    wire::ReportBlock report; // That of the outbox is for whoever finds the chip lost, until all have left the run.
    run_launch(executor, *reinterpret_cast<const wire::LaunchBlock *>(state.command.payload), &report);
    outbox.report = report;
    executor.stop();
    for (uint32_t round = 0; state.gate.departures(state.command.session) + 1 < state.setup.control_cpu_count; round++)
        state.port.idle(0).relax(round);
    executor.resume();
    state.port.speak_to(nullptr);

    Outcome outcome;
    outbox.answer.orch_loads = executor.orchs().loads();
    if (outbox.report.error.status != PTO_OK)
        refuse(&outcome, outbox.report.error.status, "%s", outbox.report.error.message);
    answer(state.command, outcome);
}

/// All threads of the launch are here.
void take_part(OnboardState &state, const wire::CommandBlock &command, uint32_t thread)
{
    const uint32_t role_count = state.setup.control_cpu_count;
    const int32_t role = role_of(state.gate, command.block_count, state.setup.allowed_cpus, role_count, thread);
    if (role < 0)
        return;
    const uint32_t worker = worker_of(static_cast<uint32_t>(role), role_count);
    if (worker == 0) {
        // Nobody else looks at these before the run is on, which the executor's state says.
        state.command = command;
        state.outbox = reinterpret_cast<wire::Outbox *>(command.outbox);
        state.port.speak_to(&state.outbox->log);
        orchestrate(state);
    } else {
        state.executor->serve(worker);
        state.gate.leave(command.session);
    }
}

void run_thread(const wire::CommandBlock &command)
{
    open_outbox(command);
    Outcome outcome;
    const char *defect = nullptr;
    OnboardState *state = open_state(command, &defect);
    if (state != nullptr)
        defect = defect_of(command, *state);
    if (defect != nullptr) {
        refuse(&outcome, PTO_ERROR_INTERNAL, "%s", defect);
        return answer_once(command, outcome);
    }
    const LaunchGate::Arrival arrival =
        state->gate.arrive({command.session, command.block_count, gate_timeout_ns(*state)}, linux_calls::current_cpu());
    if (arrival.meeting == LaunchGate::Meeting::kComplete)
        return take_part(*state, command, arrival.thread);
    if (arrival.meeting == LaunchGate::Meeting::kIncomplete && arrival.has_decided) {
        refuse(&outcome, PTO_ERROR_EXECUTOR, "%u of the %u threads of the launch have come in %llu ms", arrival.arrived,
               command.block_count, static_cast<unsigned long long>(gate_timeout_ns(*state) / 1'000'000));
        dismiss_cores(*state->executor);
        answer_once(command, outcome);
    }
}

} // namespace

/// The record is the executor's. Should the orchestration return, its thread answers again, with all that there is.
void chip_is_lost(void *self, const char *message)
{
    auto &state = *static_cast<OnboardState *>(self);
    if (state.outbox == nullptr)
        return;
    wire::ReportBlock *report = &state.outbox->report;
    const engine::ErrorLatch &error = state.executor->engine().error;
    Outcome outcome;
    wire::begin_report(report);
    state.executor->engine().count_work(report);
    report->error = error.status() != PTO_OK ? error.record() : engine::error_record(PTO_ERROR_DEVICE_FAULTED);
    refuse(&outcome, report->error.status, "%s", message);
    answer(state.command, outcome);
    state.executor->stop(); // Those who serve would wait for the orchestration.
}

} // namespace pto::inline PTO_ARCH::aicpu

uint32_t pto_onboard_run(void *args)
{
    using namespace pto;
    const wire::CommandBlock *command = aicpu::command_of(args);
    if (command == nullptr)
        return aicpu::kNoCommand;
    if (command->command != wire::Command::kRun)
        return aicpu::kWrongEntry;
    aicpu::run_thread(*command);
    return aicpu::kObeyed;
}
