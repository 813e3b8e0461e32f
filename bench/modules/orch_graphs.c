/* SPDX-License-Identifier: Apache-2.0 */
/* Four graphs of tasks with one input, the stencil's up to three, and one output that the engine allocates. Tensor: a
 * value that is zero. Scalars: iterations, tallies (both only for the orchestrations that count), number of tasks. */
#include "bench/modules/bench_submit.h"

enum { SCALAR_TASKS = 2, TREE_TASKS = 1 << 20, STENCIL_WIDTH = 16 };

/* Each task reads what the one before it wrote. */
static inline void chain(pto_orch *orch, int counts)
{
    const uint64_t count = pto_scalar_arg(orch, SCALAR_TASKS);
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
static inline void wide(pto_orch *orch, int counts)
{
    const uint64_t count = pto_scalar_arg(orch, SCALAR_TASKS);
    pto_arg args[BENCH_TASK_ARGS];
    for (uint64_t i = 0; i < count; i++) {
        pto_tensor output = bench_value();
        args[0] = PTO_IN(pto_tensor_arg(orch, 0));
        bench_submit(orch, args, 1, &output, counts);
    }
}

/* Task i reads what task (i - 1) / 2 wrote. */
static inline void tree(pto_orch *orch, int counts)
{
    static pto_tensor parents[TREE_TASKS / 2];
    const uint64_t count = pto_scalar_arg(orch, SCALAR_TASKS);
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
static inline void stencil(pto_orch *orch, int counts)
{
    const uint64_t rows = pto_scalar_arg(orch, SCALAR_TASKS) / STENCIL_WIDTH;
    pto_tensor values[2][STENCIL_WIDTH];
    pto_arg args[BENCH_TASK_ARGS];
    for (uint64_t row = 0; row < rows; row++) {
        const pto_tensor *before = values[(row + 1) % 2];
        pto_tensor *now = values[row % 2];
        for (uint32_t point = 0; point < STENCIL_WIDTH; point++) {
            uint32_t inputs[BENCH_MAX_INPUTS];
            uint32_t count = bench_inputs(BENCH_STENCIL, STENCIL_WIDTH, (uint32_t)row, point, inputs);
            for (uint32_t i = 0; i < count; i++)
                args[i] = PTO_IN(&before[inputs[i]]);
            if (count == 0)
                args[count++] = PTO_IN(pto_tensor_arg(orch, 0));
            now[point] = bench_value();
            bench_submit(orch, args, count, &now[point], counts);
        }
    }
}

#define GRAPH(name)                                                                                                    \
    PTO_ORCHESTRATION(bench_##name, 1, 3)                                                                              \
    {                                                                                                                  \
        name(orch, 0);                                                                                                 \
    }                                                                                                                  \
    PTO_ORCHESTRATION(bench_##name##_counted, 1, 3)                                                                    \
    {                                                                                                                  \
        name(orch, 1);                                                                                                 \
    }

GRAPH(chain)
GRAPH(wide)
GRAPH(tree)
GRAPH(stencil)
