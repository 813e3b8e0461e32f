// SPDX-License-Identifier: Apache-2.0
// What the builder does with every tensor of every task; the rest is in graph_tensors.cpp.
#ifndef PTO_ENGINE_GRAPH_TENSORS_H
#define PTO_ENGINE_GRAPH_TENSORS_H

#include "engine/graph_builder.h"
#include "engine/graph_wait.h"

#include <bit>

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
    if (defect != ViewDefect::kSound && !allow_empty(defect, &out->view))
        return refuse_view(defect, tensor, argument);
    if (!find_buffer(tensor, argument, &out->index))
        return false;
    out->buffer = &engine_.map[out->index];
    out->view.offset += tensor.addr - out->buffer->base;
    return true;
}

/// Shape and row-major strides of an output, in elements, and the number of its elements. The loops are for the
/// optimizer to unroll, so that everything stays in registers.
struct Layout {
    uint32_t shape[PTO_MAX_RANK] = {};
    uint32_t strides[PTO_MAX_RANK] = {};
    uint64_t count = 1;
};

PTO_HOT ViewDefect lay_out(const pto_tensor &specification, Layout *layout)
{
    const uint32_t rank = specification.ndims;
    if (rank - 1 >= PTO_MAX_RANK)
        return ViewDefect::kRank;
#pragma GCC unroll 5
    for (uint32_t i = PTO_MAX_RANK; i-- > 0;) {
        if (i >= rank)
            continue;
        layout->shape[i] = specification.shape[i];
        if (layout->shape[i] == 0)
            return ViewDefect::kShape;
        if (layout->count > UINT32_MAX)
            return ViewDefect::kStride;
        layout->strides[i] = static_cast<uint32_t>(layout->count);
        layout->count *= layout->shape[i];
    }
    return ViewDefect::kSound;
}

/// Writes a descriptor to two places in chunks of 16 bytes. It is copied on soon, in such chunks, and a wide load of
/// what narrow stores have just written has to wait until they are in the cache.
struct DescriptorWriter {
    using Chunk [[gnu::may_alias]] = uint64_t __attribute__((vector_size(16)));

    PTO_HOT void put(uint32_t offset, uint64_t low, uint64_t high) const
    {
        const Chunk chunk = {low, high};
        *reinterpret_cast<Chunk *>(one + offset) = chunk;
        *reinterpret_cast<Chunk *>(other + offset) = chunk;
    }
    static uint64_t pair(uint64_t low, uint64_t high) { return low | high << 32; }

    std::byte *one;
    std::byte *other;
};
static_assert(std::endian::native == std::endian::little);

/// Turns the specification of an output into a tensor in the engine's heap, held by the innermost scope: for the
/// orchestration in place, and for the task in `out`.
PTO_HOT bool GraphBuilder::allocate_output(pto_tensor *specification, TaskId owner, uint32_t argument, pto_tensor *out)
{
    const uint64_t element = pto_dtype_size(specification->dtype);
    Layout to;
    uint64_t size_bytes = 0;
    ViewDefect defect = element == 0 ? ViewDefect::kDtype : lay_out(*specification, &to);
    if (defect == ViewDefect::kSound && __builtin_mul_overflow(to.count, element, &size_bytes))
        defect = ViewDefect::kBounds;
    if (defect != ViewDefect::kSound)
        return refuse_view(defect, *specification, argument);
    uint32_t index = kNone;
    if (!allocate_buffer(size_bytes, owner, &index))
        return false;
    static_assert(offsetof(pto_tensor, version) == 32 && offsetof(pto_tensor, shape) == 44 &&
                  offsetof(pto_tensor, extent) == 64 && offsetof(pto_tensor, strides) == 72 &&
                  offsetof(pto_tensor, buffer) == 92 && offsetof(pto_tensor, initial) == 96);
    if (specification->has_initial != 0)
        fill_buffer(index, to.count, static_cast<uint32_t>(element), specification->initial);
    using Writer = DescriptorWriter;
    const Writer writer{reinterpret_cast<std::byte *>(out), reinterpret_cast<std::byte *>(specification)};
    constexpr uint32_t kDense = 1u << 16 | uint32_t{PTO_DEVICE_MEMORY} << 24; // is_contiguous, address_space
    const uint32_t bytes = specification->dtype | uint32_t{specification->manual_dep} << 8 | kDense;
    const uint64_t version_and_rank = Writer::pair(static_cast<uint32_t>(specification->version), specification->ndims);
    writer.put(0, engine_.map[index].base, size_bytes);
    writer.put(16, owner.bits, 0);
    writer.put(32, version_and_rank, Writer::pair(bytes, to.shape[0]));
    writer.put(48, Writer::pair(to.shape[1], to.shape[2]), Writer::pair(to.shape[3], to.shape[4]));
    writer.put(64, to.count, Writer::pair(to.strides[0], to.strides[1]));
    writer.put(80, Writer::pair(to.strides[2], to.strides[3]), Writer::pair(to.strides[4], index));
    writer.put(96, 0, 0);
    writer.put(112, 0, 0);
    return true;
}

/// Memory in the heap and a buffer for it, which the innermost scope holds and the task that writes it.
PTO_HOT bool GraphBuilder::allocate_buffer(uint64_t size_bytes, TaskId owner, uint32_t *out_index)
{
    uint32_t block = kNone;
    if (!wait_for("device heap", wire::Resource::kHeap, size_bytes,
                  [&]() PTO_INLINED { return (block = engine_.heap.allocate(size_bytes)) != kNone; }))
        return false;
    uint32_t index = kNone;
    if (!wait_for("buffers", wire::Resource::kBuffers, 1, [&] { return (index = engine_.map.allocate()) != kNone; }))
        return false;
    *out_index = index;
    Buffer &buffer = engine_.map[index];
    buffer.base = engine_.heap.address(block);
    buffer.size_bytes = size_bytes;
    buffer.refs = 2; // the scope and the task
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
    return true;
}

} // namespace pto::inline PTO_ARCH::engine

#endif
