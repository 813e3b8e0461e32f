// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_GRAPH_BUILDER_H
#define PTO_ENGINE_GRAPH_BUILDER_H

#include "engine/engine.h"
#include "engine/wire/args_image.h"
#include "pto/orch.h"

namespace pto::inline PTO_ARCH::engine {

/// The orchestration's side of the engine: implements the calls of pto/orch.h. Runs on the owner thread alone. The
/// first error is latched; after it every call does nothing, so the orchestration runs to its end without effect.
class GraphBuilder {
public:
    explicit GraphBuilder(Engine &engine) : engine_(engine) {}

    /// Begins a run: binds its arguments and opens the outermost scope. False: the arguments are not usable, latched.
    bool begin(const wire::LaunchBlock &launch, const wire::ArgsView &args, uint32_t cluster_count);
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
    uint64_t get_element(const pto_tensor *tensor, const uint32_t *index);
    void set_element(const pto_tensor *tensor, const uint32_t *index, uint64_t bits);
    uint64_t scalar(uint32_t index) { return scalars_[index]; }
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
    class EdgeSink;
    class LiveSink;
    friend const pto_orch_ops &orch_ops();
    static GraphBuilder &of(pto_orch *orch) { return *reinterpret_cast<Bridge *>(orch)->builder; }

    // Arguments of the run.
    bool bind_arguments(const wire::ArgsView &args);
    bool add_argument_buffers(pto_tensor *tensors, const uint16_t *by_address, uint32_t count);

    // Steps of a submit.
    bool read_kernels(const pto_task &task, TaskSlot *shape);
    bool check_kernel(int32_t func_id, uint32_t lane);
    bool count_arguments(const pto_task &task, TaskSlot *counts);
    TaskSlot *take_slot(const TaskSlot &shape);
    bool take_payload(TaskSlot *slot, uint32_t size_class);
    bool fill_arguments(const pto_task &task, TaskSlot &slot);
    bool add_dependencies(const pto_task &task, TaskSlot &slot, uint32_t *edges);
    void start(TaskSlot &slot, uint32_t edges);

    // Tensors.
    bool resolve(const pto_tensor &tensor, uint32_t argument, Resolved *out);
    bool find_buffer(const pto_tensor &tensor, uint32_t argument, uint32_t *out_index);
    bool find_external(const pto_tensor &tensor, uint32_t argument, uint32_t *out_index);
    bool allocate_output(pto_tensor *tensor, TaskId owner, uint32_t argument);
    bool resolve_element(const pto_tensor *tensor, const uint32_t *index, Resolved *out, uint64_t *out_address);
    void release_reference(uint32_t buffer);

    // Waiting.
    template <class Try> bool wait_for(const char *name, wire::Resource resource, uint64_t needed, Try &&attempt);
    bool quiesce();
    void drain_retired();
    void report_deadlock(const char *name, wire::Resource resource, uint64_t needed);

    // Errors.
    bool is_over() const { return engine_.error.is_set() || load_relaxed(engine_.abandoned); }
    /// Number of the task that is being submitted.
    unsigned long long ordinal() const { return load_relaxed(engine_.submitted); }
    wire::ErrorRecord task_error(pto_status status) const;
    bool fail_defect(ViewDefect defect, const pto_tensor &tensor, uint32_t argument);

    Engine &engine_;
    Bridge bridge_{};
    const wire::KernelEntry *kernels_ = nullptr;
    uint32_t kernel_count_ = 0;
    const uint64_t *scalars_ = nullptr;
};

/// The table behind every pto_orch.
const pto_orch_ops &orch_ops();

/// `argument` of an error that is about a tensor of get/set/allocate, not about a task's argument.
inline constexpr uint32_t kNoArgument = kNone;

} // namespace pto::inline PTO_ARCH::engine

#endif
