// SPDX-License-Identifier: Apache-2.0
/** @file graph_record.h
 *  Records of graphs that an orchestration submits more than once in a run. A record says what a function has submitted
 *  in terms of the arguments that it was given, so that it can be submitted again for others of the same layout. What a
 *  function does in another way (an element that it reads, a tensor that is no argument) makes its graph one that is
 *  not recorded: the function is called each time, with the same result. */
#ifndef PTO_COMPAT_GRAPH_RECORD_H
#define PTO_COMPAT_GRAPH_RECORD_H

#include "pto/compat/pto_task_args.h"

/** @cond */
namespace pto_compat {

/// Where records are kept, a stack that is emptied for each run. What does not fit is not recorded.
struct GraphPool {
    alignas(64) unsigned char bytes[size_t{1} << 20];
    size_t used;
    uint64_t run;    ///< Whose records these are.
    uint32_t graphs; ///< Numbers given to graphs that were recorded.
    struct GraphRecord *newest;

    void keep_for(uint64_t current)
    {
        if (run == current)
            return;
        run = current;
        used = 0;
        newest = nullptr;
    }

    template <class T> T *take(size_t count)
    {
        const size_t begin = (used + alignof(T) - 1) / alignof(T) * alignof(T);
        if (count > (sizeof bytes - begin) / sizeof(T) || begin > sizeof bytes)
            return nullptr;
        used = begin + count * sizeof(T);
        return reinterpret_cast<T *>(bytes + begin);
    }
};

/// Only in shared objects that submit graphs.
inline __attribute__((visibility("hidden"))) GraphPool graph_pool{};

/// Where the buffer of a recorded tensor comes from: an argument of the graph, or an output of it, in the order of
/// allocation.
struct TensorSource {
    bool is_output;
    uint32_t index;
};

enum class GraphStep : uint32_t { kSubmit, kAllocate, kScopeBegin, kScopeEnd };

/// One call that the function has made.
struct GraphCall {
    GraphCall *next;
    GraphStep step;
    uint32_t scope_mode;
    uint32_t tensor_count; ///< Arguments that are tensors, and the predicate's.
    uint32_t first_output; ///< Number of the first output of this call.
    pto_task task;         ///< Its lists are those below.
    pto_predicate predicate;
    pto_task_id id; ///< In the run that was recorded.
    pto_arg *args;
    pto_tensor *tensors; ///< As they were; of an output, what was asked for.
    TensorSource *sources;
    uint32_t *dependencies; ///< Numbers of calls.
};

/// A function's calls, and for which arguments they hold.
struct GraphRecord {
    GraphRecord *older;
    uint64_t key;
    uint32_t constant_count;
    uint32_t tensor_count;
    uint32_t scalar_count;
    uint32_t output_count;
    uint32_t call_count;
    const uint64_t *numbers; ///< Constants, and the scalars behind them.
    const pto_tensor *tensors;
    GraphCall *first;
    uint32_t number; ///< Of this graph. Those that were recorded within it follow,
    uint32_t last;   ///< up to this one.
};

/// What identifies a graph: recorded calls hold for equal ones.
struct GraphKey {
    uint64_t key;
    const uint64_t *constants;
    uint32_t constant_count;
    const pto_arg *args; ///< Tensors, then scalars.
    uint32_t tensor_count;
    uint32_t scalar_count;

    const pto_tensor &tensor(uint32_t index) const { return *args[index].value.tensor; }
    uint64_t scalar(uint32_t index) const { return args[tensor_count + index].value.scalar; }
};

static inline bool same_buffer(const pto_tensor &a, const pto_tensor &b)
{
    return a.addr == b.addr && a.size_bytes == b.size_bytes && a.owner == b.owner;
}

/// Of the same shape, strides and kind, wherever it is.
static inline bool same_layout(const pto_tensor &a, const pto_tensor &b)
{
    bool same = a.ndims == b.ndims && a.dtype == b.dtype && a.manual_dep == b.manual_dep &&
                a.is_contiguous == b.is_contiguous && a.version == b.version && a.address_space == b.address_space;
    for (uint32_t i = 0; same && i < a.ndims && i < PTO_MAX_RANK; i++)
        same = a.shape[i] == b.shape[i] && a.strides[i] == b.strides[i];
    return same;
}

/// Whether arguments that share a buffer share it in the record too, at the same distance.
static inline bool same_sharing(const GraphRecord &record, const GraphKey &graph, uint32_t index)
{
    for (uint32_t i = 0; i < index; i++) {
        const pto_tensor &was = record.tensors[index];
        const pto_tensor &is = graph.tensor(index);
        const bool shared = same_buffer(was, record.tensors[i]);
        if (shared != same_buffer(is, graph.tensor(i)))
            return false;
        if (shared &&
            was.start_offset - record.tensors[i].start_offset != is.start_offset - graph.tensor(i).start_offset)
            return false;
    }
    return true;
}

static inline bool holds_for(const GraphRecord &record, const GraphKey &graph)
{
    bool holds = record.key == graph.key && record.constant_count == graph.constant_count &&
                 record.tensor_count == graph.tensor_count && record.scalar_count == graph.scalar_count;
    for (uint32_t i = 0; holds && i < graph.constant_count; i++)
        holds = record.numbers[i] == graph.constants[i];
    for (uint32_t i = 0; holds && i < graph.scalar_count; i++)
        holds = record.numbers[graph.constant_count + i] == graph.scalar(i);
    for (uint32_t i = 0; holds && i < graph.tensor_count; i++)
        holds = same_layout(record.tensors[i], graph.tensor(i)) && same_sharing(record, graph, i);
    return holds;
}

/// Forgets a graph and those that it is part of.
static inline void forget_record(uint32_t graph)
{
    for (GraphRecord **at = &graph_pool.newest; *at != nullptr;) {
        if ((*at)->number <= graph && graph <= (*at)->last)
            *at = (*at)->older;
        else
            at = &(*at)->older;
    }
}

static inline const GraphRecord *find_record(const GraphKey &graph)
{
    const GraphRecord *record = graph_pool.newest;
    while (record != nullptr && !holds_for(*record, graph))
        record = record->older;
    return record;
}

} // namespace pto_compat
/** @endcond */

#endif
