// SPDX-License-Identifier: Apache-2.0
// The builder's scopes. Tasks of manual scopes get no inferred dependencies; so that later tasks can wait for them as
// usual, every open manual scope has a join: a task of the engine's own that waits for all tasks of the scope, and in
// whose name their accesses are recorded.
#include "engine/graph_tensors.h"

namespace pto::inline PTO_ARCH::engine {

void GraphBuilder::scope_begin(uint32_t mode)
{
    if (is_over())
        return;
    wire::ErrorRecord record = task_error(PTO_ERROR_SCOPE);
    if (mode > PTO_SCOPE_MANUAL)
        return engine_.error.set(record, "scope_begin: unknown mode %u", mode);
    if (mode == PTO_SCOPE_AUTO && in_manual_scope())
        return engine_.error.set(record, "a scope with inferred dependencies inside a manual one");
    if (!engine_.scopes.is_full()) {
        if (mode == PTO_SCOPE_MANUAL && !in_manual_scope() && !begin_manual())
            return;
        return engine_.scopes.push(engine_.scope_memory.mark());
    }
    record.resource = wire::Resource::kScopes;
    record.needed = PTO_MAX_SCOPE_DEPTH + 1;
    record.available = PTO_MAX_SCOPE_DEPTH;
    engine_.error.set(record, "scopes are nested more than %u deep", PTO_MAX_SCOPE_DEPTH);
}

void GraphBuilder::scope_end()
{
    if (is_over())
        return;
    if (engine_.scopes.depth() == 1)
        return engine_.error.set(task_error(PTO_ERROR_SCOPE), "scope_end without a scope_begin, after %llu tasks",
                                 ordinal());
    for (uint32_t at = engine_.scopes.top().buffer_head; at != kNone;) {
        const uint32_t next = engine_.map[at].next_in_scope;
        engine_.release_buffer(at);
        at = next;
    }
    engine_.scope_memory.release_to(engine_.scopes.top().memory_mark);
    engine_.scopes.pop();
    if (in_manual_scope() && engine_.scopes.depth() == manual_depth_)
        end_manual();
}

void *GraphBuilder::scope_memory(uint64_t size_bytes)
{
    if (is_over())
        return nullptr;
    void *memory = engine_.scope_memory.allocate(size_bytes);
    if (memory != nullptr)
        return memory;
    wire::ErrorRecord record = task_error(PTO_ERROR_CAPACITY);
    record.resource = wire::Resource::kScopeMemory;
    record.needed = size_bytes;
    record.available = engine_.scope_memory.available_bytes();
    engine_.error.set(record, "%llu bytes of scope memory after %llu tasks: %llu of %llu are left",
                      static_cast<unsigned long long>(size_bytes), ordinal(),
                      static_cast<unsigned long long>(record.available),
                      static_cast<unsigned long long>(engine_.scope_memory.capacity_bytes()));
    return nullptr;
}

bool GraphBuilder::begin_manual()
{
    engine_.drain_retired();
    TaskShape shape{{PTO_NO_KERNEL, PTO_NO_KERNEL, PTO_NO_KERNEL}, 0, 0, 0, 1, kJoin};
    manual_join_ = take_slot(shape);
    manual_edges_ = 0;
    manual_depth_ = engine_.scopes.depth();
    return manual_join_ != nullptr;
}

void GraphBuilder::end_manual()
{
    TaskSlot &join = *manual_join_;
    manual_join_ = nullptr;
    if (manual_edges_ == 0) // nobody was recorded in its name
        return engine_.tasks.free(join);
    join.ordinal = static_cast<uint32_t>(ordinal());
    engine_.joins++;
    start(join, manual_edges_);
}

/// Makes the open scope's join wait for a task of the scope.
bool GraphBuilder::join_manual(TaskSlot &slot)
{
    const uint32_t join = engine_.tasks.index_of(*manual_join_);
    const Sharing by = engine_.gate.sharing();
    TaskStore::Push pushed = engine_.tasks.push_edge(slot, join, by);
    if (pushed == TaskStore::Push::kExhausted && quiesce())
        pushed = engine_.tasks.push_edge(slot, join, engine_.gate.sharing());
    if (pushed == TaskStore::Push::kAdded) {
        manual_edges_++;
        return true;
    }
    wire::ErrorRecord record = task_error(PTO_ERROR_CAPACITY);
    record.resource = wire::Resource::kEdges;
    record.needed = 1;
    record.available = 0;
    engine_.error.set(record, "task %llu: no edge is left to join it with its manual scope", ordinal());
    return false;
}

void GraphBuilder::unlink_from_scope(uint32_t index)
{
    Buffer &buffer = engine_.map[index];
    Scope &scope = engine_.scopes.at(buffer.scope_depth);
    if (buffer.prev_in_scope == kNone)
        scope.buffer_head = buffer.next_in_scope;
    else
        engine_.map[buffer.prev_in_scope].next_in_scope = buffer.next_in_scope;
    if (buffer.next_in_scope != kNone)
        engine_.map[buffer.next_in_scope].prev_in_scope = buffer.prev_in_scope;
    scope.held_bytes -= engine_.heap.size_bytes(buffer.heap_block);
    buffer.scope_serial = 0; // no scope has it: every handle is stale now
}

void GraphBuilder::discard(const pto_tensor *tensor)
{
    if (is_over())
        return;
    if (tensor == nullptr || tensor->owner == PTO_NO_TASK)
        return engine_.error.set(task_error(PTO_ERROR_INVALID_ARGUMENT), "discard: %s",
                                 tensor == nullptr ? "the tensor is NULL" : "no task of this run allocated the tensor");
    uint32_t index = kNone;
    if (!find_buffer(*tensor, kNoArgument, &index))
        return;
    unlink_from_scope(index);
    engine_.release_buffer(index);
}

} // namespace pto::inline PTO_ARCH::engine
