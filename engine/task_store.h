// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_TASK_STORE_H
#define PTO_ENGINE_TASK_STORE_H

#include "engine/base/hot.h"
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
    Push push_edge(TaskSlot &producer, uint32_t consumer, Sharing sharing = Sharing::kShared);
    /// Gives back the edges of a retired slot.
    void reclaim_edges(TaskSlot &slot);

    /// Closes a task's edge list and calls ready(consumer) for each consumer that waited for nothing else. Any worker.
    template <class Ready> void close_edges(TaskSlot &slot, Sharing sharing, Ready &&ready);

    /// Hands a completed slot to the owner. Any worker; the slot may be reused at once.
    void retire(TaskSlot &slot);
    bool has_retired() const { return load_relaxed(retired_) != kNone; }
    /// Takes all retired slots: the first of a chain linked through `next`, kNone when there are none. Owner only.
    uint32_t take_retired();

    /// Until the next reset the slots, payload and edges of this run are those of an instance of a graph.
    void lend(TaskSlot *slots, uint32_t tasks, std::byte *payload_lines, Edge *edges, uint32_t edge_count);

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
    TaskSlot *own_slots_ = nullptr;
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

inline TaskSlot *TaskStore::allocate()
{
    uint32_t index = free_head_;
    if (index != kNone)
        free_head_ = load_relaxed(slots_[index].next);
    else if (bump_ < capacity_)
        index = bump_++;
    else
        return nullptr;
    used_++;
    peak_ = used_ > peak_ ? used_ : peak_;
    TaskSlot &slot = slots_[index];
    slot.generation = next_generation();
    slot.mark = 0;
    slot.next_block = 0;
    store_relaxed(slot.fan_in, kFanInBias);
    store_relaxed(slot.fan_out, kFanOutOpen);
    return &slot;
}

inline TaskSlot *TaskStore::find_live(TaskId id)
{
    if (id.slot() >= bump_)
        return nullptr;
    TaskSlot &slot = slots_[id.slot()];
    // D2: whoever finds the list closed sees all that the task wrote.
    const bool live = slot.generation == id.generation() && load_acquire(slot.fan_out) != kFanOutClosed;
    return live ? &slot : nullptr;
}

inline TaskStore::Push TaskStore::push_edge(TaskSlot &producer, uint32_t consumer, Sharing sharing)
{
    const uint32_t index = edges_.allocate();
    if (index == kNone)
        return Push::kExhausted;
    Edge &edge = edges_[index];
    edge.consumer = consumer;
    // D2: meeting CLOSED acquires what the producer wrote.
    uint32_t head = load_acquire(producer.fan_out);
    do {
        if (head == kFanOutClosed) {
            edges_.release(index);
            return Push::kComplete;
        }
        edge.next = head;
        if (sharing == Sharing::kAlone) {
            store_relaxed(producer.fan_out, index);
            break;
        }
    } while (!cas_release_or_acquire(producer.fan_out, head, index));
    edges_pushed_++;
    return Push::kAdded;
}

template <class Ready> PTO_HOT void TaskStore::close_edges(TaskSlot &slot, Sharing sharing, Ready &&ready)
{
    // D2: acquires the edges that the owner pushed, and releases what the task wrote to whoever meets CLOSED.
    const uint32_t head = exchange_acq_rel(slot.fan_out, kFanOutClosed, sharing);
    slot.edge_head = head;
    for (uint32_t at = head; at != kFanOutOpen; at = edges_[at].next) {
        TaskSlot &consumer = slots_[edges_[at].consumer];
        // D1: the last producer acquires what the others released.
        if (fetch_sub_acq_rel(consumer.fan_in, 1, sharing) == 1)
            ready(consumer);
    }
}

} // namespace pto::inline PTO_ARCH::engine

#endif
