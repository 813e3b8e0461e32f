// SPDX-License-Identifier: Apache-2.0
#include "aicpu/stall.h"

#include "engine/base/format.h"

namespace pto::inline PTO_ARCH::aicpu {
namespace {

wire::Stall classify(const StallView &view)
{
    if (view.running > 0)
        return wire::Stall::kRunning;
    if (view.is_ready)
        return wire::Stall::kReady;
    if (view.completions > 0)
        return wire::Stall::kCompletion;
    // While things move, tasks that wait say nothing: what they wait for may be about to come.
    if (view.outstanding > 0 && view.is_quiet)
        return wire::Stall::kDependency;
    return view.is_orchestrating ? wire::Stall::kOrchestration : wire::Stall::kNone;
}

__attribute__((format(printf, 3, 4))) std::size_t print(char *out, std::size_t capacity, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    const std::size_t size = format_text(out, capacity, format, values);
    va_end(values);
    return size;
}

/// Writes the message: how long, then what.
template <class... Values>
void describe(const StallView &view, wire::ErrorRecord *record, const char *format, Values... values)
{
    const std::size_t size = print(record->message, sizeof record->message,
                                   "%s %.3f s: ", view.is_stalled ? "no progress for" : "the run has taken",
                                   static_cast<double>(view.elapsed_ns) * 1e-9);
    print(record->message + size, sizeof record->message - size, format, values...);
}

void describe_running(const StallView &view, wire::ErrorRecord *record)
{
    record->task = view.task;
    record->func_id = view.func_id;
    record->core = view.core;
    const auto task = static_cast<unsigned long long>(view.task);
    if (!view.is_ready || view.cores_idle >= view.cores_needed)
        return describe(view, record, "task %llu (kernel %d on core %d) did not return; %u kernels are running", task,
                        view.func_id, view.core, view.running);
    record->resource = wire::Resource::kCores;
    record->needed = view.cores_needed;
    record->available = view.cores_idle;
    describe(view, record,
             "task %llu (kernel %d on core %d) did not return; %u kernels are running, and task %llu waits for a core",
             task, view.func_id, view.core, view.running, static_cast<unsigned long long>(view.ready_task));
}

void describe_ready(const StallView &view, wire::ErrorRecord *record)
{
    record->task = view.ready_task;
    record->func_id = view.ready_func_id;
    record->resource = wire::Resource::kCores;
    record->needed = view.cores_needed;
    record->available = view.cores_idle;
    describe(view, record, "task %llu (kernel %d) is ready and needs %u cores, %u are idle, and no kernel is running",
             static_cast<unsigned long long>(view.ready_task), view.ready_func_id, view.cores_needed, view.cores_idle);
}

} // namespace

wire::ErrorRecord stall_record(const StallView &view)
{
    wire::ErrorRecord record = engine::error_record(PTO_ERROR_TIMEOUT);
    record.stall = classify(view);
    const auto outstanding = static_cast<unsigned long long>(view.outstanding);
    switch (record.stall) {
    case wire::Stall::kRunning: describe_running(view, &record); break;
    case wire::Stall::kReady: describe_ready(view, &record); break;
    case wire::Stall::kCompletion:
        record.task = view.deferred_task;
        describe(view, &record,
                 "task %llu waits for a counter that it deferred its completion to; %u counters have not come",
                 static_cast<unsigned long long>(view.deferred_task), view.completions);
        break;
    case wire::Stall::kDependency:
        describe(view, &record, "%llu tasks wait for each other or for a task that was never submitted", outstanding);
        break;
    case wire::Stall::kOrchestration:
        describe(view, &record, "the orchestration did not return; %llu tasks are not complete", outstanding);
        break;
    case wire::Stall::kNone: describe(view, &record, "tasks were still completing; %llu are left", outstanding); break;
    }
    return record;
}

} // namespace pto::inline PTO_ARCH::aicpu
