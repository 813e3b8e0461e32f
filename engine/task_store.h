// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_TASK_STORE_H
#define PTO_ENGINE_TASK_STORE_H

#include "engine/index_pool.h"
#include "engine/payload_pool.h"
#include "engine/task.h"

namespace pto::inline PTO_ARCH::engine {

/// Slots, arguments and edges of all live tasks. The owner thread allocates and frees; workers hand completed slots
/// back through a stack that the owner drains, so no long-lived task holds up the slots of later ones.
class TaskStore {
public:
    void layout(Carver &carver, uint32_t max_tasks, uint32_t payload_lines, uint32_t max_edges);
    void reset();

    TaskSlot &operator[](uint32_t index) { return slots_[index]; }
    uint32_t index_of(const TaskSlot &slot) const { return static_cast<uint32_t>(&slot - slots_); }
    TaskId id_of(const TaskSlot &slot) const { return TaskId::of(index_of(slot), slot.generation); }

    /// A slot in state "building", nullptr when all are taken. Owner only, like everything down to push_edge.
    TaskSlot *allocate();
    void free(TaskSlot &slot);
    /// The task if it has not completed, else nullptr.
    TaskSlot *find_live(TaskId id);
    /// An id that names no task, for buffers that are allocated without one.
    TaskId make_orphan_id() { return TaskId::of(kNone - 1, next_generation()); }

    PayloadPool payload;

    enum class Push { kAdded, kComplete, kExhausted };
    /// Makes `consumer` wait for `producer`, unless that has completed.
    Push push_edge(TaskSlot &producer, uint32_t consumer);
    /// Gives back the edges of a retired slot.
    void reclaim_edges(TaskSlot &slot);

    /// Closes a task's edge list and calls ready(consumer) for each consumer that waited for nothing else. Any worker.
    template <class Ready> void close_edges(TaskSlot &slot, Ready &&ready);

    /// Hands a completed slot to the owner. Any worker; the slot may be reused at once.
    void retire(TaskSlot &slot);
    /// Takes all retired slots: the first of a chain linked through `next`, kNone when there are none. Owner only.
    uint32_t take_retired();

    uint32_t capacity() const { return capacity_; }
    uint32_t used() const { return used_; }
    uint32_t peak() const { return peak_; }
    const IndexPool<Edge> &edges() const { return edges_; }
    uint64_t edges_pushed() const { return edges_pushed_; }

private:
    uint32_t next_generation()
    {
        if (++generation_ == kNone) // kNone and 0 are never a generation: "no task", "never used"
            generation_ = 1;
        return generation_;
    }

    TaskSlot *slots_ = nullptr;
    uint32_t capacity_ = 0;
    uint32_t bump_ = 0;
    uint32_t used_ = 0;
    uint32_t peak_ = 0;
    uint32_t free_head_ = kNone;
    uint32_t generation_ = 0;
    IndexPool<Edge> edges_;
    uint64_t edges_pushed_ = 0;
    alignas(64) std::atomic<uint32_t> retired_{kNone}; ///< D3: workers push with release, the owner takes with acquire.
};

template <class Ready> void TaskStore::close_edges(TaskSlot &slot, Ready &&ready)
{
    // D2: acquires the edges that the owner pushed, and releases what the task wrote to whoever meets CLOSED.
    const uint32_t head = exchange_acq_rel(slot.fan_out, kFanOutClosed);
    slot.edge_head = head;
    for (uint32_t at = head; at != kFanOutOpen; at = edges_[at].next) {
        TaskSlot &consumer = slots_[edges_[at].consumer];
        // D1: the last producer acquires what the others released.
        if (fetch_sub_acq_rel(consumer.fan_in, 1) == 1)
            ready(consumer);
    }
}

} // namespace pto::inline PTO_ARCH::engine

#endif
