// SPDX-License-Identifier: Apache-2.0
// Commands in, answers out.
#include "aicpu/linux/image_identity.h"
#include "aicpu/linux/onboard_exports.h"
#include "aicpu/linux/onboard_state.h"
#include "engine/base/memory.h"

namespace pto::inline PTO_ARCH::aicpu {
namespace {

wire::Outbox *outbox_of(const wire::CommandBlock &command)
{
    return reinterpret_cast<wire::Outbox *>(command.outbox);
}

void copy_text(char *out, std::size_t capacity, const char *text)
{
    std::size_t size = 0;
    for (; size + 1 < capacity && text[size] != '\0'; size++)
        out[size] = text[size];
    out[size] = '\0';
}

void fill(const wire::CommandBlock &command, const Outcome &outcome, wire::AnswerBlock *answer)
{
    answer->version = wire::kOnboardVersion;
    answer->status = outcome.status;
    answer->cpu = linux_calls::current_cpu();
    answer->session = command.session;
    copy_text(answer->message, sizeof answer->message, outcome.message);
    copy_text(answer->arch, sizeof answer->arch, kArch.name);
    copy_text(answer->identity, sizeof answer->identity, pto_onboard_identity);
}

/// The host looks at the magic first, so that comes last.
void hand_over(wire::Outbox *outbox)
{
    const uint32_t count = std::atomic_ref(outbox->log.count).load(std::memory_order_acquire);
    const uint32_t lines = count < wire::kMaxLogLines ? count : wire::kMaxLogLines;
    clean(&outbox->log, offsetof(wire::LogArea, lines) + lines * sizeof(wire::LogLine));
    clean(&outbox->report, sizeof outbox->report);
    clean(&outbox->answer, sizeof outbox->answer);
    std::atomic_ref(outbox->answer.magic).store(wire::kAnswerMagic, std::memory_order_release);
    clean(&outbox->answer, sizeof outbox->answer.magic);
}

} // namespace

const wire::CommandBlock *command_of(const void *args)
{
    if (args == nullptr)
        return nullptr;
    uint64_t address = 0;
    memcpy(&address, args, sizeof address); // The driver's copy may lie anywhere.
    const auto *command = reinterpret_cast<const wire::CommandBlock *>(address);
    if (command == nullptr || address % alignof(wire::CommandBlock) != 0)
        return nullptr;
    invalidate(command, sizeof *command);
    const bool is_command = command->magic == wire::kCommandMagic && command->version == wire::kOnboardVersion;
    return is_command && command->outbox != 0 && command->outbox % alignof(wire::Outbox) == 0 ? command : nullptr;
}

OnboardState *open_state(const wire::CommandBlock &command, const char **out_defect)
{
    auto *state = reinterpret_cast<OnboardState *>(command.state);
    *out_defect = nullptr;
    if (state == nullptr || command.state % alignof(OnboardState) != 0)
        *out_defect = "the command names no state";
    else if (state->magic != OnboardState::kOpenMagic)
        *out_defect = "the executor is not open";
    else if (state->image != image_address())
        *out_defect = "the executor was opened by another image, or the image has been loaded anew";
    return *out_defect == nullptr ? state : nullptr;
}

pto_firmware_config config_of(const wire::SetupBlock &setup)
{
    pto_firmware_config config{};
    config.struct_size = sizeof config;
    config.control_cpus = setup.control_cpu_count;
    config.cluster_count = setup.cluster_count;
    config.physical_cores = setup.physical_core_count;
    config.max_tasks = setup.max_tasks;
    config.lines = reinterpret_cast<pto_core_line *>(setup.core_lines);
    config.heap_address = setup.heap_address;
    config.heap_bytes = setup.heap_bytes;
    config.device_address = setup.memory_address;
    config.device_bytes = setup.memory_bytes;
    config.stall_timeout_ns = setup.stall_timeout_ns;
    config.answer_timeout_ns = setup.answer_timeout_ns;
    if (setup.state != 0) {
        config.memory = reinterpret_cast<void *>(setup.state + kStateHeadBytes);
        config.memory_bytes = setup.state_bytes - kStateHeadBytes;
    }
    return config;
}

wire::Outbox *open_outbox(const wire::CommandBlock &command)
{
    wire::Outbox *outbox = outbox_of(command);
    invalidate(&outbox->answer, sizeof outbox->answer);
    invalidate(&outbox->report, sizeof outbox->report);
    invalidate(&outbox->log, offsetof(wire::LogArea, lines));
    return outbox;
}

void answer(const wire::CommandBlock &command, const Outcome &outcome)
{
    wire::Outbox *outbox = outbox_of(command);
    fill(command, outcome, &outbox->answer);
    hand_over(outbox);
}

void answer_once(const wire::CommandBlock &command, const Outcome &outcome)
{
    constexpr uint32_t kClaimed = 1;
    uint32_t free = 0;
    wire::Outbox *outbox = outbox_of(command);
    if (!std::atomic_ref(outbox->answer.magic).compare_exchange_strong(free, kClaimed, std::memory_order_acq_rel))
        return;
    wire::begin_report(&outbox->report);
    outbox->report.error = engine::error_record(outcome.status);
    copy_text(outbox->report.error.message, sizeof outbox->report.error.message, outcome.message);
    answer(command, outcome);
}

void refuse(Outcome *out, pto_status status, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    format_text(out->message, sizeof out->message, format, values);
    va_end(values);
    out->status = status;
}

uint64_t image_address()
{
    return reinterpret_cast<uint64_t>(&image_address);
}

} // namespace pto::inline PTO_ARCH::aicpu
