// SPDX-License-Identifier: Apache-2.0
// The commands that one thread obeys: everything between two runs.
#include "aicpu/linux/onboard_exports.h"
#include "aicpu/linux/onboard_run.h"
#include "aicpu/linux/user_cpus.h"
#include "engine/base/memory.h"

namespace pto::inline PTO_ARCH::aicpu {
namespace {

/// Why a setup cannot be used, whatever its addresses are.
const char *defect_of(const wire::SetupBlock &setup)
{
    if (setup.control_cpu_count > wire::kMaxControlThreads)
        return "control_cpus is more than the threads of a launch";
    if (setup.physical_core_count > kArch.physical_core_count)
        return "physical_core_count is more than the arch has";
    return LinkedExecutor::defect_of(config_of(setup));
}

const char *defect_of_addresses(const wire::SetupBlock &setup, const wire::CommandBlock &command)
{
    if (setup.state == 0 || setup.state % alignof(OnboardState) != 0 || setup.state != command.state)
        return "the state is nowhere, not 64-byte aligned or not that of the command";
    if (setup.core_lines == 0 || setup.core_lines % alignof(pto_core_line) != 0)
        return "the cores' lines are nowhere or not 64-byte aligned";
    if (setup.registers == 0 || setup.registers % sizeof(uint64_t) != 0)
        return "the table of registers is nowhere or not 8-byte aligned";
    return nullptr;
}

uint64_t state_bytes(const wire::SetupBlock &setup)
{
    return kStateHeadBytes + LinkedExecutor::memory_bytes(config_of(setup));
}

/// nullptr: the command is refused.
const wire::SetupBlock *setup_of(const wire::CommandBlock &command, Outcome *out)
{
    const auto *setup = reinterpret_cast<const wire::SetupBlock *>(command.setup);
    if (setup == nullptr || command.setup % alignof(wire::SetupBlock) != 0) {
        refuse(out, PTO_ERROR_INVALID_ARGUMENT, "the command names no setup");
        return nullptr;
    }
    invalidate(setup, sizeof *setup);
    if (const char *defect = defect_of(*setup); defect != nullptr) {
        refuse(out, PTO_ERROR_INVALID_ARGUMENT, "setup: %s", defect);
        return nullptr;
    }
    return setup;
}

void probe(const wire::CommandBlock &command, wire::AnswerBlock *answer, Outcome *out)
{
    const wire::SetupBlock *setup = setup_of(command, out);
    if (setup == nullptr)
        return;
    answer->state_bytes = state_bytes(*setup);
    answer->cpu_mask = user_cpus(setup->device_index);
}

void open(const wire::CommandBlock &command, Outcome *out)
{
    const wire::SetupBlock *setup = setup_of(command, out);
    if (setup == nullptr)
        return;
    if (const char *defect = defect_of_addresses(*setup, command); defect != nullptr)
        return refuse(out, PTO_ERROR_INVALID_ARGUMENT, "setup: %s", defect);
    if (setup->state_bytes < state_bytes(*setup))
        return refuse(out, PTO_ERROR_INVALID_ARGUMENT, "the state has %llu bytes, and the executor needs %llu",
                      static_cast<unsigned long long>(setup->state_bytes),
                      static_cast<unsigned long long>(state_bytes(*setup)));
    auto *memory = reinterpret_cast<OnboardState *>(setup->state);
    invalidate(memory, setup->state_bytes);
    if (memory->magic != 0)
        return refuse(out, PTO_ERROR_INTERNAL, "the state is in use, or was not cleared");
    auto *state = new (memory) OnboardState(*setup, image_address(), {memory, chip_is_lost});
    if (!state->port.has_loader()) {
        state->port.~LinuxPort();
        return refuse(out, PTO_ERROR_SYSTEM, "the kernel has no memory to load orchestrations into");
    }
    state->executor = LinkedExecutor::create(config_of(*setup), state->port.hooks());
    state->magic = OnboardState::kOpenMagic;
}

bool is_text(const char *text)
{
    for (uint32_t i = 0; i < wire::kMaxSymbolBytes; i++)
        if (text[i] == '\0')
            return i > 0;
    return false;
}

void load(OnboardState &state, const wire::OrchBlock &orch, Outcome *out)
{
    const bool has_config = orch.has_config != 0;
    if (orch.image == 0 || !is_text(orch.entry) || (has_config && !is_text(orch.config)))
        return refuse(out, PTO_ERROR_INVALID_ARGUMENT, "the orchestration has no image, or a symbol without end");
    invalidate(reinterpret_cast<const void *>(orch.image), orch.image_bytes);
    const OrchImage image{orch.callable_id,
                          {orch.entry, has_config ? orch.config : nullptr, orch.tensor_count, orch.scalar_count},
                          reinterpret_cast<const void *>(orch.image),
                          orch.image_bytes};
    out->status = state.executor->orchs().load(image, out->message, sizeof out->message);
}

/// Of a state that is closed nothing is left in caches: the memory is another's.
void close(OnboardState &state)
{
    const uint64_t size = state.setup.state_bytes;
    state.executor->stop();
    state.executor->destroy();
    state.port.~LinuxPort();
    state.magic = 0;
    clean(&state, size);
}

/// Commands that need the executor.
void obey_open(const wire::CommandBlock &command, wire::Outbox *outbox, Outcome *out)
{
    const char *defect = nullptr;
    OnboardState *state = open_state(command, &defect);
    if (state == nullptr)
        return refuse(out, PTO_ERROR_INTERNAL, "%s", defect);
    if (command.command == wire::Command::kClose)
        return close(*state);
    const auto *orch = reinterpret_cast<const wire::OrchBlock *>(command.payload);
    if (orch == nullptr || command.payload % alignof(wire::OrchBlock) != 0)
        return refuse(out, PTO_ERROR_INVALID_ARGUMENT, "the command names no orchestration");
    invalidate(orch, sizeof *orch);
    state->port.speak_to(&outbox->log);
    if (command.command == wire::Command::kLoad)
        load(*state, *orch, out);
    else
        state->executor->orchs().unload(orch->callable_id);
    outbox->answer.orch_loads = state->executor->orchs().loads();
    state->port.speak_to(nullptr);
}

} // namespace
} // namespace pto::inline PTO_ARCH::aicpu

uint32_t pto_onboard_command(void *args)
{
    using namespace pto;
    const wire::CommandBlock *command = aicpu::command_of(args);
    if (command == nullptr)
        return aicpu::kNoCommand;
    if (command->command == wire::Command::kRun)
        return aicpu::kWrongEntry;
    wire::Outbox *outbox = aicpu::open_outbox(*command);
    aicpu::Outcome outcome;
    switch (command->command) {
    case wire::Command::kProbe: aicpu::probe(*command, &outbox->answer, &outcome); break;
    case wire::Command::kOpen: aicpu::open(*command, &outcome); break;
    case wire::Command::kLoad:
    case wire::Command::kUnload:
    case wire::Command::kClose: aicpu::obey_open(*command, outbox, &outcome); break;
    default:
        aicpu::refuse(&outcome, PTO_ERROR_INTERNAL, "there is no command %u", static_cast<uint32_t>(command->command));
    }
    aicpu::answer(*command, outcome);
    return aicpu::kObeyed;
}
