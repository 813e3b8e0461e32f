// SPDX-License-Identifier: Apache-2.0
// How control CPUs and cores meet and part. Every step signals all cores before it waits for any, and all waits of a
// step share one deadline: the slowest core counts, not their number.
#include "aicpu/core_link.h"

namespace pto::inline PTO_ARCH::aicpu {
namespace {

constexpr uint32_t core_type_of(uint32_t core)
{
    return core % kCoresPerCluster == engine::kLaneAic ? PTO_CORE_AIC : PTO_CORE_AIV;
}

} // namespace

wire::ErrorRecord CoreLink::connect()
{
    if (connected_)
        return engine::error_record(PTO_OK); // their loops are past this
    const uint64_t begin_ns = port_.now(port_.self);
    wire::ErrorRecord error = await_reports(begin_ns);
    if (error.status == PTO_OK)
        error = await_all(kCoreIdle, begin_ns, "has reported, but does not open");
    connected_ = error.status == PTO_OK;
    if (!connected_)
        dismiss_all();
    return error;
}

/// Opens each core as soon as it is there.
wire::ErrorRecord CoreLink::await_reports(uint64_t begin_ns)
{
    for (uint32_t i = 0; i < config_.core_count; i++)
        cores_[i].has_reported = false;
    uint32_t missing = config_.core_count;
    for (uint32_t round = 0; missing > 0; round++) {
        const bool is_late = port_.now(port_.self) - begin_ns >= config_.answer_timeout_ns;
        for (uint32_t i = 0; i < config_.core_count; i++) {
            if (cores_[i].has_reported)
                continue;
            if (!is_done(i)) {
                if (!is_late)
                    continue;
                wire::ErrorRecord record = engine::error_record(PTO_ERROR_CORE);
                record.core = static_cast<int32_t>(i);
                engine::print_message(&record, "core %u has not reported itself in %llu ms; %u of %u cores have", i,
                                      static_cast<unsigned long long>(config_.answer_timeout_ns / 1'000'000),
                                      config_.core_count - missing, config_.core_count);
                return record;
            }
            if (const wire::ErrorRecord error = take_report(i); error.status != PTO_OK)
                return error;
            missing--;
        }
        if (missing > 0)
            port_.relax(port_.self, 0, round);
    }
    return engine::error_record(PTO_OK);
}

bool CoreLink::is_done(uint32_t index)
{
    pto_core_line &line = config_.lines[index];
    port_.invalidate(port_.self, &line, sizeof line);
    return std::atomic_ref(line.done).load(std::memory_order_acquire) != 0; // K1
}

/// The core has reported itself; believes nothing of it.
wire::ErrorRecord CoreLink::take_report(uint32_t index)
{
    const pto_core_line &line = config_.lines[index];
    wire::ErrorRecord record = engine::error_record(PTO_ERROR_CORE);
    record.core = static_cast<int32_t>(index);
    if (line.done != index + 1) {
        record.detail = line.done;
        engine::print_message(&record, "the line of core %u was filled in by core %u", index, line.done - 1);
        return record;
    }
    record.detail = line.physical_id;
    if (line.physical_id >= config_.physical_cores) {
        engine::print_message(&record, "core %u says that its physical id is %u, which is not below %u", index,
                              line.physical_id, config_.physical_cores);
        return record;
    }
    for (uint32_t other = 0; other < config_.core_count; other++) {
        if (!cores_[other].has_reported || cores_[other].physical_id != line.physical_id)
            continue;
        engine::print_message(&record, "cores %u and %u both say that their physical id is %u", other, index,
                              line.physical_id);
        return record;
    }
    if (line.core_type != core_type_of(index)) {
        record.detail = line.core_type;
        engine::print_message(&record, "core %u says that its type is %u, and it should be %u", index, line.core_type,
                              core_type_of(index));
        return record;
    }
    open(index);
    return engine::error_record(PTO_OK);
}

/// The core flushes its line when it reports, so its payload's address is written after that.
void CoreLink::open(uint32_t index)
{
    Core &core = cores_[index];
    pto_core_line &line = config_.lines[index];
    core.physical_id = line.physical_id;
    core.has_reported = true;
    core.token = 0;
    line.payload = reinterpret_cast<uint64_t>(&payload(index, 0));
    port_.clean(port_.self, &line, sizeof line);
    if (kArch.registers.fast_path != 0)
        port_.write_register(port_.self, core.physical_id, kArch.registers.fast_path, kFastPathOpen);
    write(core, kControlIdle);
}

/// Waits until every core that has reported says `condition`.
wire::ErrorRecord CoreLink::await_all(uint32_t condition, uint64_t begin_ns, const char *what)
{
    uint32_t index = 0;
    for (uint32_t round = 0; index < config_.core_count; round++) {
        const bool is_late = port_.now(port_.self) - begin_ns >= config_.answer_timeout_ns;
        uint32_t answer = condition;
        while (index < config_.core_count &&
               (!cores_[index].has_reported || (answer = read(cores_[index])) == condition))
            index++;
        if (index == config_.core_count)
            break;
        if (is_late) {
            wire::ErrorRecord record = engine::error_record(PTO_ERROR_CORE);
            record.core = static_cast<int32_t>(index);
            record.detail = answer;
            engine::print_message(&record, "core %u (physical %u) %s: it says 0x%x", index, cores_[index].physical_id,
                                  what, answer);
            return record;
        }
        port_.relax(port_.self, 0, round);
    }
    return engine::error_record(PTO_OK);
}

void CoreLink::dismiss_all()
{
    for (uint32_t i = 0; i < config_.core_count; i++)
        if (cores_[i].has_reported)
            write(cores_[i], kExit);
}

wire::ErrorRecord CoreLink::disconnect()
{
    dismiss_all();
    connected_ = false;
    const wire::ErrorRecord error = await_all(kCoreExited, port_.now(port_.self), "does not leave its loop");
    for (uint32_t i = 0; i < config_.core_count; i++) {
        const Core &core = cores_[i];
        if (!core.has_reported || read(core) != kCoreExited)
            continue;
        write(core, kControlIdle);
        if (kArch.registers.fast_path != 0)
            port_.write_register(port_.self, core.physical_id, kArch.registers.fast_path, kFastPathClose);
    }
    return error;
}

} // namespace pto::inline PTO_ARCH::aicpu
