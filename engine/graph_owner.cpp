// SPDX-License-Identifier: Apache-2.0
#include "engine/graph_owner.h"

#include "engine/graph_wait.h"

namespace pto::inline PTO_ARCH::engine {

void GraphOwner::wait_for_all()
{
    store_relaxed(engine_.recycling, false);
    for (uint32_t round = 0; !load_relaxed(engine_.abandoned);) {
        if (engine_.port.work(engine_.port.self)) {
            round = 0;
            continue;
        }
        if (engine_.outstanding() == 0)
            return;
        engine_.port.relax(engine_.port.self, round++);
    }
}

wire::ErrorRecord GraphOwner::task_error(pto_status status) const
{
    wire::ErrorRecord record = error_record(status);
    record.task = ordinal();
    return record;
}

/// Blocks of one size are not made from those of others; but while nobody has one, all of them can be laid out anew.
bool GraphOwner::take_payload(TaskSlot *slot, uint32_t size_class)
{
    PayloadPool &pool = engine_.tasks.payload;
    slot->payload = pool.allocate(size_class);
    if (slot->payload == kNone && pool.live() == 0) {
        pool.reset();
        slot->payload = pool.allocate(size_class);
    }
    return slot->payload != kNone;
}

TaskSlot *GraphOwner::take_slot(const TaskSlot &shape)
{
    TaskSlot *slot = nullptr;
    if (!wait_for("task slots", wire::Resource::kTaskSlots, 1,
                  [&] { return (slot = engine_.tasks.allocate()) != nullptr; }))
        return nullptr;
    const uint32_t size_class = PayloadPool::class_of(shape);
    slot->payload = kNone;
    const bool has_payload = (shape.flags & kJoin) == 0; // a join lives as long as its scope is open: it takes no room
    if (has_payload &&
        !wait_for("task payload", wire::Resource::kTaskPayload, uint64_t{PayloadPool::kLineBytes} << size_class,
                  [&] { return take_payload(slot, size_class); }))
        return nullptr;
    for (uint32_t lane = 0; lane < kCoresPerCluster; lane++)
        slot->func_id[lane] = shape.func_id[lane];
    slot->shape = shape.shape;
    slot->lane_mask = shape.lane_mask;
    slot->tensor_count = shape.tensor_count;
    slot->scalar_count = shape.scalar_count;
    slot->flags = shape.flags;
    slot->payload_class = static_cast<uint8_t>(size_class);
    slot->block_num = shape.block_num;
    slot->ordinal = static_cast<uint32_t>(ordinal());
    store_relaxed(slot->lanes_left, shape.block_num * lane_count(shape));
    return slot;
}

void GraphOwner::start(TaskSlot &slot, uint32_t edges)
{
    store_relaxed(engine_.submitted, load_relaxed(engine_.submitted) + 1);
    // Completions so far have counted down from the bias; what is left are the producers still to come.
    const Sharing by = engine_.gate.sharing();
    const bool ready = edges == 0 || fetch_sub_acq_rel(slot.fan_in, kFanInBias - edges, by) == kFanInBias - edges;
    if (!ready)
        return;
    engine_.push_ready(slot, by);
    engine_.port.work_ready(engine_.port.self, 1);
}

} // namespace pto::inline PTO_ARCH::engine
