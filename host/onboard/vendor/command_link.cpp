// SPDX-License-Identifier: Apache-2.0
#include "host/onboard/vendor/command_link.h"

#include "host/clock.h"
#include "pto/pto.h"

#include <algorithm>
#include <cstring>

namespace pto::vendor {
namespace {

constexpr uint64_t kCoreLineBytes = 64;
constexpr uint32_t kClusterCores = 3;

/// Of the outbox, what is read in any case: all but the lines of the log.
constexpr uint64_t kOutboxHeadBytes = offsetof(wire::Outbox, log) + offsetof(wire::LogArea, lines);

/// Cores leave their loop at once when they are told to. If nobody tells them, waiting does not help.
constexpr uint64_t kShortWaitNs = 1'000'000'000;

/// How often a launch that takes longer than a stall is looked at.
constexpr uint64_t kLookNs = 1'000'000'000;

/// The executor has found out that the device is not well.
bool is_fault(pto_status status)
{
    return status == PTO_ERROR_TIMEOUT || status == PTO_ERROR_KERNEL_FAULT || status == PTO_ERROR_DEVICE_FAULTED ||
           status == PTO_ERROR_CORE || status == PTO_ERROR_EXECUTOR;
}

} // namespace

uint64_t CommandLink::outbox_offset(uint32_t cluster_count)
{
    return kCoreLines + cluster_count * kClusterCores * kCoreLineBytes;
}

uint64_t CommandLink::memory_bytes(uint32_t cluster_count)
{
    return outbox_offset(cluster_count) + sizeof(wire::Outbox);
}

void CommandLink::bind(uint64_t address, uint32_t cluster_count, const Timeouts &timeouts)
{
    address_ = address;
    cluster_count_ = cluster_count;
    timeouts_ = timeouts;
    blocks_.assign(memory_bytes(cluster_count) / sizeof(Line) + 1, Line{});
}

const wire::Outbox &CommandLink::outbox() const
{
    const auto *base = reinterpret_cast<const std::byte *>(blocks_.data());
    return *reinterpret_cast<const wire::Outbox *>(base + outbox_offset(cluster_count_));
}

pto_status CommandLink::set_up(const wire::SetupBlock &setup, host::DeviceFailure *failure)
{
    state_ = setup.state;
    Session &session = parts_.session;
    return session.check(
        "aclrtMemcpy",
        session.f.aclrtMemcpy(reinterpret_cast<void *>(address_), sizeof setup, &setup, sizeof setup, kToDevice),
        failure);
}

/// Everything but the setup is written anew: lines of cores and outbox are zero before each launch.
void CommandLink::write_blocks(const CommandRequest &request)
{
    auto *base = reinterpret_cast<std::byte *>(blocks_.data());
    std::memset(base + kCommand, 0, outbox_offset(cluster_count_) + kOutboxHeadBytes - kCommand);
    wire::CommandBlock block{};
    block.magic = wire::kCommandMagic;
    block.version = wire::kOnboardVersion;
    block.command = request.command;
    block.block_count = request.block_count;
    block.session = ++last_session_;
    block.setup = address_;
    block.state = state_;
    block.payload = request.payload_bytes == 0 ? 0 : address_ + kPayload;
    block.outbox = address_ + outbox_offset(cluster_count_);
    std::memcpy(base + kCommand, &block, sizeof block);
    if (request.payload_bytes != 0)
        std::memcpy(base + kPayload, request.payload, request.payload_bytes);
    wire::CoreLaunchBlock cores{};
    cores.core_lines = core_lines();
    cores.cluster_count = cluster_count_;
    std::memcpy(base + kCoreLaunch, &cores, sizeof cores);
}

bool CommandLink::copy_to_device()
{
    const Session &session = parts_.session;
    const auto *base = reinterpret_cast<const std::byte *>(blocks_.data());
    const uint64_t size_bytes = outbox_offset(cluster_count_) + kOutboxHeadBytes - kCommand;
    return parts_.session.note("aclrtMemcpy",
                               session.f.aclrtMemcpy(reinterpret_cast<void *>(address_ + kCommand), size_bytes,
                                                     base + kCommand, size_bytes, kToDevice));
}

/// Cores first: they wait for the control CPUs, which would time out if the cores came late.
bool CommandLink::launch(const CommandRequest &request)
{
    const bool is_run = request.command == wire::Command::kRun;
    if (is_run && !parts_.cores.launch(cluster_count_, parts_.streams.cores(), address_ + kCoreLaunch))
        return false;
    return parts_.session.note(
        "rtsLaunchCpuKernel",
        parts_.executor.launch(is_run, request.block_count, parts_.streams.control(), address_ + kCommand));
}

bool CommandLink::execute(const CommandRequest &request)
{
    Session &session = parts_.session;
    session.first_error().reset(); // of this command, from here on
    write_blocks(request);
    if (!copy_to_device() || !launch(request)) {
        session.set_unusable(); // what has been launched waits for what has not
        return false;
    }
    const bool is_complete = wait_for_control();
    const bool is_answered = read_answer();
    bool is_well = is_complete && is_answered && !is_fault(answer().status) && !is_fault(report().error.status);
    if (request.command == wire::Command::kRun) {
        const uint64_t limit_ns = is_well ? timeouts_.sync_ns : kShortWaitNs;
        const int number = session.f.aclrtSynchronizeStreamWithTimeout(parts_.streams.cores(), milliseconds(limit_ns));
        // That cores do not come back is no news when nobody has told them to.
        if (is_well || number != kSyncTimeout)
            is_well = session.note("aclrtSynchronizeStreamWithTimeout", number) && is_well;
    }
    if (!is_well)
        session.set_unusable();
    return is_answered;
}

/// The executor that gives a run up says so at once, but an orchestration that does not return keeps its thread. So the
/// answer is looked for once there has been time for it. False: the launch did not end, or not well.
bool CommandLink::wait_for_control()
{
    Session &session = parts_.session;
    uint64_t slice_ns = timeouts_.stall_ns + kReportNs;
    for (uint64_t waited_ns = 0;;) {
        slice_ns = std::min(slice_ns, timeouts_.sync_ns - waited_ns);
        const uint64_t begin_ns = host::now_ns();
        const int number =
            session.f.aclrtSynchronizeStreamWithTimeout(parts_.streams.control(), milliseconds(slice_ns));
        waited_ns += slice_ns;
        const bool is_over = host::now_ns() - begin_ns < slice_ns || waited_ns >= timeouts_.sync_ns;
        if (number != kSyncTimeout || is_over)
            return session.note("aclrtSynchronizeStreamWithTimeout", number);
        if (!read_head() || has_answer())
            return false;
        slice_ns = kLookNs;
    }
}

/// What came of the command, but for the log.
bool CommandLink::read_head()
{
    Session &session = parts_.session;
    auto *base = reinterpret_cast<std::byte *>(blocks_.data());
    const uint64_t offset = outbox_offset(cluster_count_);
    const int number =
        session.f.aclrtMemcpy(base + offset, kOutboxHeadBytes, reinterpret_cast<const void *>(address_ + offset),
                              kOutboxHeadBytes, kFromDevice);
    return session.note("aclrtMemcpy", number);
}

bool CommandLink::read_answer()
{
    if (!read_head())
        return false;
    deliver_log();
    return has_answer();
}

bool CommandLink::has_answer() const
{
    return answer().magic == wire::kAnswerMagic && answer().version == wire::kOnboardVersion &&
           answer().session == last_session_;
}

void CommandLink::deliver_log()
{
    Session &session = parts_.session;
    const uint32_t count = outbox().log.count;
    if (count == 0)
        return;
    const uint32_t kept = count < wire::kMaxLogLines ? count : wire::kMaxLogLines;
    auto *base = reinterpret_cast<std::byte *>(blocks_.data());
    const uint64_t offset = outbox_offset(cluster_count_) + kOutboxHeadBytes;
    const uint64_t size_bytes = kept * sizeof(wire::LogLine);
    const int number = session.f.aclrtMemcpy(
        base + offset, size_bytes, reinterpret_cast<const void *>(address_ + offset), size_bytes, kFromDevice);
    if (!session.note("aclrtMemcpy", number))
        return;
    for (uint32_t i = 0; i < kept; i++) {
        wire::LogLine line = outbox().log.lines[i];
        line.text[sizeof line.text - 1] = '\0';
        session.write_log(line.level, line.text);
    }
    if (count > kept)
        session.log(PTO_LOG_WARN, "%u more lines of the executor were lost", count - kept);
}

} // namespace pto::vendor
