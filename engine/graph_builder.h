// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_GRAPH_BUILDER_H
#define PTO_ENGINE_GRAPH_BUILDER_H

#include "engine/graph_owner.h"
#include "engine/wire/args_image.h"
#include "pto/orch.h"

namespace pto::inline PTO_ARCH::engine {

/// The orchestration's side of the engine: implements the calls of pto/orch.h. Runs on the owner thread alone. The
/// first error is latched; after it every call does nothing, so the orchestration runs to its end without effect.
class GraphBuilder : private GraphOwner {
public:
    explicit GraphBuilder(Engine &engine) : GraphOwner(engine) {}

    /// Begins a run: binds its arguments and opens the outermost scope. `passed_scalars` is what tasks get for scalars
    /// of the run that the orchestration does not look at. False: the arguments are not usable, latched.
    bool begin(const wire::LaunchBlock &launch, const wire::ArgsView &args, uint32_t cluster_count,
               const uint64_t *passed_scalars);
    /// What the orchestration function is given.
    pto_orch *orch() { return &bridge_.orch; }
    /// The orchestration has returned: checks its scopes and waits until every task is complete.
    void finish();

    // The calls of pto/orch.h.
    pto_task_id submit(const pto_task *request);
    pto_status allocate(pto_tensor *tensor);
    void discard(const pto_tensor *tensor);
    void scope_begin(uint32_t mode);
    void scope_end();
    void *scope_memory(uint64_t size_bytes);
    uint64_t get_element(const pto_tensor *tensor, const uint32_t *index);
    void set_element(const pto_tensor *tensor, const uint32_t *index, uint64_t bits);
    uint64_t scalar(uint32_t index);

    /// Whether the orchestration has looked at a scalar argument: the graph may depend on its value then.
    bool has_read_scalar(uint32_t index) const { return (scalars_read_[index / 64] >> index % 64 & 1) != 0; }
    /// Whether the orchestration has made a tensor from an address: the graph may depend on where things are then.
    bool has_named_address() const { return has_named_address_; }
    void log(int32_t level, const char *format, va_list values);
    void fatal(int32_t code, const char *format, va_list values);
    void reject(pto_status status, const char *format, va_list values);
    pto_status status() const
    {
        // Only the watchdog latches beside this thread; while it fills the record, the run is over already.
        const pto_status latched = engine_.error.status();
        return latched != PTO_OK || !is_over() ? latched : PTO_ERROR_TIMEOUT;
    }

private:
    static constexpr uint32_t kMaxArguments = PTO_KERNEL_MAX_TENSORS + PTO_KERNEL_MAX_SCALARS;

    /// The table's functions find the builder from the pto_orch that they are given.
    struct Bridge {
        pto_orch orch;
        GraphBuilder *builder;
    };
    struct Resolved {
        uint32_t index;
        Buffer *buffer;
        ByteView view;
    };
    class Call;
    class EdgeSink;
    class LiveSink;
    friend const pto_orch_ops &orch_ops();
    static GraphBuilder &of(pto_orch *orch) { return *reinterpret_cast<Bridge *>(orch)->builder; }

    // Arguments of the run.
    bool bind_arguments(const wire::ArgsView &args);
    bool add_argument_buffers(pto_tensor *tensors, const uint16_t *by_address, uint32_t count);

    // Steps of a submit.
    bool has_kernel(int32_t func_id, uint32_t core_type) const
    {
        return static_cast<uint32_t>(func_id) < kernel_count_ &&
               (kernels_[func_id].core_types & wire::core_type_mask(core_type)) != 0;
    }
    static uint32_t core_type_of(uint32_t lane) { return lane == kLaneAic ? PTO_CORE_AIC : PTO_CORE_AIV; }
    inline bool read_kernel(int32_t func_id, uint32_t lane, TaskShape *shape);
    inline bool read_kernels(const pto_task &task, TaskShape *shape);
    bool check_launch(const pto_task &task, uint32_t lane_mask);
    inline bool count_arguments(const pto_task &task, TaskShape *counts);
    inline bool fill(const pto_task &task, TaskSlot &slot, EdgeSink &own, EdgeSink &inferred);
    inline bool fill_arguments(const pto_task &task, TaskSlot &slot, EdgeSink &sink);
    bool keep_predicate(const pto_predicate &predicate, TaskSlot &slot);
    bool fill_predicate(const pto_predicate &predicate, TaskSlot &slot, EdgeSink &sink);
    inline bool add_access(uint32_t access, uint32_t argument, pto_tensor *tensor, EdgeSink &sink);
    bool add_listed(const pto_task &task, TaskSlot &slot, EdgeSink &own);
    bool join_manual(TaskSlot &slot);

    // Scopes.
    bool in_manual_scope() const { return manual_join_ != nullptr; }
    bool begin_manual();
    void end_manual();
    void unlink_from_scope(uint32_t index);
    bool wait_for_element(const Resolved &element, bool for_write);

    // Tensors.
    inline bool resolve(const pto_tensor &tensor, uint32_t argument, Resolved *out);
    static bool allow_empty(ViewDefect defect, ByteView *out);
    inline bool find_buffer(const pto_tensor &tensor, uint32_t argument, uint32_t *out_index);
    bool find_external(const pto_tensor &tensor, uint32_t argument, uint32_t *out_index);
    inline bool allocate_output(pto_tensor *specification, TaskId owner, uint32_t argument, pto_tensor *out);
    void fill_buffer(uint32_t index, uint64_t count, uint32_t size_bytes, uint64_t bits);
    inline bool allocate_buffer(uint64_t size_bytes, TaskId owner, uint32_t *out_index);
    bool resolve_element(const pto_tensor *tensor, const uint32_t *index, Resolved *out, uint64_t *out_address);

    // Refusals: latch an error and return false.
    bool refuse_null();
    bool refuse_size(const pto_task &task);
    bool refuse_kernel(int32_t func_id, uint32_t lane);
    bool refuse_arguments(const pto_task &task);
    bool refuse_predicate(const pto_predicate &predicate);
    bool refuse_view(ViewDefect defect, const pto_tensor &tensor, uint32_t argument);
    bool refuse_handle(const pto_tensor &tensor, uint32_t argument);
    bool refuse_memory(const pto_tensor &tensor, uint32_t argument, const char *defect);

    Bridge bridge_{};
    const wire::KernelEntry *kernels_ = nullptr;
    uint32_t kernel_count_ = 0;
    const uint64_t *scalars_ = nullptr;
    const uint64_t *passed_scalars_ = nullptr; ///< What tasks get for scalars of the run.
    uint64_t scalars_read_[PTO_MAX_RUN_SCALARS / 64] = {};
    bool has_named_address_ = false;
    TaskSlot *manual_join_ = nullptr; ///< Completes after the tasks of the open manual scopes; nullptr: none is open.
    uint32_t manual_edges_ = 0;
    uint32_t manual_depth_ = 0; ///< Depth of the outermost manual scope.
};

/// The table behind every pto_orch.
const pto_orch_ops &orch_ops();

/// `argument` of an error that is about a tensor of get/set/allocate, not about a task's argument.
inline constexpr uint32_t kNoArgument = kNone;

} // namespace pto::inline PTO_ARCH::engine

#endif
