// SPDX-License-Identifier: Apache-2.0
#include "engine/task_store.h"

namespace pto::inline PTO_ARCH::engine {

void TaskStore::layout(Carver &carver, uint32_t max_tasks, uint32_t payload_lines, uint32_t max_edges)
{
    slots_ = carver.take<TaskSlot>(max_tasks);
    capacity_ = max_tasks;
    payload.layout(carver, payload_lines);
    edges_.layout(carver, max_edges);
}

void TaskStore::reset()
{
    bump_ = 0;
    used_ = 0;
    peak_ = 0;
    free_head_ = kNone;
    edges_pushed_ = 0;
    payload.reset();
    edges_.reset();
    store_relaxed(retired_, kNone);
}

TaskSlot *TaskStore::allocate()
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

void TaskStore::free(TaskSlot &slot)
{
    slot.generation = 0;
    store_relaxed(slot.next, free_head_);
    free_head_ = index_of(slot);
    used_--;
}

TaskSlot *TaskStore::find_live(TaskId id)
{
    if (id.slot() >= bump_)
        return nullptr;
    TaskSlot &slot = slots_[id.slot()];
    // D2: whoever finds the list closed sees all that the task wrote.
    const bool live = slot.generation == id.generation() && load_acquire(slot.fan_out) != kFanOutClosed;
    return live ? &slot : nullptr;
}

TaskStore::Push TaskStore::push_edge(TaskSlot &producer, uint32_t consumer)
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
    } while (!cas_release_or_acquire(producer.fan_out, head, index));
    edges_pushed_++;
    return Push::kAdded;
}

void TaskStore::reclaim_edges(TaskSlot &slot)
{
    uint32_t at = slot.edge_head;
    while (at != kNone) {
        const uint32_t next = edges_[at].next;
        edges_.release(at);
        at = next;
    }
}

void TaskStore::retire(TaskSlot &slot)
{
    const uint32_t index = index_of(slot);
    uint32_t head = load_relaxed(retired_);
    do {
        store_relaxed(slot.next, head);
    } while (!cas_release(retired_, head, index));
}

uint32_t TaskStore::take_retired()
{
    if (load_relaxed(retired_) == kNone)
        return kNone;
    return retired_.exchange(kNone, std::memory_order_acquire);
}

} // namespace pto::inline PTO_ARCH::engine
