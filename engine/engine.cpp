// SPDX-License-Identifier: Apache-2.0
#include "engine/engine.h"

namespace pto::inline PTO_ARCH::engine {

namespace {

/// The parts of an engine that have memory in its arena, in their order.
struct Parts {
    TaskStore &tasks;
    TensorMap &map;
    Heap &heap;
    DeferredList &deferred;
    ScopeMemory &scope_memory;
};

void lay_out(Carver &carver, const Geometry &geometry, const Parts &parts)
{
    parts.tasks.layout(carver, geometry.max_tasks, geometry.payload_lines, geometry.max_edges);
    parts.map.layout(carver, geometry.max_buffers, geometry.max_nodes, geometry.max_readers);
    parts.heap.layout(carver, 2 * geometry.max_buffers + 1);
    parts.deferred.layout(carver, geometry.max_deferred);
    parts.scope_memory.layout(carver, geometry.scope_memory_bytes);
}

} // namespace

/// Of parts that are on the stack: an engine is too large for that of firmware.
std::size_t Engine::layout_bytes(const Geometry &geometry)
{
    TaskStore tasks{};
    TensorMap map{};
    Heap heap{};
    DeferredList deferred{};
    ScopeMemory scope_memory{};
    Carver carver(nullptr);
    lay_out(carver, geometry, {tasks, map, heap, deferred, scope_memory});
    return carver.used_bytes();
}

void Engine::layout(void *arena, const Geometry &geometry)
{
    Carver carver(arena);
    lay_out(carver, geometry, {tasks, map, heap, deferred, scope_memory});
}

void Engine::reset(uint32_t workers)
{
    tasks.reset();
    map.reset();
    heap.reset(heap_base, heap_bytes);
    scopes.reset();
    scope_memory.reset();
    error.reset();
    deferred.reset();
    for (ReadyQueue &queue : ready)
        queue.reset();
    const uint32_t before = load_relaxed(engaged);
    for (uint32_t i = 0; i < workers || i < before; i++) {
        store_relaxed(counts[i].tasks, uint64_t{0});
        store_relaxed(counts[i].kernels, uint64_t{0});
        store_relaxed(counts[i].skipped, uint64_t{0});
        store_relaxed(counts[i].joins, uint64_t{0});
    }
    store_relaxed(engaged, workers);
    store_relaxed(recycling, true);
    store_relaxed(abandoned, false);
    store_relaxed(submitted, uint64_t{0});
    joins = 0;
    first_ordinal = 0;
}

void Engine::engage(uint32_t worker)
{
    uint32_t count = load_relaxed(engaged);
    while (count <= worker && !cas_release(engaged, count, worker + 1)) {}
}

/// Never too low: a worker that engages meanwhile is missed with tasks that have not been counted yet either.
uint64_t Engine::outstanding() const
{
    uint64_t completed = 0;
    for (uint32_t i = 0, count = load_acquire(engaged); i < count; i++)
        completed += load_acquire(counts[i].tasks); // D5
    return load_relaxed(submitted) - completed;
}

void Engine::reclaim(TaskSlot &slot)
{
    if ((slot.flags & kHoldsBuffers) != 0) {
        const pto_tensor *tensors = tasks.payload.tensors(slot.payload);
        for (uint32_t i = 0; i < slot.tensor_count; i++)
            release_buffer(tensors[i].buffer);
        if ((slot.flags & kHasPredicate) != 0)
            release_buffer(tasks.payload.predicate(slot).buffer);
    }
    if (slot.payload != kNone)
        tasks.payload.release(slot.payload, slot.payload_class);
    tasks.reclaim_edges(slot);
    tasks.free(slot);
}

void Engine::reclaim_retired()
{
    uint32_t at = tasks.take_retired();
    while (at != kNone) {
        TaskSlot &slot = tasks[at];
        at = load_relaxed(slot.next);
        reclaim(slot);
    }
}

void Engine::free_buffer(uint32_t index)
{
    heap.release(map[index].heap_block);
    map.remove(index);
}

void Engine::count_work(wire::ReportBlock *report) const
{
    report->tasks = load_relaxed(submitted) - outstanding();
    report->kernels = 0;
    report->skipped = 0;
    for (uint32_t i = 0, count = load_acquire(engaged); i < count; i++) {
        report->kernels += load_acquire(counts[i].kernels);
        report->skipped += load_acquire(counts[i].skipped);
        report->tasks -= load_acquire(counts[i].joins);
    }
}

void Engine::fill_report(wire::ReportBlock *report) const
{
    report->magic = wire::kReportMagic;
    report->version = wire::kBlockVersion;
    count_work(report);
    report->edges = tasks.edges_pushed();
    report->peak_heap_bytes = heap.peak_bytes();
    report->peak_tasks = tasks.peak();
    report->peak_edges = tasks.edges().peak();
    report->peak_map_entries = map.peak_entries();
    report->peak_scope_depth = scopes.peak();
    // A worker may be writing the record; who ends such a run asks again once all have left it.
    report->error.status = error.status();
    if (report->error.status != PTO_OK)
        report->error = error.record();
}

} // namespace pto::inline PTO_ARCH::engine
