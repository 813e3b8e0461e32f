// SPDX-License-Identifier: Apache-2.0
// Kernels to cores and back. How cores are met is in core_handshake.cpp.
#include "aicpu/core_link.h"

namespace pto::inline PTO_ARCH::aicpu {
namespace {

/// Polls without an acknowledgement before the clock is read for the first time, and between readings: a core answers
/// within a few, and the clock costs more than a poll on some machines.
constexpr uint32_t kPollsBeforeClock = 256;

/// Cores that a worker looks at between two kernels that it sends: a look takes about 100 ns on the chip, sending a
/// kernel some thousand. When nothing could be sent since it last looked, it looks at all of them, for it is about to
/// let time pass.
constexpr uint32_t kPollsBesideWork = 4;

} // namespace

std::size_t CoreLink::layout_bytes(uint32_t core_count)
{
    Carver carver(nullptr);
    carver.take<Core>(core_count);
    carver.take<CorePayload>(2 * std::size_t{core_count});
    return carver.used_bytes();
}

void CoreLink::layout(Carver &carver, const Config &config, const Listener &listener)
{
    config_ = config;
    listener_ = listener;
    cores_ = carver.take<Core>(config.core_count);
    payloads_ = carver.take<CorePayload>(2 * std::size_t{config.core_count});
    for (uint32_t i = 0; i < config.core_count; i++)
        store_relaxed(cores_[i].kernel, kNoKernel);
}

/// All that the core reads is written and cleaned before the token is.
void CoreLink::fill(CorePayload &payload, const LaneRun &run)
{
    engine::TaskSlot &slot = *run.slot;
    payload.entry = run.entry;
    payload.tensor_count = slot.tensor_count;
    fill_arguments(engine_, slot, payload.args);
    payload.args[PTO_KERNEL_LOCAL_CONTEXT] = reinterpret_cast<int64_t>(&payload.local);
    payload.args[PTO_KERNEL_GLOBAL_CONTEXT] = reinterpret_cast<int64_t>(&payload.global);
    payload.local.block_idx = static_cast<int32_t>(run.block);
    payload.local.block_num = static_cast<int32_t>(slot.block_num);
    payload.local.async = payload.completions.context(engine_.tasks.id_of(slot).bits);
    payload.global.sub_block_id = sub_block_id(run.lane);
    port_.clean(port_.self, &payload, CorePayload::kControlBytes);
    if (slot.tensor_count != 0)
        port_.clean(port_.self, reinterpret_cast<const void *>(payload.args[0]),
                    slot.tensor_count * sizeof(pto_tensor));
}

void CoreLink::send(uint32_t worker, const LaneRun &run)
{
    Core &core = cores_[run.core];
    Share &share = shares_[worker];
    const uint32_t token = next_token(core.token);
    fill(payload(run.core, token), run);
    core.run = run;
    core.previous = core.token == 0 ? kCoreIdle : core.token | kFinished;
    core.token = token;
    core.has_acknowledged = false;
    core.silent_polls = 0;
    store_relaxed(core.kernel, std::bit_cast<uint64_t>(RunningKernel{run.slot->ordinal, run.slot->func_id[run.lane],
                                                                     static_cast<int16_t>(run.core)}));
    share.cores[share.count++] = static_cast<uint8_t>(run.core);
    store_relaxed(share.sent, load_relaxed(share.sent) + 1);
    write(core, token);
}

bool CoreLink::poll(uint32_t worker)
{
    Share &share = shares_[worker];
    uint32_t looks = share.count;
    const uint64_t sent = load_relaxed(share.sent);
    if (looks > kPollsBesideWork && sent != share.sent_at_poll)
        looks = kPollsBesideWork;
    share.sent_at_poll = sent;
    for (; looks > 0 && !load_relaxed(engine_.abandoned); looks--) {
        share.cursor = share.cursor + 1 < share.count ? share.cursor + 1 : 0;
        if (look(worker, share.cores[share.cursor]))
            return true;
    }
    return false;
}

/// True: the core has finished its kernel, and is not this worker's any more.
bool CoreLink::look(uint32_t worker, uint32_t index)
{
    Core &core = cores_[index];
    const uint32_t answer = read(core);
    if (answer == (core.token | kFinished)) {
        finish(worker, index);
        return true;
    }
    if (answer == core.token) {
        core.has_acknowledged = true;
        return false;
    }
    // Until it has seen the token, it says what it said before.
    if (core.has_acknowledged || answer != core.previous || !is_patient(core))
        lose(index, answer);
    return false;
}

/// Counts a poll without an acknowledgement; false: there have been none for too long.
bool CoreLink::is_patient(Core &core)
{
    if (++core.silent_polls % kPollsBeforeClock != 0)
        return true;
    const uint64_t now = port_.now(port_.self);
    if (core.silent_polls == kPollsBeforeClock)
        core.silent_since_ns = now;
    return now - core.silent_since_ns < config_.answer_timeout_ns;
}

/// Nothing of the core may be touched once the scheduler knows: it is free then.
void CoreLink::finish(uint32_t worker, uint32_t index)
{
    Core &core = cores_[index];
    Share &share = shares_[worker];
    share.cores[share.cursor] = share.cores[--share.count];
    store_relaxed(core.kernel, kNoKernel);
    const LaneRun run = core.run;
    CompletionSlab &slab = payload(index, core.token).completions;
    port_.invalidate(port_.self, &slab, offsetof(CompletionSlab, entries));
    if (slab.is_empty())
        return scheduler_.lane_done(worker, run);
    port_.invalidate(port_.self, &slab, sizeof slab);
    scheduler_.lane_returned(worker, run, slab);
}

void CoreLink::lose(uint32_t index, uint32_t answer)
{
    const Core &core = cores_[index];
    const engine::TaskSlot &slot = *core.run.slot;
    wire::ErrorRecord record = engine::error_record(PTO_ERROR_CORE);
    record.task = slot.ordinal;
    record.func_id = slot.func_id[core.run.lane];
    record.core = static_cast<int32_t>(index);
    record.detail = answer;
    if (!core.has_acknowledged && answer == core.previous)
        engine::print_message(&record, "core %u (physical %u) does not acknowledge token 0x%x of task %u", index,
                              core.physical_id, core.token, slot.ordinal);
    else
        engine::print_message(&record, "core %u (physical %u) was given token 0x%x of task %u and answers 0x%x", index,
                              core.physical_id, core.token, slot.ordinal, answer);
    listener_.lost(listener_.self, record);
}

uint64_t CoreLink::sent() const
{
    uint64_t sum = 0;
    for (const Share &share : shares_)
        sum += load_relaxed(share.sent);
    return sum;
}

void CoreLink::look_at_kernels(StallView *view) const
{
    for (uint32_t i = 0; i < config_.core_count; i++)
        if (const uint64_t kernel = load_relaxed(cores_[i].kernel); kernel != kNoKernel)
            view->add(std::bit_cast<RunningKernel>(kernel));
}

} // namespace pto::inline PTO_ARCH::aicpu
