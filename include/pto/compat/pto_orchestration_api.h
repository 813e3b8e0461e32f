// SPDX-License-Identifier: Apache-2.0
/** @file pto_orchestration_api.h
 *  The dialect in which existing orchestrations for this family of chips are written, as a layer over pto/orch.h. A
 *  source that includes this compiles to a shared object whose entry is the source's own function:
 *
 *  @code
 *  extern "C" void aicpu_orchestration_entry(const ChipTaskArgs &args);
 *  @endcode
 *
 *  `pto_callable.orch_entry` names it. Nothing but plain data crosses the boundary to the engine; errors latch as those
 *  of pto/orch.h do, and after the first one every call does nothing. */
#ifndef PTO_COMPAT_ORCHESTRATION_API_H
#define PTO_COMPAT_ORCHESTRATION_API_H

#include "pto/compat/error_codes.h"
#include "pto/compat/pto_task_args.h"
#include "pto/orch.h"

/** What the executor knows of a run. Opaque: only passed on. */
struct PTO2Runtime;

/** @cond */
static inline PTO2Runtime *current_runtime()
{
    return reinterpret_cast<PTO2Runtime *>(pto_compat::current());
}
static inline PTO2Runtime *framework_current_runtime()
{
    return current_runtime();
}
/** @endcond */

/* ---- errors and log ------------------------------------------------------------------------------------------ */

/** Whether the run has failed: every call does nothing then. */
static inline bool rt_is_fatal()
{
    return pto_orch_status(pto_compat::current()) != PTO_OK;
}

/** Ends the run with a code of error_codes.h, or one of the orchestration's own, and a message. */
#define rt_report_fatal(code, ...) pto_fatal(pto_compat::current(), (code), __VA_ARGS__)

#define LOG_ERROR(...)  pto_log(pto_compat::current(), PTO_LOG_ERROR, __VA_ARGS__) /**< A line for the host's log. */
#define LOG_WARN(...)   pto_log(pto_compat::current(), PTO_LOG_WARN, __VA_ARGS__)  /**< Likewise. */
#define LOG_TIMING(...) pto_log(pto_compat::current(), PTO_LOG_INFO, __VA_ARGS__)  /**< Likewise. */
#define LOG_INFO(...)   pto_log(pto_compat::current(), PTO_LOG_INFO, __VA_ARGS__)  /**< Likewise. */
#define LOG_DEBUG(...)  pto_log(pto_compat::current(), PTO_LOG_DEBUG, __VA_ARGS__) /**< Likewise. */

/* ---- tasks --------------------------------------------------------------------------------------------------- */

/** What a submit gives: the task's id and the tensors that it allocates. These live until the scope ends in which the
 *  task was submitted, and so do references to them, whatever becomes of this object. */
class TaskOutputTensors {
public:
    /** Of nothing: what a failed submit gives. */
    TaskOutputTensors() = default;
    /** @cond */
    TaskOutputTensors(PTO2TaskId id, const pto_tensor *tensors, uint32_t count)
        : id_(id), count_(count), scope_(pto_compat::open_scopes.innermost()), graph_(pto_compat::recording_graph),
          tensors_(reinterpret_cast<const ChipTensor *>(tensors))
    {
    }
    /** @endcond */

    /** Whether there are no tensors. */
    bool empty() const { return count_ == 0; }
    /** Number of tensors, in the order in which they were added as outputs. */
    uint32_t size() const { return count_; }
    /** One of them. After an error, and after the end of their scope, it is one that no task takes. */
    const ChipTensor &get_ref(uint32_t index) const &
    {
        note_use();
        if (index < count_ && pto_compat::open_scopes.has(scope_))
            return tensors_[index];
        return *(index < count_ ? pto_compat::gone_tensor(index)
                                : pto_compat::no_tensor(static_cast<int32_t>(index), count_));
    }
    /** The object has to be named, so that it is seen how long it lives. */
    const ChipTensor &get_ref(uint32_t) const && = delete;
    /** The task. */
    PTO2TaskId task_id() const
    {
        note_use();
        return id_;
    }

private:
    /// In the function of a graph that is being recorded this changes nothing.
    void note_use() const
    {
        if (graph_ != 0)
            pto_compat::forget_graph(graph_);
    }

    PTO2TaskId id_ = PTO2TaskId::invalid();
    uint32_t count_ = 0;
    pto_compat::ScopeName scope_{};
    uint32_t graph_ = 0; // that the task is part of
    const ChipTensor *tensors_ = nullptr;
};
using TaskSubmitResult = TaskOutputTensors; /**< Another name for it. */

/** @cond */
namespace pto_compat {

/// Room for what a submit allocates, until the innermost scope ends. False: there is none, and the run has ended.
static inline bool take_slots(const CoreTaskArgs &args, pto_tensor **slots)
{
    *slots = nullptr;
    if (args.output_count() == 0)
        return true;
    *slots = static_cast<pto_tensor *>(pto_scope_memory(current(), args.output_count() * sizeof(pto_tensor)));
    return *slots != nullptr;
}

/// The engine's predicate. A target that no element can have is turned into a condition that is always or never true.
pto_predicate predicate_of(const CoreTaskPredicate &predicate);

static inline bool is_launchable(const CoreTaskArgs &args)
{
    if (args.has_error)
        refuse(PTO_ERROR_INVALID_TASK, "the arguments of the task: %s", args.error_msg);
    else if (args.launch_spec.block_num() < 1)
        refuse(PTO_ERROR_INVALID_TASK, "a task of %d blocks", int{args.launch_spec.block_num()});
    else if (args.predicate().op != PredicateOp::NONE && args.predicate().operand.tensor == nullptr)
        refuse(PTO_ERROR_INVALID_TASK, "a predicate without a tensor");
    else
        return true;
    return false;
}

static inline TaskOutputTensors submit(const MixedKernels &kernels, const CoreTaskArgs &args)
{
    pto_tensor *slots;
    if (args.has_error || args.launch_spec.block_num() < 1 || args.predicate().op != PredicateOp::NONE)
        if (!is_launchable(args))
            return {};
    if (!take_slots(args, &slots))
        return {};
    pto_task task;
    task.struct_size = sizeof task;
    task.aic = kernels.aic_kernel_id;
    task.aiv0 = kernels.aiv0_kernel_id;
    task.aiv1 = kernels.aiv1_kernel_id;
    task.block_num = static_cast<uint32_t>(args.launch_spec.block_num());
    task.arg_count = args.arg_count();
    task.args = args.bind(slots);
    task.dependency_count = args.explicit_dep_count();
    task.flags = args.launch_spec.require_sync_start() ? PTO_TASK_SYNC_START : 0;
    task.dependencies = args.dependencies();
    task.predicate = nullptr;
    pto_predicate predicate;
    if (args.predicate().op != PredicateOp::NONE) {
        predicate = predicate_of(args.predicate());
        task.predicate = &predicate;
    }
    const pto_task_id id = pto_submit_task(current(), &task);
    if (id == PTO_NO_TASK)
        return {};
    return {PTO2TaskId{id}, slots, args.output_count()};
}

} // namespace pto_compat
/** @endcond */

/** Submits kernels for the cores of a cluster. */
static inline TaskOutputTensors rt_submit_task(const MixedKernels &kernels, const CoreTaskArgs &args)
{
    return pto_compat::submit(kernels, args);
}
/** Submits a kernel for a matrix core. */
static inline TaskOutputTensors rt_submit_aic_task(int32_t kernel_id, const CoreTaskArgs &args)
{
    return pto_compat::submit({kernel_id, INVALID_KERNEL_ID, INVALID_KERNEL_ID}, args);
}
/** Submits a kernel for a vector core. */
static inline TaskOutputTensors rt_submit_aiv_task(int32_t kernel_id, const CoreTaskArgs &args)
{
    return pto_compat::submit({INVALID_KERNEL_ID, kernel_id, INVALID_KERNEL_ID}, args);
}
/** Submits a task that only joins what it depends on. */
static inline TaskOutputTensors rt_submit_dummy_task(const CoreTaskArgs &args)
{
    return pto_compat::submit({}, args);
}

/** Allocates tensors without a task: the outputs among the arguments, which may have nothing else. */
static inline TaskOutputTensors alloc_tensors(const CoreTaskArgs &args)
{
    pto_tensor *slots;
    if (args.has_error || args.output_count() != args.arg_count()) {
        pto_compat::refuse(PTO_ERROR_INVALID_TASK, "alloc_tensors: %s",
                           args.has_error ? args.error_msg : "there are other arguments than outputs to allocate");
        return {};
    }
    if (!pto_compat::take_slots(args, &slots))
        return {};
    args.bind(slots);
    for (uint32_t i = 0; i < args.output_count(); i++)
        if (pto_allocate(pto_compat::current(), &slots[i]) != PTO_OK)
            return {};
    return {PTO2TaskId{slots == nullptr ? PTO_NO_TASK : slots[0].owner}, slots, args.output_count()};
}
/** The same for a list. */
static inline TaskOutputTensors alloc_tensors(const TensorCreateInfo infos[], uint32_t count)
{
    CoreTaskArgs args;
    for (uint32_t i = 0; i < count; i++)
        args.add_output(infos[i]);
    return alloc_tensors(args);
}
/** The same for single ones. */
template <class... Infos,
          class = std::enable_if_t<(sizeof...(Infos) > 0) && (std::is_same_v<Infos, TensorCreateInfo> && ...)>>
static inline TaskOutputTensors alloc_tensors(const Infos &...infos)
{
    CoreTaskArgs args;
    (args.add_output(infos), ...);
    return alloc_tensors(args);
}

/** Clusters of the chip. */
static inline int32_t rt_available_cluster_count()
{
    return static_cast<int32_t>(pto_compat::current()->cluster_count);
}
/** Vector cores of the chip. */
static inline int32_t rt_available_aiv_count()
{
    return static_cast<int32_t>(pto_compat::current()->aiv_count);
}

/* ---- elements ------------------------------------------------------------------------------------------------ */

/** @cond */
namespace pto_compat {

static inline bool is_element(const ChipTensor &tensor, uint32_t count)
{
    if (count == tensor.ndims)
        return true;
    refuse(PTO_ERROR_INVALID_TENSOR, "element: %u indices for a tensor of rank %u", count, tensor.ndims);
    return false;
}

} // namespace pto_compat
/** @endcond */

/** An element, once the tasks that write it are done; 0 after an error. */
template <class T = uint64_t>
static inline T get_tensor_data(const ChipTensor &tensor, uint32_t count, const uint32_t indices[])
{
    if (!pto_compat::is_element(tensor, count))
        return from_u64<T>(0);
    return from_u64<T>(pto_get_element(pto_compat::current(), tensor.native(), indices));
}
/** Writes an element, once the tasks that write or read it are done. */
template <class T = uint64_t>
static inline void set_tensor_data(const ChipTensor &tensor, uint32_t count, const uint32_t indices[], T value)
{
    if (pto_compat::is_element(tensor, count))
        pto_set_element(pto_compat::current(), tensor.native(), indices, to_u64(value));
}

/* ---- scopes -------------------------------------------------------------------------------------------------- */

/** Begins a scope. */
static inline void rt_scope_begin(PTO2ScopeMode mode = PTO2ScopeMode::AUTO)
{
    pto_orch *orch = pto_compat::current();
    orch->ops->scope_begin(orch, static_cast<uint32_t>(mode));
    pto_compat::open_scopes.begin();
}
/** Ends the innermost scope. */
static inline void rt_scope_end()
{
    pto_scope_end(pto_compat::current());
    pto_compat::open_scopes.end();
}

/** A scope that ends with its block, however the block is left. */
class PTO2ScopeGuard {
public:
    /** Begins it. */
    explicit PTO2ScopeGuard(PTO2ScopeMode mode = PTO2ScopeMode::AUTO) { rt_scope_begin(mode); }
    /** Ends it. */
    ~PTO2ScopeGuard() { rt_scope_end(); }
    PTO2ScopeGuard(const PTO2ScopeGuard &) = delete;
    PTO2ScopeGuard &operator=(const PTO2ScopeGuard &) = delete;
};

/** @cond */
#define PTO2_SCOPE_JOIN(a, b)  a##b
#define PTO2_SCOPE_NAME(count) PTO2_SCOPE_JOIN(pto_scope_, count)
/** @endcond */
/** `PTO2_SCOPE() { ... }` and `PTO2_SCOPE(PTO2ScopeMode::MANUAL) { ... }` are scopes. */
#define PTO2_SCOPE(...) if (PTO2ScopeGuard PTO2_SCOPE_NAME(__COUNTER__){__VA_ARGS__}; true)
/** A scope up to the end of the block that this stands in. */
#define PTO2_SCOPE_GUARD(...)                                                                                          \
    [[maybe_unused]] PTO2ScopeGuard PTO2_SCOPE_NAME(__COUNTER__)                                                       \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }

#include "pto/compat/pto_arg_with_deps.h"
#include "pto/compat/pto_entry.h"
#include "pto/compat/pto_predicate.h"
#include "pto/compat/pto_submit_graph.h"

#endif
