// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_ONBOARD_VENDOR_COMMAND_LINK_H
#define PTO_HOST_ONBOARD_VENDOR_COMMAND_LINK_H

#include "engine/wire/onboard_blocks.h"
#include "host/onboard/vendor/core_image.h"
#include "host/onboard/vendor/device_streams.h"
#include "host/onboard/vendor/executor_image.h"
#include "host/onboard/vendor/timeouts.h"

#include <vector>

namespace pto::vendor {

/// A command for the executor.
struct CommandRequest {
    wire::Command command;
    uint32_t block_count; ///< Threads to launch.
    const void *payload;
    std::size_t payload_bytes;
};

/// Commands to the executor and its answers, one at a time. Blocks lie in one piece of device memory: what the host
/// writes goes there in one copy, what came of it is read in one.
class CommandLink {
public:
    struct Parts {
        Session &session;
        DeviceStreams &streams;
        ExecutorImage &executor;
        CoreImage &cores;
    };
    explicit CommandLink(const Parts &parts) : parts_(parts) {}

    /// What `bind` needs.
    static uint64_t memory_bytes(uint32_t cluster_count);
    /// The memory, and how long to wait.
    void bind(uint64_t address, uint32_t cluster_count, const Timeouts &timeouts);

    /// Where the cores report themselves.
    uint64_t core_lines() const { return address_ + kCoreLines; }
    /// What commands say of the device from now on.
    pto_status set_up(const wire::SetupBlock &setup, host::DeviceFailure *failure);

    /// Sends a command and waits for its end. What the vendor says against it is remembered in the session, and the
    /// device is not to be used then. False: there is no answer.
    bool execute(const CommandRequest &request);

    /// Of the last command that was answered.
    const wire::AnswerBlock &answer() const { return outbox().answer; }
    const wire::ReportBlock &report() const { return outbox().report; }

private:
    /// The unit of the blocks: what they are aligned to.
    struct alignas(64) Line {
        std::byte bytes[64];
    };

    static constexpr uint64_t kCommand = sizeof(wire::SetupBlock);
    static constexpr uint64_t kPayload = kCommand + sizeof(wire::CommandBlock);
    static constexpr uint64_t kPayloadBytes = 1024;
    static constexpr uint64_t kCoreLaunch = kPayload + kPayloadBytes;
    static constexpr uint64_t kCoreLines = kCoreLaunch + sizeof(wire::CoreLaunchBlock);
    static_assert(sizeof(wire::OrchBlock) <= kPayloadBytes && sizeof(wire::LaunchBlock) <= kPayloadBytes);

    static uint64_t outbox_offset(uint32_t cluster_count);
    const wire::Outbox &outbox() const;
    void write_blocks(const CommandRequest &request);
    bool copy_to_device();
    bool launch(const CommandRequest &request);
    bool wait_for_control();
    bool read_head();
    bool read_answer();
    void deliver_log();
    bool has_answer() const;

    const Parts parts_;
    uint64_t address_ = 0;
    uint32_t cluster_count_ = 0;
    Timeouts timeouts_{};
    uint64_t state_ = 0;
    uint64_t last_session_ = 0;
    std::vector<Line> blocks_; ///< The same as on the device.
};

} // namespace pto::vendor

#endif
