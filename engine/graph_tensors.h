// SPDX-License-Identifier: Apache-2.0
// What the builder does with every tensor of every task; the rest is in graph_tensors.cpp.
#ifndef PTO_ENGINE_GRAPH_TENSORS_H
#define PTO_ENGINE_GRAPH_TENSORS_H

#include "engine/graph_builder.h"
#include "engine/graph_wait.h"

namespace pto::inline PTO_ARCH::engine {

PTO_HOT bool GraphBuilder::find_buffer(const pto_tensor &tensor, uint32_t argument, uint32_t *out_index)
{
    *out_index = tensor.buffer;
    const Buffer *buffer = engine_.map.find(tensor.buffer);
    if (buffer != nullptr && buffer->owner.bits == tensor.owner &&
        buffer->is_external() == (tensor.owner == PTO_NO_TASK) && buffer->contains(tensor.addr, tensor.size_bytes) &&
        (buffer->is_external() || engine_.scopes.is_open(buffer->scope_depth, buffer->scope_serial)))
        return true;
    if (tensor.buffer == 0 && tensor.owner == PTO_NO_TASK && tensor.addr != 0)
        return find_external(tensor, argument, out_index);
    return refuse_handle(tensor, argument);
}

PTO_HOT bool GraphBuilder::resolve(const pto_tensor &tensor, uint32_t argument, Resolved *out)
{
    const ViewDefect defect = read_view(tensor, &out->view);
    if (defect != ViewDefect::kSound)
        return refuse_view(defect, tensor, argument);
    if (!find_buffer(tensor, argument, &out->index))
        return false;
    out->buffer = &engine_.map[out->index];
    out->view.offset += tensor.addr - out->buffer->base;
    return true;
}

/// Begins the descriptor of an output: row-major, dense, nowhere yet.
PTO_HOT ViewDefect begin_output(const pto_tensor &specification, pto_tensor *out)
{
    const uint32_t rank = specification.ndims;
    const uint64_t element = pto_dtype_size(specification.dtype);
    if (rank - 1 >= PTO_MAX_RANK)
        return ViewDefect::kRank;
    if (element == 0)
        return ViewDefect::kDtype;
    *out = pto_tensor{};
    out->version = specification.version;
    out->ndims = rank;
    out->dtype = specification.dtype;
    out->manual_dep = specification.manual_dep;
    out->is_contiguous = 1;
    out->address_space = PTO_DEVICE_MEMORY;
    uint64_t count = 1;
    for (uint32_t i = rank; i-- > 0;) {
        if (specification.shape[i] == 0)
            return ViewDefect::kShape;
        if (count > UINT32_MAX)
            return ViewDefect::kStride;
        out->shape[i] = specification.shape[i];
        out->strides[i] = static_cast<uint32_t>(count);
        count *= specification.shape[i];
    }
    out->extent = count;
    return __builtin_mul_overflow(count, element, &out->size_bytes) ? ViewDefect::kBounds : ViewDefect::kSound;
}

/// Turns the specification of an output into a tensor in the engine's heap, held by the innermost scope.
PTO_HOT bool GraphBuilder::allocate_output(const pto_tensor &specification, TaskId owner, uint32_t argument,
                                           pto_tensor *out)
{
    const ViewDefect defect = begin_output(specification, out);
    if (defect != ViewDefect::kSound)
        return refuse_view(defect, specification, argument);
    uint32_t block = kNone;
    if (!wait_for("device heap", wire::Resource::kHeap, out->size_bytes,
                  [&] { return (block = engine_.heap.allocate(out->size_bytes)) != kNone; }))
        return false;
    uint32_t index = kNone;
    if (!wait_for("buffers", wire::Resource::kBuffers, 1, [&] { return (index = engine_.map.allocate()) != kNone; }))
        return false;
    Buffer &buffer = engine_.map[index];
    buffer.base = engine_.heap.address(block);
    buffer.size_bytes = out->size_bytes;
    buffer.refs = 2; // the scope, and the task that writes it
    buffer.heap_block = block;
    buffer.begin_accesses(owner);
    Scope &scope = engine_.scopes.top();
    buffer.scope_serial = scope.serial;
    buffer.scope_depth = engine_.scopes.depth() - 1;
    buffer.next_in_scope = scope.buffer_head;
    buffer.prev_in_scope = kNone;
    if (scope.buffer_head != kNone)
        engine_.map[scope.buffer_head].prev_in_scope = index;
    scope.buffer_head = index;
    scope.held_bytes += engine_.heap.size_bytes(block);
    out->addr = buffer.base;
    out->owner = owner.bits;
    out->buffer = index;
    return true;
}

} // namespace pto::inline PTO_ARCH::engine

#endif
