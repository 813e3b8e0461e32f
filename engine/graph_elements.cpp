// SPDX-License-Identifier: Apache-2.0
// What the orchestration itself reads and writes: single elements, once the tasks that conflict are done, and scalar
// arguments of the run.
#include "engine/element.h"
#include "engine/graph_tensors.h"

namespace pto::inline PTO_ARCH::engine {

/// Remembers whether a task that conflicts is still live. The join of an open manual scope stands for all of its tasks.
class GraphBuilder::LiveSink {
public:
    LiveSink(TaskStore &tasks, const TaskSlot *join) : tasks_(tasks), join_(join) {}

    bool is_live(TaskId id) { return tasks_.find_live(id) != nullptr; }
    bool operator()(TaskId id)
    {
        const TaskSlot *task = tasks_.find_live(id);
        any_task_ = any_task_ || (task != nullptr && task != join_);
        any_join_ = any_join_ || (task != nullptr && task == join_);
        return task != nullptr;
    }
    bool any_task() const { return any_task_; }
    bool any_join() const { return any_join_; }

private:
    TaskStore &tasks_;
    const TaskSlot *join_;
    bool any_task_ = false;
    bool any_join_ = false;
};

bool GraphBuilder::resolve_element(const pto_tensor *tensor, const uint32_t *index, Resolved *out,
                                   uint64_t *out_address)
{
    if (tensor == nullptr || index == nullptr) {
        engine_.error.set(task_error(PTO_ERROR_INVALID_ARGUMENT), "element: the %s is NULL",
                          tensor == nullptr ? "tensor" : "index");
        return false;
    }
    if (!resolve(*tensor, kNoArgument, out))
        return false;
    uint64_t element = tensor->start_offset;
    for (uint32_t i = 0; i < tensor->ndims; i++) {
        if (index[i] >= tensor->shape[i]) {
            engine_.error.set(task_error(PTO_ERROR_INVALID_TENSOR), "element: index %u of dimension %u, which has %u",
                              index[i], i, tensor->shape[i]);
            return false;
        }
        element += uint64_t{index[i]} * tensor->strides[i];
    }
    const uint64_t size = pto_dtype_size(tensor->dtype);
    *out_address = tensor->addr + element * size;
    out->view = {*out_address - out->buffer->base, size, 1, {{size, 1}}};
    return true;
}

/// Waits until no live task conflicts with reading, or with `for_write` writing, the element.
bool GraphBuilder::wait_for_element(const Resolved &element, bool for_write)
{
    return wait_for(for_write ? "the element's users" : "the element's producers", wire::Resource::kNone, 0, [&] {
        LiveSink sink(engine_.tasks, manual_join_);
        engine_.map.inspect(*element.buffer, element.view, for_write, sink);
        return !sink.any_task() && (!sink.any_join() || engine_.outstanding() == 0);
    });
}

uint64_t GraphBuilder::get_element(const pto_tensor *tensor, const uint32_t *index)
{
    Resolved resolved;
    uint64_t address = 0;
    if (is_over() || !resolve_element(tensor, index, &resolved, &address) || !wait_for_element(resolved, false))
        return 0;
    const uint32_t size = pto_dtype_size(tensor->dtype);
    if (engine_.port.load != nullptr)
        return engine_.port.load(engine_.port.self, address, size);
    return read_element(engine_.port, address, size);
}

void GraphBuilder::set_element(const pto_tensor *tensor, const uint32_t *index, uint64_t bits)
{
    Resolved resolved;
    uint64_t address = 0;
    if (is_over() || !resolve_element(tensor, index, &resolved, &address) || !wait_for_element(resolved, true))
        return;
    const uint32_t size = pto_dtype_size(tensor->dtype);
    if (engine_.port.store != nullptr)
        engine_.port.store(engine_.port.self, address, size, bits);
    else
        write_element(engine_.port, address, size, bits);
}

uint64_t GraphBuilder::scalar(uint32_t index)
{
    if (index >= bridge_.orch.scalar_count)
        return 0;
    scalars_read_[index / 64] |= uint64_t{1} << index % 64;
    return scalars_[index];
}

} // namespace pto::inline PTO_ARCH::engine
