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

void StallView::add(const RunningKernel &kernel)
{
    running++;
    if (task != PTO_NO_TASK && task <= kernel.task)
        return;
    task = kernel.task;
    func_id = kernel.func_id;
    core = kernel.core;
}

/// Takes a ready task, because a task in the queue may be somebody else's at any moment, and puts it back.
void look_at_ready(engine::Engine &engine, const Scheduler &scheduler, StallView *view)
{
    view->is_ready = view->is_ready || scheduler.has_ready();
    for (engine::ReadyQueue &queue : engine.ready) {
        const uint32_t index = queue.pop(&engine.tasks[0]);
        if (index == engine::kNone)
            continue;
        engine::TaskSlot &slot = engine.tasks[index];
        const bool is_mix = slot.shape == engine::Shape::kMix;
        view->is_ready = true;
        view->ready_task = slot.ordinal;
        for (const int16_t func_id : slot.func_id)
            view->ready_func_id = func_id >= 0 ? func_id : view->ready_func_id;
        view->cores_needed = is_mix ? engine::lane_count(slot) : slot.shape == engine::Shape::kNoCore ? 0 : 1;
        view->cores_idle = scheduler.cores().idle_for(slot.shape, slot.lane_mask);
        engine.push_ready(slot);
        return;
    }
}

void look_at_deferred(engine::Engine &engine, StallView *view)
{
    view->completions = engine.deferred.count();
    if (view->completions == 0 || !engine.deferred.try_lock())
        return;
    if (const engine::DeferredList::Entry *entry = engine.deferred.any(); entry != nullptr)
        view->deferred_task = engine.tasks[entry->slot].ordinal;
    engine.deferred.unlock();
}

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
