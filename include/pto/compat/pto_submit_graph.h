// SPDX-License-Identifier: Apache-2.0
/** @file pto_submit_graph.h
 *  Parts of an orchestration that are submitted again and again. The first time their function is called and what it
 *  submits is recorded; later, for the same key and constants and for arguments of the same layout, the record is
 *  submitted. Records live as long as the run. */
#ifndef PTO_COMPAT_SUBMIT_GRAPH_H
#define PTO_COMPAT_SUBMIT_GRAPH_H

#include "pto/compat/graph_recorder.h"

/** Arguments of a graph. */
using GraphTaskArgs = Arg<128, 64>;

/** What came of a graph. */
struct GraphSubmitResult {
    bool execute_block = true; /**< Its tasks are submitted: always so. */
    bool recording = false;    /**< The function has been called, and is recorded now. */
};

/** A graph's function: submits its tasks. */
using GraphFunction = void (*)(const GraphTaskArgs &);

/** @cond */
namespace pto_compat {

/// Submits recorded calls for other arguments.
class GraphReplay {
public:
    GraphReplay(const GraphRecord &record, const GraphKey &graph) : record_(record), graph_(graph) {}

    void run()
    {
        const uint64_t id_bytes = record_.call_count * sizeof(pto_task_id);
        auto *memory = static_cast<unsigned char *>(
            pto_scope_memory(current(), record_.output_count * sizeof(pto_tensor) + id_bytes));
        if (memory == nullptr)
            return;
        outputs_ = reinterpret_cast<pto_tensor *>(memory);
        ids_ = reinterpret_cast<pto_task_id *>(memory + record_.output_count * sizeof(pto_tensor));
        uint32_t number = 0;
        for (const GraphCall *call = record_.first; call != nullptr && !is_over(); call = call->next)
            ids_[number++] = repeat(*call);
    }

private:
    static bool is_over() { return pto_orch_status(current()) != PTO_OK; }

    pto_task_id repeat(const GraphCall &call)
    {
        pto_orch *orch = current();
        switch (call.step) {
        case GraphStep::kSubmit: return submit(call);
        case GraphStep::kAllocate:
            outputs_[call.first_output] = specification(call.tensors[0]);
            pto_allocate(orch, &outputs_[call.first_output]);
            return outputs_[call.first_output].owner;
        case GraphStep::kScopeBegin: orch->ops->scope_begin(orch, call.scope_mode); break;
        case GraphStep::kScopeEnd: pto_scope_end(orch); break;
        }
        return PTO_NO_TASK;
    }

    static pto_tensor specification(const pto_tensor &recorded)
    {
        pto_tensor tensor = recorded;
        tensor.addr = 0;
        tensor.owner = PTO_NO_TASK;
        tensor.buffer = 0;
        return tensor;
    }

    /// The recorded view, of the buffer that is in its place now.
    pto_tensor bind(const pto_tensor &recorded, const TensorSource &source) const
    {
        const pto_tensor &from = source.is_output ? outputs_[source.index] : graph_.tensor(source.index);
        pto_tensor tensor = recorded;
        tensor.addr = from.addr;
        tensor.size_bytes = from.size_bytes;
        tensor.owner = from.owner;
        tensor.buffer = from.buffer;
        tensor.start_offset += source.is_output ? 0 : from.start_offset;
        return tensor;
    }

    pto_task_id submit(const GraphCall &call)
    {
        pto_arg args[PTO_KERNEL_MAX_TENSORS + PTO_KERNEL_MAX_SCALARS];
        pto_tensor tensors[PTO_KERNEL_MAX_TENSORS + 1];
        pto_predicate predicate = call.predicate;
        for (uint32_t i = 0; i < call.task.arg_count; i++) {
            args[i] = call.args[i];
            if (args[i].access == PTO_ACCESS_OUTPUT) {
                args[i].value.output = &outputs_[call.sources[i].index];
                *args[i].value.output = specification(call.tensors[i]);
            } else if (args[i].access < PTO_ACCESS_SCALAR) {
                tensors[i] = bind(call.tensors[i], call.sources[i]);
                args[i].value.tensor = &tensors[i];
            }
        }
        pto_task task = call.task;
        task.args = args;
        if (task.predicate != nullptr) {
            const uint32_t last = call.tensor_count - 1;
            tensors[last] = bind(call.tensors[last], call.sources[last]);
            predicate.tensor = &tensors[last];
            task.predicate = &predicate;
        }
        return submit_after(call, task);
    }

    pto_task_id submit_after(const GraphCall &call, pto_task &task)
    {
        if (task.dependency_count != 0) {
            auto *ids =
                static_cast<pto_task_id *>(pto_scope_memory(current(), task.dependency_count * sizeof(pto_task_id)));
            for (uint32_t i = 0; ids != nullptr && i < task.dependency_count; i++)
                ids[i] = ids_[call.dependencies[i]];
            task.dependencies = ids;
        }
        return pto_submit_task(current(), &task);
    }

    const GraphRecord &record_;
    const GraphKey &graph_;
    pto_tensor *outputs_ = nullptr;
    pto_task_id *ids_ = nullptr;
};

/// The bits of a constant; false: it has more than fit, or points to something that may change, and the graph cannot
/// be recorded.
template <class Constant> static inline bool bits_of(const Constant &constant, uint64_t *bits)
{
    *bits = 0;
    if constexpr (sizeof(Constant) <= sizeof(uint64_t) && std::is_trivially_copyable_v<Constant> &&
                  !std::is_pointer_v<Constant>) {
        __builtin_memcpy(bits, &constant, sizeof constant);
        return true;
    }
    return false;
}

template <class Call> static inline GraphSubmitResult submit_graph(const GraphKey &graph, Call &&call)
{
    graph_pool.keep_for(current_run);
    if (const GraphRecord *record = find_record(graph); record != nullptr) {
        GraphReplay(*record, graph).run();
        return {};
    }
    GraphRecorder recorder(graph);
    call();
    return {true, recorder.finish()};
}

template <class... Constants>
static inline GraphSubmitResult submit_graph(uint64_t key, void (*function)(const GraphTaskArgs &, Constants...),
                                             const GraphTaskArgs &args, std::common_type_t<Constants>... constants)
{
    uint64_t numbers[sizeof...(Constants) + 1] = {reinterpret_cast<uintptr_t>(function)};
    uint32_t count = 0;
    const bool is_recordable = (bits_of(constants, &numbers[++count]) && ...);
    if (args.has_error) {
        refuse(PTO_ERROR_INVALID_TASK, "the arguments of the graph: %s", args.error_msg);
        return {};
    }
    if (!is_recordable) {
        function(args, constants...);
        return {};
    }
    const GraphKey graph{key,
                         numbers,
                         static_cast<uint32_t>(sizeof...(Constants) + 1),
                         args.bind(nullptr),
                         static_cast<uint32_t>(args.tensor_count()),
                         static_cast<uint32_t>(args.scalar_count())};
    return submit_graph(graph, [&] { function(args, constants...); });
}

} // namespace pto_compat
/** @endcond */

/** Submits the tasks of a graph: what `function` submits for these arguments. */
template <class... Constants>
static inline GraphSubmitResult rt_submit_graph(void (*function)(const GraphTaskArgs &, Constants...),
                                                const GraphTaskArgs &args, std::common_type_t<Constants>... constants)
{
    return pto_compat::submit_graph(0, function, args, constants...);
}
/** The same under a key of the caller's: functions that submit something else for another key are recorded for each. */
template <class... Constants>
static inline GraphSubmitResult rt_submit_graph(uint64_t key, void (*function)(const GraphTaskArgs &, Constants...),
                                                const GraphTaskArgs &args, std::common_type_t<Constants>... constants)
{
    return pto_compat::submit_graph(key, function, args, constants...);
}

/** For functions without constants, lambdas among them. */
static inline GraphSubmitResult rt_submit_graph(GraphFunction function, const GraphTaskArgs &args)
{
    return pto_compat::submit_graph(0, function, args);
}
/** The same under a key. */
static inline GraphSubmitResult rt_submit_graph(uint64_t key, GraphFunction function, const GraphTaskArgs &args)
{
    return pto_compat::submit_graph(key, function, args);
}

#endif
