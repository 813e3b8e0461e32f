// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_AICPU_LINUX_ONBOARD_STATE_H
#define PTO_AICPU_LINUX_ONBOARD_STATE_H

#include "aicpu/linked_executor.h"
#include "aicpu/linux/launch_gate.h"
#include "aicpu/linux/linux_port.h"

namespace pto::inline PTO_ARCH::aicpu {

/// All that the image knows from one launch to the next: it has no variables of its own, since those would outlive the
/// host's session in a process that is not ours. Lies at the beginning of the host's `state`, the executor behind it.
struct OnboardState {
    uint64_t magic; ///< kOpenMagic: open. 0: not open, and nothing else is valid.
    uint64_t image; ///< Address of the image that opened it.
    wire::SetupBlock setup;
    LaunchGate gate;
    LinuxPort port;
    LinkedExecutor *executor;
    wire::Outbox *outbox;       ///< Of the run that is under way.
    wire::CommandBlock command; ///< Likewise.

    static constexpr uint64_t kOpenMagic = 0x3145544154534f50; // "POSTATE1"

    OnboardState(const wire::SetupBlock &of, uint64_t image_address, const LinuxPort::Listener &listener)
        : magic(0), image(image_address), setup(of), gate(), port(setup, listener), executor(nullptr), outbox(nullptr),
          command()
    {
    }
};

/// Bytes before the executor's memory.
inline constexpr uint64_t kStateHeadBytes = (sizeof(OnboardState) + 63) / 64 * 64;

/// The executor's configuration; of `memory` nothing while there is no state.
pto_firmware_config config_of(const wire::SetupBlock &setup);

/// A command that can be obeyed. nullptr: the arguments name none.
const wire::CommandBlock *command_of(const void *args);
/// The open state of a command, or nullptr and why there is none.
OnboardState *open_state(const wire::CommandBlock &command, const char **out_defect);

/// What came of a command, in parts.
struct Outcome {
    pto_status status = PTO_OK;
    char message[sizeof(wire::AnswerBlock::message)] = {};
};

/// Before anything is written to it.
wire::Outbox *open_outbox(const wire::CommandBlock &command);
/// Completes the answer and hands the outbox over to the host.
void answer(const wire::CommandBlock &command, const Outcome &outcome);
/// The same for a command that several threads refuse: the first does.
void answer_once(const wire::CommandBlock &command, const Outcome &outcome);
/// Formats what went wrong.
void refuse(Outcome *out, pto_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/// Values of the image's functions; the vendor's software gives meanings of its own to 101 and 201.
inline constexpr uint32_t kObeyed = 0;     ///< The answer is in the outbox.
inline constexpr uint32_t kNoCommand = 1;  ///< There is no command to read.
inline constexpr uint32_t kWrongEntry = 2; ///< The command is the other function's.

/// Tells images apart, and one image at two addresses.
uint64_t image_address();

} // namespace pto::inline PTO_ARCH::aicpu

#endif
