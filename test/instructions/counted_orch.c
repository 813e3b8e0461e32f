/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs of empty tasks. Each task writes one tensor that the engine allocates; the scalar says how many tasks. */
#include "pto/orch.h"

enum { EMPTY };
enum { TREE_TASKS = 4096, STENCIL_WIDTH = 16 };

static const uint32_t one[] = {1};

/* Each task reads what the one before it wrote. */
PTO_ORCHESTRATION(counted_chain, 1, 1)
{
    pto_tensor previous = *pto_tensor_arg(orch, 0);
    const uint64_t count = pto_scalar_arg(orch, 0);
    for (uint64_t i = 0; i < count; i++) {
        pto_tensor next = pto_tensor_new(PTO_FLOAT32, 1, one);
        pto_submit_aiv(orch, EMPTY, PTO_IN(&previous), PTO_OUT(&next));
        previous = next;
    }
}

/* All tasks read the same input. */
PTO_ORCHESTRATION(counted_wide, 1, 1)
{
    const pto_tensor *input = pto_tensor_arg(orch, 0);
    const uint64_t count = pto_scalar_arg(orch, 0);
    for (uint64_t i = 0; i < count; i++) {
        pto_tensor output = pto_tensor_new(PTO_FLOAT32, 1, one);
        pto_submit_aiv(orch, EMPTY, PTO_IN(input), PTO_OUT(&output));
    }
}

/* Two tasks read what a task wrote. */
PTO_ORCHESTRATION(counted_tree, 1, 1)
{
    static pto_tensor nodes[TREE_TASKS];
    const uint64_t count = pto_scalar_arg(orch, 0);
    for (uint64_t i = 0; i < count && i < TREE_TASKS; i++) {
        const pto_tensor *parent = i == 0 ? pto_tensor_arg(orch, 0) : &nodes[(i - 1) / 2];
        nodes[i] = pto_tensor_new(PTO_FLOAT32, 1, one);
        pto_submit_aiv(orch, EMPTY, PTO_IN(parent), PTO_OUT(&nodes[i]));
    }
}

/* Rows of tasks: each reads what the row before it wrote in its own column and in the two beside it. */
PTO_ORCHESTRATION(counted_stencil, 1, 1)
{
    pto_tensor rows[2][STENCIL_WIDTH];
    const uint64_t count = pto_scalar_arg(orch, 0);
    for (uint32_t i = 0; i < STENCIL_WIDTH; i++)
        rows[1][i] = *pto_tensor_arg(orch, 0);
    for (uint64_t i = 0; i < count; i++) {
        const uint32_t column = i % STENCIL_WIDTH;
        const pto_tensor *above = rows[(i / STENCIL_WIDTH + 1) % 2];
        pto_tensor *output = &rows[i / STENCIL_WIDTH % 2][column];
        *output = pto_tensor_new(PTO_FLOAT32, 1, one);
        pto_submit_aiv(orch, EMPTY, PTO_IN(&above[(column + STENCIL_WIDTH - 1) % STENCIL_WIDTH]),
                       PTO_IN(&above[column]), PTO_IN(&above[(column + 1) % STENCIL_WIDTH]), PTO_OUT(output));
    }
}

/* A chain that gives back what it has read: it passes through any number of slots. */
PTO_ORCHESTRATION(counted_stream, 1, 1)
{
    pto_tensor previous = *pto_tensor_arg(orch, 0);
    const uint64_t count = pto_scalar_arg(orch, 0);
    for (uint64_t i = 0; i < count; i++) {
        pto_tensor next = pto_tensor_new(PTO_FLOAT32, 1, one);
        pto_submit_aiv(orch, EMPTY, PTO_IN(&previous), PTO_OUT(&next));
        if (i > 0)
            pto_discard(orch, &previous);
        previous = next;
    }
}
