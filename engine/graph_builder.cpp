// SPDX-License-Identifier: Apache-2.0
// Submitting a task: read and check everything, take what the task needs (waiting while the engine is full), fill its
// slot, add the edges, let it go. A failed check latches an error and leaves the slot unused. This is the path of every
// task: what is only there to tell a user what is wrong is in graph_refusals.cpp.
#include "engine/graph_tensors.h"

namespace pto::inline PTO_ARCH::engine {

namespace {

/// The element that a checked predicate reads, as a tensor of its own.
pto_tensor element_of(const pto_predicate &predicate)
{
    pto_tensor element = *predicate.tensor;
    for (uint32_t i = 0; i < element.ndims; i++) {
        element.start_offset += uint64_t{predicate.index[i]} * element.strides[i];
        element.shape[i] = 1;
    }
    return element;
}

} // namespace

bool GraphBuilder::begin(const wire::LaunchBlock &launch, const wire::ArgsView &args, uint32_t cluster_count,
                         const uint64_t *passed_scalars)
{
    bridge_.builder = this;
    bridge_.orch = {&orch_ops(),   args.tensors,  args.tensor_count, args.scalar_count,
                    cluster_count, cluster_count, 2 * cluster_count, 0};
    scalars_ = args.scalars;
    passed_scalars_ = passed_scalars;
    for (uint32_t word = 0; word * 64 < args.scalar_count; word++)
        scalars_read_[word] = 0;
    has_named_address_ = false;
    manual_join_ = nullptr;
    kernels_ = reinterpret_cast<const wire::KernelEntry *>(launch.kernels);
    kernel_count_ = launch.kernel_count;
    engine_.scopes.push();
    return bind_arguments(args);
}

void GraphBuilder::finish()
{
    if (!is_over() && engine_.scopes.depth() != 1)
        engine_.error.set(error_record(PTO_ERROR_SCOPE), "the orchestration returned with %u scopes still open",
                          engine_.scopes.depth() - 1);
    wait_for_all();
}

PTO_HOT bool GraphBuilder::read_kernel(int32_t func_id, uint32_t lane, TaskShape *shape)
{
    shape->func_id[lane] = static_cast<int16_t>(func_id);
    if (func_id == PTO_NO_KERNEL)
        return true;
    shape->lane_mask |= 1u << lane;
    return has_kernel(func_id, core_type_of(lane)) || refuse_kernel(func_id, lane);
}

PTO_HOT bool GraphBuilder::read_kernels(const pto_task &task, TaskShape *shape)
{
    if (task.struct_size != sizeof(pto_task))
        return refuse_size(task);
    shape->lane_mask = 0;
    if (!read_kernel(task.aic, kLaneAic, shape) || !read_kernel(task.aiv0, kLaneAiv0, shape) ||
        !read_kernel(task.aiv1, kLaneAiv1, shape))
        return false;
    shape->flags = kHoldsBuffers | (task.predicate != nullptr ? kHasPredicate | kUndecided : 0);
    shape->block_num = 1;
    if (task.block_num <= 1 && task.flags == 0)
        return true;
    shape->block_num = task.block_num == 0 ? 1 : task.block_num;
    if (!check_launch(task, shape->lane_mask))
        return false;
    shape->flags |= task.flags != 0 && shape->block_num > 1 ? kSyncStart : 0;
    return true;
}

/// Blocks, and whether they start together.
bool GraphBuilder::check_launch(const pto_task &task, uint32_t lane_mask)
{
    if (task.block_num > INT32_MAX / kCoresPerCluster || (task.block_num > 1 && lane_mask == 0)) {
        engine_.error.set(task_error(PTO_ERROR_INVALID_TASK), "task %llu: %u blocks of %u kernels cannot be launched",
                          ordinal(), task.block_num, lane_count(lane_mask));
        return false;
    }
    if ((task.flags & ~PTO_TASK_SYNC_START) != 0) {
        engine_.error.set(task_error(PTO_ERROR_INVALID_TASK), "task %llu: unknown flags 0x%x", ordinal(), task.flags);
        return false;
    }
    const uint32_t clusters = bridge_.orch.cluster_count;
    const uint32_t places = shape_of(lane_mask) == Shape::kAiv ? 2 * clusters : clusters;
    if (task.flags == 0 || task.block_num <= places)
        return true;
    wire::ErrorRecord record = task_error(PTO_ERROR_CAPACITY);
    record.resource = wire::Resource::kCores;
    record.needed = task.block_num;
    record.available = places;
    engine_.error.set(record, "task %llu: %u blocks are to start together, the chip has cores for %u", ordinal(),
                      task.block_num, places);
    return false;
}

PTO_HOT bool GraphBuilder::count_arguments(const pto_task &task, TaskShape *counts)
{
    uint32_t tensors = 0;
    uint32_t scalars = 0;
    bool sound = (task.args != nullptr || task.arg_count == 0) &&
                 (task.dependencies != nullptr || task.dependency_count == 0) && task.arg_count <= kMaxArguments;
    for (uint32_t i = 0; sound && i < task.arg_count; i++) {
        const pto_arg &arg = task.args[i];
        if (arg.access < PTO_ACCESS_SCALAR) {
            sound = arg.value.tensor != nullptr;
            tensors++;
        } else {
            sound = arg.access == PTO_ACCESS_SCALAR ||
                    (arg.access == PTO_ACCESS_RUN_SCALAR && arg.value.scalar < bridge_.orch.scalar_count);
            scalars++;
        }
    }
    if (!sound || tensors > PTO_KERNEL_MAX_TENSORS || scalars > PTO_KERNEL_MAX_SCALARS)
        return refuse_arguments(task);
    counts->tensor_count = tensors;
    counts->scalar_count = scalars;
    return true;
}

/// Collects edges from the producers that the tensor map names to the task that waits for them.
class GraphBuilder::EdgeSink {
public:
    EdgeSink(GraphBuilder &builder, TaskSlot &consumer)
        : builder_(builder), tasks_(builder.engine_.tasks), consumer_(consumer), self_(tasks_.id_of(consumer))
    {
    }

    bool is_live(TaskId id) { return id == self_ || tasks_.find_live(id) != nullptr; }

    PTO_HOT bool operator()(TaskId id)
    {
        if (id == self_)
            return true;
        TaskSlot *producer = tasks_.find_live(id);
        if (producer == nullptr)
            return false;
        if (producer->mark == consumer_.generation)
            return true;
        // Asked each time: what waited since the last one may have let others in.
        const TaskStore::Push pushed = tasks_.push_edge(*producer, self_.slot(), builder_.engine_.gate.sharing());
        if (pushed == TaskStore::Push::kExhausted)
            builder_.quiesce(); // with nothing in flight, nothing is left to wait for
        if (pushed != TaskStore::Push::kAdded)
            return false;
        producer->mark = consumer_.generation;
        edges_++;
        return true;
    }

    uint32_t edges() const { return edges_; }
    TaskId consumer() const { return self_; }

private:
    GraphBuilder &builder_;
    TaskStore &tasks_;
    TaskSlot &consumer_;
    TaskId self_;
    uint32_t edges_ = 0;
};

PTO_HOT bool GraphBuilder::add_access(uint32_t access, uint32_t argument, pto_tensor *tensor, EdgeSink &sink)
{
    Resolved resolved;
    if (!resolve(*tensor, argument, &resolved))
        return false;
    tensor->buffer = resolved.index;
    Buffer &buffer = *resolved.buffer;
    buffer.refs++; // of buffers that the engine did not allocate nobody looks at it
    if (access == PTO_ACCESS_NO_DEP || tensor->manual_dep != 0 || resolved.view.span == 0)
        sink(buffer.owner);
    else if (access == PTO_ACCESS_INPUT)
        engine_.map.read(buffer, resolved.view, sink.consumer(), sink);
    else
        engine_.map.write(buffer, resolved.view, sink.consumer(), sink);
    return true;
}

/// Apart from what follows, so that what it needs is off the stack by then.
__attribute__((noinline)) bool GraphBuilder::keep_predicate(const pto_predicate &predicate, TaskSlot &slot)
{
    Resolved resolved;
    Predicate &kept = engine_.tasks.payload.predicate(slot);
    if (!resolve_element(predicate.tensor, predicate.index, &resolved, &kept.address))
        return false;
    const pto_dtype dtype = predicate.tensor->dtype;
    if (predicate.op < PTO_PREDICATE_EQ || predicate.op > PTO_PREDICATE_LE || !is_comparable(dtype))
        return refuse_predicate(predicate);
    kept.value = predicate.value;
    kept.buffer = resolved.index;
    kept.op = static_cast<uint8_t>(predicate.op);
    kept.dtype = dtype;
    kept.reserved = 0;
    return true;
}

__attribute__((noinline)) bool GraphBuilder::fill_predicate(const pto_predicate &predicate, TaskSlot &slot,
                                                            EdgeSink &sink)
{
    if (!keep_predicate(predicate, slot))
        return false;
    pto_tensor element = element_of(predicate);
    return add_access(PTO_ACCESS_INPUT, kNoArgument, &element, sink);
}

/// Scalars and tensors of the task, in the slot's payload; `sink` gets what the tensors depend on.
PTO_HOT bool GraphBuilder::fill_arguments(const pto_task &task, TaskSlot &slot, EdgeSink &sink)
{
    pto_tensor *tensor = engine_.tasks.payload.tensors(slot.payload);
    uint64_t *scalars = engine_.tasks.payload.scalars(slot);
    uint32_t filled_scalars = 0;
    slot.run_scalars = 0;
    for (uint32_t i = 0; i < task.arg_count; i++) {
        const pto_arg &arg = task.args[i];
        if (arg.access < PTO_ACCESS_SCALAR && arg.access != PTO_ACCESS_OUTPUT) {
            *tensor = *arg.value.tensor;
            if (!add_access(arg.access, i, tensor++, sink))
                return false;
        } else if (arg.access == PTO_ACCESS_OUTPUT) {
            // Nobody else can know the buffer yet: it needs no access.
            if (!allocate_output(arg.value.output, engine_.tasks.id_of(slot), i, tensor++))
                return false;
        } else if (arg.access == PTO_ACCESS_SCALAR) {
            scalars[filled_scalars++] = arg.value.scalar;
        } else {
            slot.run_scalars = static_cast<uint16_t>(slot.run_scalars | 1u << filled_scalars);
            scalars[filled_scalars++] = passed_scalars_[arg.value.scalar];
        }
    }
    return true;
}

/// Dependencies that the task lists: beside the inferred ones, or in a manual scope instead of them. There the accesses
/// are recorded in the name of the scope's join, which waits for the tasks that conflict: so the order with tasks
/// before and after the scope stays, and nothing is inferred inside.
bool GraphBuilder::add_listed(const pto_task &task, TaskSlot &slot, EdgeSink &own)
{
    // The join waits for this task: nobody is told its id, but one can be made up.
    const TaskId join = in_manual_scope() ? engine_.tasks.id_of(*manual_join_) : TaskId::none();
    for (uint32_t i = 0; i < task.dependency_count; i++)
        if (TaskId{task.dependencies[i]} != join)
            own(TaskId{task.dependencies[i]});
    return !is_over() && (!in_manual_scope() || join_manual(slot));
}

PTO_HOT bool GraphBuilder::fill(const pto_task &task, TaskSlot &slot, EdgeSink &own, EdgeSink &inferred)
{
    if (!fill_arguments(task, slot, inferred))
        return false;
    if (task.predicate != nullptr && !fill_predicate(*task.predicate, slot, inferred))
        return false;
    if (task.dependency_count != 0 || in_manual_scope())
        return add_listed(task, slot, own);
    return !is_over();
}

pto_task_id GraphBuilder::submit(const pto_task *request)
{
    if (is_over())
        return PTO_NO_TASK;
    if (request == nullptr) {
        refuse_null();
        return PTO_NO_TASK;
    }
    engine_.drain_retired();
    const pto_task &task = *request;
    TaskShape shape{};
    if (!read_kernels(task, &shape) || !count_arguments(task, &shape))
        return PTO_NO_TASK;
    if (!engine_.map.has_room(shape.tensor_count + 1)) {
        if (!quiesce())
            return PTO_NO_TASK;
        engine_.map.forget_accesses();
    }
    TaskSlot *slot = take_slot(shape);
    if (slot == nullptr)
        return PTO_NO_TASK;
    EdgeSink own(*this, *slot);
    if (!in_manual_scope()) {
        if (!fill(task, *slot, own, own))
            return PTO_NO_TASK;
    } else {
        EdgeSink joined(*this, *manual_join_);
        if (!fill(task, *slot, own, joined))
            return PTO_NO_TASK;
        manual_edges_ += joined.edges();
    }
    const pto_task_id id = engine_.tasks.id_of(*slot).bits;
    start(*slot, own.edges());
    return id;
}

} // namespace pto::inline PTO_ARCH::engine
