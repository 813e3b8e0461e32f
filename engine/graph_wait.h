// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_GRAPH_WAIT_H
#define PTO_ENGINE_GRAPH_WAIT_H

#include "engine/base/hot.h"
#include "engine/graph_owner.h"

namespace pto::inline PTO_ARCH::engine {

/// Waits until `attempt` succeeds, letting tasks complete in between. False: the run is over, or this can never
/// succeed, which is latched as PTO_ERROR_DEADLOCK or PTO_ERROR_CAPACITY.
template <class Try>
PTO_HOT bool GraphOwner::wait_for(const char *name, wire::Resource resource, uint64_t needed, Try &&attempt)
{
    return attempt() || wait_long(name, resource, needed, attempt);
}

template <class Try>
__attribute__((noinline, cold)) bool GraphOwner::wait_long(const char *name, wire::Resource resource, uint64_t needed,
                                                           Try &&attempt)
{
    for (uint32_t round = 0;;) {
        const bool busy = engine_.port.work(engine_.port.self);
        // In this order: what completed before the count was read has been handed back by then.
        const bool idle = !busy && engine_.outstanding() == 0;
        engine_.drain_retired();
        if (attempt())
            return true;
        if (is_over())
            return false;
        if (idle) {
            report_deadlock(name, resource, needed);
            return false;
        }
        round = busy ? 0 : round + 1;
        if (!busy)
            engine_.port.relax(engine_.port.self, round - 1);
    }
}

PTO_HOT TaskSlot *GraphOwner::take_slot(const TaskShape &shape)
{
    TaskSlot *slot = nullptr;
    if (!wait_for("task slots", wire::Resource::kTaskSlots, 1,
                  [&] { return (slot = engine_.tasks.allocate()) != nullptr; }))
        return nullptr;
    const bool has_predicate = (shape.flags & kHasPredicate) != 0;
    const uint32_t size_class = PayloadPool::class_of(shape.tensor_count, shape.scalar_count, has_predicate);
    slot->payload = kNone;
    const bool has_payload = (shape.flags & kJoin) == 0; // a join lives as long as its scope is open: it takes no room
    if (has_payload &&
        !wait_for("task payload", wire::Resource::kTaskPayload, uint64_t{PayloadPool::kLineBytes} << size_class,
                  [&] { return take_payload(slot, size_class); }))
        return nullptr;
    for (uint32_t lane = 0; lane < kCoresPerCluster; lane++)
        slot->func_id[lane] = shape.func_id[lane];
    slot->shape = shape_of(shape.lane_mask);
    slot->lane_mask = static_cast<uint8_t>(shape.lane_mask);
    slot->tensor_count = static_cast<uint8_t>(shape.tensor_count);
    slot->scalar_count = static_cast<uint8_t>(shape.scalar_count);
    slot->payload_class = static_cast<uint8_t>(size_class);
    slot->flags = static_cast<uint8_t>(shape.flags);
    slot->block_num = shape.block_num;
    slot->ordinal = static_cast<uint32_t>(ordinal());
    store_relaxed(slot->lanes_left, shape.block_num * lane_count(shape.lane_mask));
    return slot;
}

PTO_HOT void GraphOwner::start(TaskSlot &slot, uint32_t edges)
{
    store_relaxed(engine_.submitted, load_relaxed(engine_.submitted) + 1);
    // Completions so far have counted down from the bias; what is left are the producers still to come.
    const Sharing by = engine_.gate.sharing();
    if (edges != 0 && fetch_sub_acq_rel(slot.fan_in, kFanInBias - edges, by) != kFanInBias - edges)
        return;
    engine_.push_ready(slot, by);
    engine_.port.work_ready(engine_.port.self, 1);
}

} // namespace pto::inline PTO_ARCH::engine

#endif
