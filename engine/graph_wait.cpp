// SPDX-License-Identifier: Apache-2.0
// Back-pressure: the owner waits until tasks have given back what it needs. A deadlock is proved, not guessed:
// nothing is in flight, everything that completed has been taken back, and the request still does not fit.
#include "engine/graph_wait.h"

namespace pto::inline PTO_ARCH::engine {

namespace {

/// What there is of a resource, and which scope holds most of it.
struct Limit {
    uint64_t capacity = 0;
    uint64_t available = 0;
    char unit[8] = "";
    uint32_t holder = kNone; ///< Its depth; kNone: scopes hold none of it.
    uint64_t held = 0;       ///< By the holder, in units.
};

uint64_t buffers_of(const Scope &scope, TensorMap &map)
{
    uint64_t count = 0;
    for (uint32_t at = scope.buffer_head; at != kNone; at = map[at].next_in_scope)
        count++;
    return count;
}

Limit limit_of_heap(const Engine &engine)
{
    const uint64_t capacity = engine.heap.capacity_bytes();
    const uint32_t holder = engine.scopes.largest_holder();
    return {capacity, capacity - engine.heap.used_bytes(), " bytes", holder, engine.scopes.at(holder).held_bytes};
}

Limit limit_of_buffers(Engine &engine)
{
    const uint32_t holder = engine.scopes.largest([&](const Scope &scope) { return buffers_of(scope, engine.map); });
    const uint32_t capacity = engine.map.buffers().capacity() - 1; // index 0 is "no buffer"
    return {capacity, engine.map.buffers().available(), "", holder, buffers_of(engine.scopes.at(holder), engine.map)};
}

Limit limit_of(Engine &engine, wire::Resource resource)
{
    const PayloadPool &payload = engine.tasks.payload;
    switch (resource) {
    case wire::Resource::kHeap: return limit_of_heap(engine);
    case wire::Resource::kBuffers: return limit_of_buffers(engine);
    case wire::Resource::kTaskSlots: return {engine.tasks.capacity(), engine.tasks.capacity() - engine.tasks.used()};
    case wire::Resource::kTaskPayload:
        return {uint64_t{payload.capacity()} * PayloadPool::kLineBytes,
                uint64_t{payload.available()} * PayloadPool::kLineBytes, " bytes"};
    default: return {};
    }
}

} // namespace

bool GraphOwner::quiesce()
{
    for (uint32_t round = 0; !is_over();) {
        if (engine_.port.work(engine_.port.self)) {
            round = 0;
            continue;
        }
        if (engine_.outstanding() == 0)
            break;
        engine_.port.relax(engine_.port.self, round++);
    }
    engine_.drain_retired();
    return !is_over();
}

void GraphOwner::report_deadlock(const char *name, wire::Resource resource, uint64_t needed)
{
    const Limit limit = limit_of(engine_, resource);
    const auto number = static_cast<unsigned long long>(ordinal());
    const auto wanted = static_cast<unsigned long long>(needed);
    const auto capacity = static_cast<unsigned long long>(limit.capacity);
    const auto available = static_cast<unsigned long long>(limit.available);
    wire::ErrorRecord record = task_error(needed > limit.capacity ? PTO_ERROR_CAPACITY : PTO_ERROR_DEADLOCK);
    record.resource = resource;
    record.needed = needed;
    record.available = limit.available;
    if (needed > limit.capacity) {
        record.available = limit.capacity;
        return engine_.error.set(record, "task %llu: needs %llu%s of %s, which has %llu in all", number, wanted,
                                 limit.unit, name, capacity);
    }
    const char *pieces = needed <= limit.available ? " but not in one piece" : "";
    if (limit.holder == kNone)
        return engine_.error.set(record,
                                 "task %llu: needs %llu%s of %s, %llu of %llu are free%s, and no task is left "
                                 "that could free more",
                                 number, wanted, limit.unit, name, available, capacity, pieces);
    record.holder = static_cast<int32_t>(limit.holder);
    record.held = engine_.scopes.at(limit.holder).held_bytes;
    engine_.error.set(record,
                      "task %llu: needs %llu%s of %s, %llu of %llu are free%s, and only the end of a scope can free "
                      "more: the scope at depth %u holds %llu%s",
                      number, wanted, limit.unit, name, available, capacity, pieces, limit.holder,
                      static_cast<unsigned long long>(limit.held), limit.unit);
}

} // namespace pto::inline PTO_ARCH::engine
