// SPDX-License-Identifier: Apache-2.0
// Submitting a task: read and check everything, take what the task needs (waiting while the engine is full), fill its
// slot, add the edges, let it go. A failed check latches an error and leaves the slot unused.
#include "engine/graph_builder.h"
#include "engine/graph_wait.h"

#include "engine/base/memory.h"

namespace pto::inline PTO_ARCH::engine {

namespace {

constexpr uint32_t kMaxArguments = PTO_KERNEL_MAX_TENSORS + PTO_KERNEL_MAX_SCALARS;

} // namespace

bool GraphBuilder::begin(const wire::LaunchBlock &launch, const wire::ArgsView &args, uint32_t cluster_count)
{
    bridge_.builder = this;
    bridge_.orch = {&orch_ops(),   args.tensors,  args.tensor_count, args.scalar_count,
                    cluster_count, cluster_count, 2 * cluster_count, 0};
    scalars_ = args.scalars;
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
    store_relaxed(engine_.recycling, false);
    for (uint32_t round = 0; engine_.outstanding() > 0 && !load_relaxed(engine_.abandoned); round++)
        engine_.port.relax(engine_.port.self, round);
}

wire::ErrorRecord GraphBuilder::task_error(pto_status status) const
{
    wire::ErrorRecord record = error_record(status);
    record.task = ordinal();
    return record;
}

bool GraphBuilder::check_kernel(int32_t func_id, uint32_t lane)
{
    const uint32_t wanted = lane == kLaneAic ? PTO_CORE_AIC : PTO_CORE_AIV;
    const bool known = func_id >= 0 && static_cast<uint32_t>(func_id) < kernel_count_ && kernels_[func_id].entry != 0;
    if (known && kernels_[func_id].core_type == wanted)
        return true;
    wire::ErrorRecord record = task_error(PTO_ERROR_UNKNOWN_KERNEL);
    record.func_id = func_id;
    if (known)
        engine_.error.set(record, "task %llu: kernel %d is for an %s core, the task wants it on an %s core",
                          static_cast<unsigned long long>(record.task), func_id, wanted == PTO_CORE_AIC ? "AIV" : "AIC",
                          wanted == PTO_CORE_AIC ? "AIC" : "AIV");
    else
        engine_.error.set(record, "task %llu: the callable has no kernel with func id %d",
                          static_cast<unsigned long long>(record.task), func_id);
    return false;
}

bool GraphBuilder::read_kernels(const pto_task &task, TaskSlot *shape)
{
    if (task.struct_size != sizeof(pto_task)) {
        engine_.error.set(task_error(PTO_ERROR_INVALID_TASK), "task %llu: struct_size is %u, not %zu", ordinal(),
                          task.struct_size, sizeof(pto_task));
        return false;
    }
    const int32_t func_ids[] = {task.aic, task.aiv0, task.aiv1};
    shape->lane_mask = 0;
    for (uint32_t lane = 0; lane < kCoresPerCluster; lane++) {
        shape->func_id[lane] = PTO_NO_KERNEL;
        if (func_ids[lane] == PTO_NO_KERNEL)
            continue;
        if (!check_kernel(func_ids[lane], lane))
            return false;
        shape->func_id[lane] = static_cast<int16_t>(func_ids[lane]);
        shape->lane_mask = static_cast<uint8_t>(shape->lane_mask | 1u << lane);
    }
    switch (shape->lane_mask) {
    case 0: shape->shape = Shape::kNoCore; break;
    case 1u << kLaneAic: shape->shape = Shape::kAic; break;
    case 1u << kLaneAiv0:
    case 1u << kLaneAiv1: shape->shape = Shape::kAiv; break;
    default: shape->shape = Shape::kMix;
    }
    shape->block_num = task.block_num == 0 ? 1 : task.block_num;
    if (shape->block_num <= INT32_MAX / kCoresPerCluster && (shape->block_num == 1 || shape->lane_mask != 0))
        return true;
    engine_.error.set(task_error(PTO_ERROR_INVALID_TASK), "task %llu: %u blocks of %u kernels cannot be launched",
                      ordinal(), shape->block_num, lane_count(*shape));
    return false;
}

bool GraphBuilder::count_arguments(const pto_task &task, TaskSlot *counts)
{
    const unsigned long long number = ordinal();
    const bool listed =
        (task.args != nullptr || task.arg_count == 0) && (task.dependencies != nullptr || task.dependency_count == 0);
    uint32_t tensors = 0;
    uint32_t scalars = 0;
    uint32_t read = 0;
    for (; listed && read < task.arg_count && read < kMaxArguments; read++) {
        const pto_arg &arg = task.args[read];
        if (arg.access > PTO_ACCESS_SCALAR || (arg.access != PTO_ACCESS_SCALAR && arg.value.tensor == nullptr))
            break;
        scalars += arg.access == PTO_ACCESS_SCALAR ? 1 : 0;
        tensors += arg.access == PTO_ACCESS_SCALAR ? 0 : 1;
    }
    counts->tensor_count = static_cast<uint8_t>(tensors);
    counts->scalar_count = static_cast<uint8_t>(scalars);
    const wire::ErrorRecord record = task_error(PTO_ERROR_INVALID_TASK);
    if (!listed)
        engine_.error.set(record, "task %llu: NULL list of %u arguments or %u dependencies", number, task.arg_count,
                          task.dependency_count);
    else if (read < task.arg_count && read < kMaxArguments)
        engine_.error.set(record, "task %llu: argument %u has %s", number, read,
                          task.args[read].access > PTO_ACCESS_SCALAR ? "an unknown access" : "no tensor");
    else if (task.arg_count > kMaxArguments || tensors > PTO_KERNEL_MAX_TENSORS || scalars > PTO_KERNEL_MAX_SCALARS)
        engine_.error.set(record, "task %llu: %u arguments; a task takes at most %u tensors and %u scalars", number,
                          task.arg_count, PTO_KERNEL_MAX_TENSORS, PTO_KERNEL_MAX_SCALARS);
    else
        return true;
    return false;
}

/// Blocks of one size are not made from those of others; but while this task is alone, all of them can be laid out
/// anew.
bool GraphBuilder::take_payload(TaskSlot *slot, uint32_t size_class)
{
    PayloadPool &pool = engine_.tasks.payload;
    slot->payload = pool.allocate(size_class);
    if (slot->payload == kNone && engine_.tasks.used() == 1) {
        pool.reset();
        slot->payload = pool.allocate(size_class);
    }
    return slot->payload != kNone;
}

TaskSlot *GraphBuilder::take_slot(const TaskSlot &shape)
{
    TaskSlot *slot = nullptr;
    if (!wait_for("task slots", wire::Resource::kTaskSlots, 1,
                  [&] { return (slot = engine_.tasks.allocate()) != nullptr; }))
        return nullptr;
    const uint32_t size_class = PayloadPool::class_of(shape.tensor_count, shape.scalar_count);
    if (!wait_for("task payload", wire::Resource::kTaskPayload, uint64_t{PayloadPool::kLineBytes} << size_class,
                  [&] { return take_payload(slot, size_class); }))
        return nullptr;
    for (uint32_t lane = 0; lane < kCoresPerCluster; lane++)
        slot->func_id[lane] = shape.func_id[lane];
    slot->shape = shape.shape;
    slot->lane_mask = shape.lane_mask;
    slot->tensor_count = shape.tensor_count;
    slot->scalar_count = shape.scalar_count;
    slot->payload_class = static_cast<uint8_t>(size_class);
    slot->block_num = shape.block_num;
    slot->ordinal = static_cast<uint32_t>(ordinal());
    store_relaxed(slot->lanes_left, shape.block_num * lane_count(shape));
    return slot;
}

bool GraphBuilder::fill_arguments(const pto_task &task, TaskSlot &slot)
{
    pto_tensor *tensors = engine_.tasks.payload.tensors(slot.payload);
    uint64_t *scalars = engine_.tasks.payload.scalars(slot);
    const TaskId id = engine_.tasks.id_of(slot);
    uint32_t filled = 0;
    uint32_t filled_scalars = 0;
    for (uint32_t i = 0; i < task.arg_count; i++) {
        const pto_arg &arg = task.args[i];
        if (arg.access == PTO_ACCESS_SCALAR) {
            scalars[filled_scalars++] = arg.value.scalar;
            continue;
        }
        pto_tensor &tensor = tensors[filled++];
        tensor = *arg.value.tensor;
        if (arg.access == PTO_ACCESS_OUTPUT) {
            if (!allocate_output(&tensor, id, i))
                return false;
            *arg.value.output = tensor;
        }
    }
    return true;
}

/// Collects edges from the producers that the tensor map names to the task that is being submitted.
class GraphBuilder::EdgeSink {
public:
    EdgeSink(GraphBuilder &builder, TaskSlot &consumer)
        : builder_(builder), tasks_(builder.engine_.tasks), consumer_(consumer), self_(tasks_.id_of(consumer))
    {
    }

    bool is_live(TaskId id) { return id == self_ || tasks_.find_live(id) != nullptr; }

    bool operator()(TaskId id)
    {
        if (id == self_)
            return true;
        TaskSlot *producer = tasks_.find_live(id);
        if (producer == nullptr)
            return false;
        if (producer->mark == consumer_.generation)
            return true;
        const TaskStore::Push pushed = tasks_.push_edge(*producer, self_.slot());
        if (pushed == TaskStore::Push::kExhausted)
            builder_.quiesce(); // with nothing in flight, nothing is left to wait for
        if (pushed != TaskStore::Push::kAdded)
            return false;
        producer->mark = consumer_.generation;
        edges_++;
        return true;
    }

    uint32_t edges() const { return edges_; }

private:
    GraphBuilder &builder_;
    TaskStore &tasks_;
    TaskSlot &consumer_;
    TaskId self_;
    uint32_t edges_ = 0;
};

bool GraphBuilder::add_dependencies(const pto_task &task, TaskSlot &slot, uint32_t *edges)
{
    EdgeSink sink(*this, slot);
    const TaskId self = engine_.tasks.id_of(slot);
    pto_tensor *tensor = engine_.tasks.payload.tensors(slot.payload);
    for (uint32_t i = 0; i < task.arg_count; i++) {
        const uint32_t access = task.args[i].access;
        if (access == PTO_ACCESS_SCALAR)
            continue;
        pto_tensor &argument = *tensor++;
        if (access == PTO_ACCESS_OUTPUT)
            continue; // nobody else can know the buffer yet
        Resolved resolved;
        if (!resolve(argument, i, &resolved))
            return false;
        argument.buffer = resolved.index;
        Buffer &buffer = *resolved.buffer;
        if (!buffer.is_external())
            buffer.refs++;
        if (access == PTO_ACCESS_NO_DEP || argument.manual_dep != 0)
            sink(buffer.owner);
        else if (access == PTO_ACCESS_INPUT)
            engine_.map.read(buffer, resolved.view, self, sink);
        else
            engine_.map.write(buffer, resolved.view, self, sink);
    }
    for (uint32_t i = 0; i < task.dependency_count; i++)
        sink(TaskId{task.dependencies[i]});
    *edges = sink.edges();
    return !is_over();
}

void GraphBuilder::start(TaskSlot &slot, uint32_t edges)
{
    store_relaxed(engine_.submitted, ordinal() + 1);
    // Completions so far have counted down from the bias; what is left are the producers still to come.
    const bool ready = edges == 0 || fetch_sub_acq_rel(slot.fan_in, kFanInBias - edges) == kFanInBias - edges;
    if (!ready)
        return;
    engine_.push_ready(slot);
    engine_.port.work_ready(engine_.port.self, 1);
}

pto_task_id GraphBuilder::submit(const pto_task *request)
{
    if (is_over())
        return PTO_NO_TASK;
    if (request == nullptr) {
        engine_.error.set(task_error(PTO_ERROR_INVALID_TASK), "task %llu: the task is NULL", ordinal());
        return PTO_NO_TASK;
    }
    drain_retired();
    const pto_task &task = *request;
    TaskSlot shape;
    if (!read_kernels(task, &shape) || !count_arguments(task, &shape))
        return PTO_NO_TASK;
    if (!engine_.map.has_room(shape.tensor_count)) {
        if (!quiesce())
            return PTO_NO_TASK;
        engine_.map.forget_accesses();
    }
    TaskSlot *slot = take_slot(shape);
    uint32_t edges = 0;
    if (slot == nullptr || !fill_arguments(task, *slot) || !add_dependencies(task, *slot, &edges))
        return PTO_NO_TASK;
    const pto_task_id id = engine_.tasks.id_of(*slot).bits;
    start(*slot, edges);
    return id;
}

void GraphBuilder::scope_begin(uint32_t)
{
    if (is_over())
        return;
    if (!engine_.scopes.is_full())
        return engine_.scopes.push();
    wire::ErrorRecord record = task_error(PTO_ERROR_SCOPE);
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
        release_reference(at);
        at = next;
    }
    engine_.scopes.pop();
}

} // namespace pto::inline PTO_ARCH::engine
