// SPDX-License-Identifier: Apache-2.0
#include "engine/task_store.h"

namespace pto::inline PTO_ARCH::engine {

void TaskStore::layout(Carver &carver, uint32_t max_tasks, uint32_t payload_lines, uint32_t max_edges)
{
    own_slots_ = carver.take<TaskSlot>(max_tasks);
    slots_ = own_slots_;
    capacity_ = max_tasks;
    payload.layout(carver, payload_lines);
    edges_.layout(carver, max_edges);
}

void TaskStore::reset()
{
    slots_ = own_slots_;
    bump_ = 0;
    used_ = 0;
    peak_ = 0;
    free_head_ = kNone;
    edges_pushed_ = 0;
    payload.reset();
    edges_.reset();
    store_relaxed(retired_, kNone);
}

void TaskStore::lend(TaskSlot *slots, uint32_t tasks, std::byte *payload_lines, Edge *edges, uint32_t edge_count)
{
    slots_ = slots;
    used_ = peak_ = tasks;
    payload.lend(payload_lines);
    edges_.lend(edges, edge_count);
    edges_pushed_ = edge_count;
}

void TaskStore::free(TaskSlot &slot)
{
    slot.generation = 0;
    store_relaxed(slot.next, free_head_);
    free_head_ = index_of(slot);
    used_--;
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
    return retired_.exchange(kNone, std::memory_order_acquire);
}

} // namespace pto::inline PTO_ARCH::engine
