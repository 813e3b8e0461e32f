// SPDX-License-Identifier: Apache-2.0
/** @file graph_recorder.h
 *  Writes down what a graph's function submits. */
#ifndef PTO_COMPAT_GRAPH_RECORDER_H
#define PTO_COMPAT_GRAPH_RECORDER_H

#include "pto/compat/graph_record.h"

/** @cond */
namespace pto_compat {

/// Stands in for the run while the function is called: passes its calls on and writes them down.
class GraphRecorder {
public:
    explicit GraphRecorder(const GraphKey &graph)
        : orch_(*current()), real_(current()), outer_(recording_graph), mark_(graph_pool.used),
          older_(graph_pool.newest)
    {
        recording_graph = ++graph_pool.graphs;
        forget_graph = forget_record;
        orch_.ops = ops();
        record_ = graph_pool.take<GraphRecord>(1);
        if (record_ != nullptr)
            *record_ = {older_,
                        graph.key,
                        graph.constant_count,
                        graph.tensor_count,
                        graph.scalar_count,
                        0,
                        0,
                        nullptr,
                        nullptr,
                        nullptr,
                        recording_graph,
                        0};
        auto *numbers = take<uint64_t>(graph.constant_count + graph.scalar_count);
        auto *tensors = take<pto_tensor>(graph.tensor_count);
        for (uint32_t i = 0; record_ != nullptr && i < graph.constant_count; i++)
            numbers[i] = graph.constants[i];
        for (uint32_t i = 0; record_ != nullptr && i < graph.scalar_count; i++)
            numbers[graph.constant_count + i] = graph.scalar(i);
        for (uint32_t i = 0; record_ != nullptr && i < graph.tensor_count; i++)
            tensors[i] = graph.tensor(i);
        if (record_ != nullptr) {
            record_->numbers = numbers;
            record_->tensors = tensors;
            end_ = &record_->first;
        }
        current_orch = &orch_;
    }
    GraphRecorder(const GraphRecorder &) = delete;
    GraphRecorder &operator=(const GraphRecorder &) = delete;
    ~GraphRecorder() { leave(); }

    /// The function has returned. False: there is no record of it.
    bool finish()
    {
        leave();
        if (record_ != nullptr && pto_orch_status(real_) == PTO_OK && scope_depth_ == 0) {
            record_->last = graph_pool.graphs;
            record_->older = graph_pool.newest;
            graph_pool.newest = record_;
            return true;
        }
        if (graph_pool.newest == older_) // no graph in this one was recorded
            graph_pool.used = mark_;
        return false;
    }

private:
    void leave()
    {
        current_orch = real_;
        recording_graph = outer_;
    }

    static GraphRecorder &of(pto_orch *orch) { return *reinterpret_cast<GraphRecorder *>(orch); }

    /// What the function has done cannot be done again without it.
    void give_up() { record_ = nullptr; }

    template <class T> T *take(uint32_t count)
    {
        T *memory = record_ == nullptr ? nullptr : graph_pool.take<T>(count);
        if (memory == nullptr)
            give_up();
        return memory;
    }

    GraphCall *add_call(GraphStep step, uint32_t tensor_count)
    {
        auto *call = take<GraphCall>(1);
        auto *tensors = take<pto_tensor>(tensor_count);
        auto *sources = take<TensorSource>(tensor_count);
        if (record_ == nullptr)
            return nullptr;
        *call = {};
        call->step = step;
        call->tensor_count = tensor_count;
        call->first_output = record_->output_count;
        call->tensors = tensors;
        call->sources = sources;
        *end_ = call;
        end_ = &call->next;
        record_->call_count++;
        return call;
    }

    /// Where a tensor's buffer comes from. One that is neither part of an argument nor of an output is the function's
    /// secret.
    void note_tensor(const pto_tensor &tensor, GraphCall *call, uint32_t at)
    {
        call->tensors[at] = tensor;
        call->sources[at] = {false, 0};
        for (uint32_t i = 0; i < record_->tensor_count; i++)
            if (same_buffer(tensor, record_->tensors[i]) && is_part(tensor, record_->tensors[i])) {
                call->sources[at] = {false, i};
                call->tensors[at].start_offset -= record_->tensors[i].start_offset;
                return;
            }
        for (const GraphCall *other = record_->first; other != call; other = other->next)
            for (uint32_t i = 0; i < other->tensor_count; i++)
                if (is_output_of(*other, i) && same_buffer(tensor, other->tensors[i])) {
                    call->sources[at] = other->sources[i];
                    return;
                }
        give_up();
    }
    static bool is_output_of(const GraphCall &call, uint32_t index)
    {
        return call.step == GraphStep::kAllocate ||
               (index < call.task.arg_count && call.args[index].access == PTO_ACCESS_OUTPUT);
    }
    /// Elements from the first to the last.
    static uint64_t reach_of(const pto_tensor &tensor)
    {
        uint64_t reach = 1;
        for (uint32_t i = 0; i < tensor.ndims && i < PTO_MAX_RANK; i++)
            reach += tensor.shape[i] == 0 ? 0 : uint64_t{tensor.shape[i] - 1} * tensor.strides[i];
        return reach;
    }
    static bool is_part(const pto_tensor &tensor, const pto_tensor &whole)
    {
        return tensor.start_offset >= whole.start_offset &&
               tensor.start_offset + reach_of(tensor) <= whole.start_offset + reach_of(whole);
    }
    void note_output(const pto_tensor &allocated, GraphCall *call, uint32_t at)
    {
        call->tensors[at] = allocated;
        call->sources[at] = {true, record_->output_count++};
    }

    void note_dependencies(const pto_task &task, GraphCall *call)
    {
        auto *numbers = take<uint32_t>(task.dependency_count);
        for (uint32_t i = 0; record_ != nullptr && i < task.dependency_count; i++) {
            numbers[i] = 0;
            const GraphCall *other = record_->first;
            for (; other != call && other->id != task.dependencies[i]; other = other->next)
                numbers[i]++;
            if (other == call)
                give_up();
        }
        call->dependencies = numbers;
    }

    void note_task(const pto_task &task, const pto_tensor *initials, pto_task_id id)
    {
        const uint32_t tensors = tensors_of(task);
        GraphCall *call = add_call(GraphStep::kSubmit, tensors + (task.predicate != nullptr ? 1 : 0));
        auto *args = take<pto_arg>(task.arg_count);
        if (record_ == nullptr)
            return;
        call->task = task;
        call->id = id;
        call->args = args;
        for (uint32_t i = 0; i < task.arg_count; i++)
            args[i] = task.args[i];
        for (uint32_t i = 0; record_ != nullptr && i < tensors; i++) {
            if (args[i].access == PTO_ACCESS_OUTPUT) {
                note_output(*args[i].value.output, call, i);
                call->tensors[i].initial = initials[i].initial;
                call->tensors[i].has_initial = initials[i].has_initial;
            } else {
                note_tensor(*args[i].value.tensor, call, i);
            }
        }
        if (record_ != nullptr && task.predicate != nullptr) {
            call->predicate = *task.predicate;
            note_tensor(*task.predicate->tensor, call, tensors);
        }
        if (record_ != nullptr)
            note_dependencies(task, call);
    }
    /// Tensors come first in the dialect.
    static uint32_t tensors_of(const pto_task &task)
    {
        uint32_t count = 0;
        while (count < task.arg_count && task.args[count].access < PTO_ACCESS_SCALAR)
            count++;
        return count;
    }

    static pto_task_id submit(pto_orch *orch, const pto_task *task)
    {
        GraphRecorder &recorder = of(orch);
        pto_tensor initials[PTO_KERNEL_MAX_TENSORS];
        const uint32_t tensors = tensors_of(*task);
        for (uint32_t i = 0; i < tensors && i < PTO_KERNEL_MAX_TENSORS; i++)
            if (task->args[i].access == PTO_ACCESS_OUTPUT)
                initials[i] = *task->args[i].value.output; // the engine turns it into the tensor
        const pto_task_id id = pto_submit_task(recorder.real_, task);
        if (id != PTO_NO_TASK && recorder.record_ != nullptr)
            recorder.note_task(*task, initials, id);
        return id;
    }
    static pto_status allocate(pto_orch *orch, pto_tensor *tensor)
    {
        GraphRecorder &recorder = of(orch);
        const pto_tensor specification = *tensor;
        const pto_status status = pto_allocate(recorder.real_, tensor);
        GraphCall *call = status == PTO_OK ? recorder.add_call(GraphStep::kAllocate, 1) : nullptr;
        if (call == nullptr)
            return status;
        call->id = tensor->owner;
        recorder.note_output(*tensor, call, 0);
        call->tensors[0].initial = specification.initial;
        call->tensors[0].has_initial = specification.has_initial;
        return status;
    }
    static void scope_begin(pto_orch *orch, uint32_t mode)
    {
        GraphRecorder &recorder = of(orch);
        recorder.real_->ops->scope_begin(recorder.real_, mode);
        recorder.scope_depth_++;
        if (GraphCall *call = recorder.add_call(GraphStep::kScopeBegin, 0); call != nullptr)
            call->scope_mode = mode;
    }
    static void scope_end(pto_orch *orch)
    {
        GraphRecorder &recorder = of(orch);
        pto_scope_end(recorder.real_);
        recorder.scope_depth_--;
        recorder.add_call(GraphStep::kScopeEnd, 0);
    }

    // These depend on what is in memory, on the run, or on when they happen.

    static void discard(pto_orch *orch, const pto_tensor *tensor)
    {
        of(orch).give_up();
        pto_discard(of(orch).real_, tensor);
    }
    static uint64_t get_element(pto_orch *orch, const pto_tensor *tensor, const uint32_t *index)
    {
        of(orch).give_up();
        return pto_get_element(of(orch).real_, tensor, index);
    }
    static void set_element(pto_orch *orch, const pto_tensor *tensor, const uint32_t *index, uint64_t bits)
    {
        of(orch).give_up();
        pto_set_element(of(orch).real_, tensor, index, bits);
    }
    static uint64_t scalar(pto_orch *orch, uint32_t index)
    {
        of(orch).give_up();
        return pto_scalar_arg(of(orch).real_, index);
    }
    static void log(pto_orch *orch, int32_t level, const char *format, va_list values)
    {
        of(orch).give_up();
        of(orch).real_->ops->log(of(orch).real_, level, format, values);
    }
    static void fatal(pto_orch *orch, int32_t code, const char *format, va_list values)
    {
        of(orch).real_->ops->fatal(of(orch).real_, code, format, values);
    }
    static void reject(pto_orch *orch, pto_status status, const char *format, va_list values)
    {
        of(orch).real_->ops->reject(of(orch).real_, status, format, values);
    }
    static pto_status status(const pto_orch *orch)
    {
        return pto_orch_status(reinterpret_cast<const GraphRecorder *>(orch)->real_);
    }
    static void *scope_memory(pto_orch *orch, uint64_t size_bytes)
    {
        return pto_scope_memory(of(orch).real_, size_bytes);
    }
    static const pto_orch_ops *ops()
    {
        static const pto_orch_ops kOps = {
            sizeof(pto_orch_ops), PTO_ABI_VERSION, submit, allocate, discard, scope_begin, scope_end,   get_element,
            set_element,          scalar,          log,    fatal,    reject,  status,      scope_memory};
        return &kOps;
    }

    pto_orch orch_; // first: the calls find this by it
    pto_orch *real_;
    uint32_t outer_; // graph that this one is part of
    size_t mark_;
    GraphRecord *older_;
    GraphRecord *record_ = nullptr; // nullptr: the graph is not recorded
    GraphCall **end_ = nullptr;
    int32_t scope_depth_ = 0;
};

} // namespace pto_compat
/** @endcond */

#endif
