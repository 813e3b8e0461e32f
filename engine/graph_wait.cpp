// SPDX-License-Identifier: Apache-2.0
// Back-pressure: the owner waits until tasks have given back what it needs. A deadlock is proved, not guessed:
// nothing is in flight, everything that completed has been taken back, and the request still does not fit.
#include "engine/graph_wait.h"

namespace pto::inline PTO_ARCH::engine {

void GraphOwner::drain_retired()
{
    uint32_t at = engine_.tasks.take_retired();
    while (at != kNone) {
        TaskSlot &slot = engine_.tasks[at];
        at = load_relaxed(slot.next);
        if ((slot.flags & kHoldsBuffers) != 0) {
            const pto_tensor *tensors = engine_.tasks.payload.tensors(slot.payload);
            for (uint32_t i = 0; i < slot.tensor_count; i++)
                release_reference(tensors[i].buffer);
            if ((slot.flags & kHasPredicate) != 0)
                release_reference(engine_.tasks.payload.predicate(slot).buffer);
        }
        if (slot.payload != kNone)
            engine_.tasks.payload.release(slot.payload, slot.payload_class);
        engine_.tasks.reclaim_edges(slot);
        engine_.tasks.free(slot);
    }
}

bool GraphOwner::quiesce()
{
    for (uint32_t round = 0; engine_.outstanding() > 0; round++) {
        if (is_over())
            return false;
        engine_.port.relax(engine_.port.self, round);
    }
    drain_retired();
    return !is_over();
}

void GraphOwner::report_deadlock(const char *name, wire::Resource resource, uint64_t needed)
{
    const uint32_t holder = engine_.scopes.largest_holder();
    uint64_t capacity = 0;
    uint64_t available = 0;
    const char *unit = "";
    switch (resource) {
    case wire::Resource::kHeap:
        capacity = engine_.heap.capacity_bytes();
        available = capacity - engine_.heap.used_bytes();
        unit = " bytes";
        break;
    case wire::Resource::kBuffers:
        capacity = engine_.map.buffers().capacity();
        available = engine_.map.buffers().available();
        break;
    case wire::Resource::kTaskSlots: capacity = engine_.tasks.capacity(); break;
    case wire::Resource::kTaskPayload:
        capacity = uint64_t{engine_.tasks.payload.capacity()} * PayloadPool::kLineBytes;
        available = uint64_t{engine_.tasks.payload.available()} * PayloadPool::kLineBytes;
        unit = " bytes";
        break;
    default: break;
    }
    const bool hopeless = needed > capacity;
    wire::ErrorRecord record = task_error(hopeless ? PTO_ERROR_CAPACITY : PTO_ERROR_DEADLOCK);
    record.resource = resource;
    record.needed = needed;
    record.available = hopeless ? capacity : available;
    const unsigned long long number = ordinal();
    if (hopeless)
        engine_.error.set(record, "task %llu: needs %llu%s of %s, which has %llu in all", number,
                          static_cast<unsigned long long>(needed), unit, name,
                          static_cast<unsigned long long>(capacity));
    else
        engine_.error.set(record,
                          "task %llu: needs %llu%s of %s, %llu of %llu are free, and only the end of a scope can free "
                          "more: the scope at depth %u holds %llu bytes",
                          number, static_cast<unsigned long long>(needed), unit, name,
                          static_cast<unsigned long long>(available), static_cast<unsigned long long>(capacity), holder,
                          static_cast<unsigned long long>(engine_.scopes.at(holder).held_bytes));
}

} // namespace pto::inline PTO_ARCH::engine
