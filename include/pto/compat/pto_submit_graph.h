// SPDX-License-Identifier: Apache-2.0
/** @file pto_submit_graph.h
 *  Parts of an orchestration that are submitted again and again. */
#ifndef PTO_COMPAT_SUBMIT_GRAPH_H
#define PTO_COMPAT_SUBMIT_GRAPH_H

#include "pto/compat/pto_orchestration_api.h"

/** Arguments of a graph. */
using GraphTaskArgs = Arg<128, 64>;

/** What came of a graph. */
struct GraphSubmitResult {
    bool execute_block = true; /**< Whether its tasks are submitted. */
    bool recording = false;    /**< Whether its function has been called, and recorded. */
};

/** A graph's function: submits its tasks. */
using GraphFunction = void (*)(const GraphTaskArgs &);

/** Submits the tasks of a graph. */
static inline GraphSubmitResult rt_submit_graph(GraphFunction function, const GraphTaskArgs &args)
{
    function(args);
    return {};
}
/** The same under a key. */
static inline GraphSubmitResult rt_submit_graph(uint64_t, GraphFunction function, const GraphTaskArgs &args)
{
    function(args);
    return {};
}
/** With constants. */
template <class... Constants>
static inline GraphSubmitResult rt_submit_graph(void (*function)(const GraphTaskArgs &, Constants...),
                                                const GraphTaskArgs &args, std::common_type_t<Constants>... constants)
{
    function(args, constants...);
    return {};
}
/** With constants, under a key. */
template <class... Constants>
static inline GraphSubmitResult rt_submit_graph(uint64_t, void (*function)(const GraphTaskArgs &, Constants...),
                                                const GraphTaskArgs &args, std::common_type_t<Constants>... constants)
{
    function(args, constants...);
    return {};
}

#endif
