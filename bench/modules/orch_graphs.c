/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs of tasks with one input, the stencil's up to three, and one output that the engine allocates. Tensor: a
 * value that is zero. Scalars: iterations, tallies (both only for the orchestrations that count), number of tasks. */
#include "bench/modules/bench_submit.h"

enum { SCALAR_TASKS = 2, TREE_TASKS = 1 << 20, STENCIL_WIDTH = 16, SCOPE_TASKS = 1000 };

/* Each task reads what the one before it wrote. */
static inline void chain(pto_orch *orch, uint64_t count, int counts)
{
    pto_tensor previous = *pto_tensor_arg(orch, 0);
    pto_arg args[BENCH_TASK_ARGS];
    for (uint64_t i = 0; i < count; i++) {
        pto_tensor next = bench_value();
        args[0] = PTO_IN(&previous);
        bench_submit(orch, args, 1, &next, counts);
        previous = next;
    }
}

/* All tasks read the argument. */
static inline void wide(pto_orch *orch, uint64_t count, int counts)
{
    pto_arg args[BENCH_TASK_ARGS];
    for (uint64_t i = 0; i < count; i++) {
        pto_tensor output = bench_value();
        args[0] = PTO_IN(pto_tensor_arg(orch, 0));
        bench_submit(orch, args, 1, &output, counts);
    }
}

/* Task i reads what task (i - 1) / 2 wrote. */
static inline void tree(pto_orch *orch, uint64_t count, int counts)
{
    static pto_tensor parents[TREE_TASKS / 2];
    pto_arg args[BENCH_TASK_ARGS];
    if (count > TREE_TASKS)
        pto_fatal(orch, 1, "a tree has at most %d tasks", TREE_TASKS);
    for (uint64_t i = 0; i < count && count <= TREE_TASKS; i++) {
        pto_tensor leaf = bench_value();
        pto_tensor *output = i < TREE_TASKS / 2 ? &parents[i] : &leaf;
        *output = leaf;
        args[0] = PTO_IN(i == 0 ? pto_tensor_arg(orch, 0) : &parents[(i - 1) / 2]);
        bench_submit(orch, args, 1, output, counts);
    }
}

/* Rows of 16 points; a task reads the points of the row before that are at most one away. */
static inline void stencil(pto_orch *orch, uint64_t count, int counts)
{
    const uint64_t rows = count / STENCIL_WIDTH;
    pto_tensor values[2][STENCIL_WIDTH];
    pto_arg args[BENCH_TASK_ARGS];
    for (uint64_t row = 0; row < rows; row++) {
        const pto_tensor *before = values[(row + 1) % 2];
        pto_tensor *now = values[row % 2];
        for (uint32_t point = 0; point < STENCIL_WIDTH; point++) {
            uint32_t inputs[BENCH_MAX_INPUTS];
            uint32_t input_count = bench_inputs(BENCH_STENCIL, STENCIL_WIDTH, (uint32_t)row, point, inputs);
            for (uint32_t i = 0; i < input_count; i++)
                args[i] = PTO_IN(&before[inputs[i]]);
            if (input_count == 0)
                args[input_count++] = PTO_IN(pto_tensor_arg(orch, 0));
            now[point] = bench_value();
            bench_submit(orch, args, input_count, &now[point], counts);
        }
    }
}

/* Chains, each in a scope of its own, so that memory is bounded whatever the number of tasks. */
static inline void scoped(pto_orch *orch, uint64_t count, int counts)
{
    for (uint64_t done = 0; done < count; done += SCOPE_TASKS) {
        PTO_SCOPE (orch) {
            chain(orch, count - done < SCOPE_TASKS ? count - done : SCOPE_TASKS, counts);
        }
    }
}

#define GRAPH(name)                                                                                                    \
    PTO_ORCHESTRATION(bench_##name, 1, 3)                                                                              \
    {                                                                                                                  \
        name(orch, pto_scalar_arg(orch, SCALAR_TASKS), 0);                                                             \
    }                                                                                                                  \
    PTO_ORCHESTRATION(bench_##name##_counted, 1, 3)                                                                    \
    {                                                                                                                  \
        name(orch, pto_scalar_arg(orch, SCALAR_TASKS), 1);                                                             \
    }

GRAPH(chain)
GRAPH(wide)
GRAPH(tree)
GRAPH(stencil)
GRAPH(scoped)
