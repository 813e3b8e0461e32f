// SPDX-License-Identifier: Apache-2.0
// The builder's view of tensors: which buffer a descriptor names, whether it may be used, new outputs.
#include "engine/graph_tensors.h"

#include "engine/element.h"

namespace pto::inline PTO_ARCH::engine {
/// Gives each argument of the run its buffer. Arguments that share bytes share a buffer, so that their accesses are
/// compared.
bool GraphBuilder::bind_arguments(const wire::ArgsView &args)
{
    uint16_t by_address[PTO_MAX_RUN_TENSORS];
    for (uint32_t i = 0; i < args.tensor_count; i++) {
        pto_tensor &tensor = args.tensors[i];
        if (tensor.owner != PTO_NO_TASK || tensor.address_space != PTO_DEVICE_MEMORY) {
            // Not otherwise: a descriptor with fields just written takes longer to copy, which the first task does.
            tensor.owner = PTO_NO_TASK;
            tensor.address_space = PTO_DEVICE_MEMORY;
        }
        ByteView view;
        const ViewDefect defect = read_view(tensor, &view);
        if (defect != ViewDefect::kSound)
            return refuse_view(defect, tensor, i);
        uint32_t at = i;
        for (; at > 0 && args.tensors[by_address[at - 1]].addr > tensor.addr; at--)
            by_address[at] = by_address[at - 1];
        by_address[at] = static_cast<uint16_t>(i);
    }
    return add_argument_buffers(args.tensors, by_address, args.tensor_count);
}

bool GraphBuilder::add_argument_buffers(pto_tensor *tensors, const uint16_t *by_address, uint32_t count)
{
    for (uint32_t first = 0; first < count;) {
        const uint64_t base = tensors[by_address[first]].addr;
        uint64_t end = base + tensors[by_address[first]].size_bytes;
        uint32_t last = first + 1;
        for (; last < count && tensors[by_address[last]].addr < end; last++) {
            const pto_tensor &next = tensors[by_address[last]];
            end = next.addr + next.size_bytes > end ? next.addr + next.size_bytes : end;
        }
        const uint32_t index = engine_.map.add_external(base, end - base); // the geometry counts every argument
        for (; first < last; first++)
            tensors[by_address[first]].buffer = index;
    }
    return true;
}

/// A view without elements touches nothing: it only has to belong to a buffer.
bool GraphBuilder::allow_empty(ViewDefect defect, ByteView *out)
{
    *out = {};
    return defect == ViewDefect::kShape;
}

/// A tensor that the orchestration made from an address: it must lie in device memory outside the engine's heap, and
/// either inside one argument or clear of all of them.
bool GraphBuilder::find_external(const pto_tensor &tensor, uint32_t argument, uint32_t *out_index)
{
    has_named_address_ = true;
    *out_index = engine_.map.find_external(tensor.addr, tensor.size_bytes);
    if (*out_index != kNone)
        return true;
    const bool inside = tensor.addr >= engine_.memory_base && tensor.size_bytes <= engine_.memory_bytes &&
                        tensor.addr - engine_.memory_base <= engine_.memory_bytes - tensor.size_bytes;
    const bool in_heap =
        tensor.addr < engine_.heap_base + engine_.heap_bytes && tensor.addr + tensor.size_bytes > engine_.heap_base;
    const char *defect = nullptr;
    if (!inside || in_heap)
        defect = "is not in device memory that the run may name";
    else if (engine_.map.find_external_overlap(tensor.addr, tensor.size_bytes) != kNone)
        defect = "overlaps an argument of the run without lying inside it";
    if (defect == nullptr)
        return wait_for("buffers", wire::Resource::kBuffers, 1, [&] {
            return (*out_index = engine_.map.add_external(tensor.addr, tensor.size_bytes)) != kNone;
        });
    return refuse_memory(tensor, argument, defect);
}

/// Nobody else knows the buffer yet, and whoever had its memory before is done.
void GraphBuilder::fill_buffer(uint32_t index, uint64_t count, uint32_t size_bytes, uint64_t bits)
{
    const uint64_t address = engine_.map[index].base;
    if (engine_.port.fill != nullptr)
        engine_.port.fill(engine_.port.self, address, count, size_bytes, bits);
    else
        write_elements(engine_.port, address, count, size_bytes, bits);
}

pto_status GraphBuilder::allocate(pto_tensor *tensor)
{
    if (is_over())
        return status();
    if (tensor == nullptr) {
        engine_.error.set(task_error(PTO_ERROR_INVALID_ARGUMENT), "allocate: the tensor is NULL");
        return status();
    }
    engine_.drain_retired();
    pto_tensor allocated;
    if (!allocate_output(tensor, engine_.tasks.make_orphan_id(), kNoArgument, &allocated))
        return status();
    engine_.release_buffer(allocated.buffer); // no task writes it: the scope alone holds it
    return PTO_OK;
}

} // namespace pto::inline PTO_ARCH::engine
