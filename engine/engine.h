// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_ENGINE_H
#define PTO_ENGINE_ENGINE_H

#include "engine/base/hot.h"
#include "engine/deferred_list.h"
#include "engine/error_latch.h"
#include "engine/gate.h"
#include "engine/heap.h"
#include "engine/port.h"
#include "engine/ready_queue.h"
#include "engine/scope_memory.h"
#include "engine/scope_stack.h"
#include "engine/task_store.h"
#include "engine/tensor_map.h"
#include "engine/wire/run_blocks.h"

namespace pto::inline PTO_ARCH::engine {

/// Threads that may complete tasks: one per core, and the owner.
inline constexpr uint32_t kMaxWorkers = kMaxCores + 1;

/// Capacities of one arena. All are counts of records; memory is touched up to the high-water marks only.
struct Geometry {
    uint32_t max_tasks;
    uint32_t max_buffers;
    uint32_t max_nodes;
    uint32_t max_readers;
    uint32_t max_edges;
    uint32_t payload_lines;
    uint32_t max_deferred;
    uint64_t scope_memory_bytes; ///< A descriptor for each buffer.

    /// Proportions that let the task count be the limit that graphs of ordinary degree reach first.
    static constexpr Geometry of_tasks(uint32_t max_tasks)
    {
        return {
            .max_tasks = max_tasks,
            .max_buffers = 2 * max_tasks + PTO_MAX_RUN_TENSORS,
            .max_nodes = 4 * max_tasks + 2 * PTO_MAX_RUN_TENSORS,
            .max_readers = 4 * max_tasks + PTO_MAX_RUN_TENSORS,
            .max_edges = 8 * max_tasks + 1024,
            .payload_lines = 8 * max_tasks + 128,
            .max_deferred = 2 * max_tasks + PTO_KERNEL_MAX_COMPLETIONS * kMaxCores,
            .scope_memory_bytes = (2 * uint64_t{max_tasks} + PTO_MAX_RUN_TENSORS) * sizeof(pto_tensor),
        };
    }
};

/// What one completing thread writes. Read by the owner.
struct alignas(64) WorkerCount {
    std::atomic<uint64_t> tasks;   ///< D5: release after the task's effects, the owner reads with acquire.
    std::atomic<uint64_t> kernels; ///< Kernel instances.
    std::atomic<uint64_t> skipped; ///< Tasks whose predicate did not hold.
    std::atomic<uint64_t> joins;   ///< Of `tasks`, those that are not the orchestration's.
};

/// Ready queues: one per shape, and one for tasks whose blocks start together, whatever their shape.
inline constexpr uint32_t kCohortQueue = kShapeCount;
inline constexpr uint32_t kReadyQueueCount = kShapeCount + 1;

inline uint32_t queue_of(const TaskSlot &slot)
{
    return (slot.flags & kSyncStart) != 0 ? kCohortQueue : static_cast<uint32_t>(slot.shape);
}

/// All state of the runs on one device: they follow each other, and a reset between them costs nothing that grows with
/// the last one. The owner (orchestration) thread builds the graph, workers complete tasks.
struct Engine {
    TaskStore tasks;
    TensorMap map;
    Heap heap;
    ScopeStack scopes;
    ScopeMemory scope_memory;
    ErrorLatch error;
    ReadyQueue ready[kReadyQueueCount];
    DeferredList deferred;
    WorkerCount counts[kMaxWorkers];
    std::atomic<uint32_t> engaged; ///< Entries of `counts` in use: workers below this may complete tasks.
    GateKeeper gate;               ///< Whether the owner, which is worker 0, is alone.
    bool reclaims_at_once;         ///< What worker 0 completes is taken back at once, not by way of the retired stack.
    std::atomic<bool> recycling;   ///< Completed slots go back to the owner; off once nothing more is submitted.
    std::atomic<uint64_t> submitted; ///< Written by the owner; others watch it for progress.
    uint64_t joins;                  ///< Submitted tasks that are not the orchestration's. Owner only.
    uint64_t first_ordinal;          ///< Number of the first task: a run may have been launched before. Owner only.
    std::atomic<bool> abandoned;     ///< A task will never complete: nobody may wait for it any more.
    uint64_t heap_base;
    uint64_t heap_bytes;
    uint64_t memory_base; ///< Device memory, the heap included: no tensor may point elsewhere.
    uint64_t memory_bytes;
    Port port;

    /// Bytes of arena that `geometry` needs.
    static std::size_t layout_bytes(const Geometry &geometry);
    /// Lays the engine out in an arena of that many bytes.
    void layout(void *arena, const Geometry &geometry);

    /// Begins a run in which the workers below `workers` take part from the start.
    void reset(uint32_t workers);
    /// Any worker, before it completes its first task of a run.
    void engage(uint32_t worker);

    /// Tasks submitted and not complete.
    uint64_t outstanding() const;

    /// What a worker has to reckon with.
    Sharing sharing(uint32_t worker) const { return worker == 0 ? gate.sharing() : Sharing::kShared; }

    /// Makes a task that waits for nothing available to the workers. Any thread.
    void push_ready(TaskSlot &slot, Sharing sharing = Sharing::kShared)
    {
        ready[queue_of(slot)].push(&tasks[0], tasks.index_of(slot), sharing);
    }

    /// Marks a task complete: consumers that waited for it alone become ready, except one that is returned for the
    /// caller to run next (nullptr: none). Any worker, once per task.
    inline TaskSlot *complete(uint32_t worker, TaskSlot &slot);

    /// Takes back what a completed task held: slot, arguments, edges, and its share in buffers. Owner only.
    void reclaim(TaskSlot &slot);
    /// Takes back what all retired tasks held. Owner only.
    void drain_retired()
    {
        if (tasks.has_retired())
            reclaim_retired();
    }
    /// One user less of a buffer, which is freed with the last one. Owner only.
    void release_buffer(uint32_t index)
    {
        Buffer &buffer = map[index];
        if (!buffer.is_external() && --buffer.refs == 0)
            free_buffer(index);
    }

    void fill_report(wire::ReportBlock *report) const;
    /// Of a report, what any thread may ask for while others work: how much is done.
    void count_work(wire::ReportBlock *report) const;

private:
    void reclaim_retired();
    void free_buffer(uint32_t index);
};

PTO_HOT TaskSlot *Engine::complete(uint32_t worker, TaskSlot &slot)
{
    const Sharing by = sharing(worker);
    TaskSlot *next = nullptr;
    uint32_t pushed = 0;
    tasks.close_edges(slot, by, [&](TaskSlot &consumer) {
        if (next == nullptr) {
            next = &consumer;
        } else {
            push_ready(consumer, by);
            pushed++;
        }
    });
    if ((slot.flags & kJoin) != 0) {
        std::atomic<uint64_t> &completed_joins = counts[worker].joins;
        store_relaxed(completed_joins, load_relaxed(completed_joins) + 1);
    }
    if (load_relaxed(recycling)) {
        if (worker == 0 && reclaims_at_once)
            reclaim(slot);
        else
            tasks.retire(slot);
    }
    std::atomic<uint64_t> &completed = counts[worker].tasks;
    store_release(completed, load_relaxed(completed) + 1); // D5: this worker is the only writer
    if (pushed > 0)
        port.work_ready(port.self, pushed);
    return next;
}

} // namespace pto::inline PTO_ARCH::engine

#endif
