/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs of empty tasks, each task with one input and one output that the engine allocates. */
#include "pto/orch.h"

enum { EMPTY };

static const uint32_t one[] = {1};

/* Each task reads what the one before it wrote. */
PTO_ORCHESTRATION(bench_chain, 1, 1)
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
PTO_ORCHESTRATION(bench_wide, 1, 1)
{
    const pto_tensor *input = pto_tensor_arg(orch, 0);
    const uint64_t count = pto_scalar_arg(orch, 0);
    for (uint64_t i = 0; i < count; i++) {
        pto_tensor output = pto_tensor_new(PTO_FLOAT32, 1, one);
        pto_submit_aiv(orch, EMPTY, PTO_IN(input), PTO_OUT(&output));
    }
}
