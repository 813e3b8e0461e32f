/* SPDX-License-Identifier: Apache-2.0 */
/* Orchestrations for the control CPUs of the stand-in, and for the host that builds graphs. The first tensor is int32
 * of rank 1. */
#include "onboard_funcs.h"
#include "pto/orch.h"

static const pto_tensor *x_of(pto_orch *orch)
{
    return pto_tensor_arg(orch, 0);
}

/* x = x * 2 + 1, as often as the scalar says. */
PTO_ORCHESTRATION(steps, 1, 1)
{
    for (uint64_t i = 0; i < pto_scalar_arg(orch, 0); i++)
        pto_submit_aiv(orch, AFFINE, PTO_INOUT(x_of(orch)), PTO_SCALAR(2), PTO_SCALAR(1));
}

/* As many independent tasks on tensors of the heap, and then x = 2 x + 1, until its first element is 100 at least. */
PTO_ORCHESTRATION(looks, 1, 1)
{
    const uint32_t first[] = {0};
    while (pto_orch_status(orch) == PTO_OK && (int32_t)pto_get_element(orch, x_of(orch), first) < 100) {
        pto_scope_begin(orch);
        for (uint64_t i = 0; i < pto_scalar_arg(orch, 0); i++) {
            pto_tensor other = pto_tensor_like(x_of(orch));
            pto_submit_aiv(orch, AFFINE, PTO_OUT(&other), PTO_SCALAR(0), PTO_SCALAR(i));
        }
        pto_scope_end(orch);
        pto_submit_aiv(orch, AFFINE, PTO_INOUT(x_of(orch)), PTO_SCALAR(2), PTO_SCALAR(1));
    }
}

/* One task on all cores of a cluster, for as many blocks as the scalar says. */
PTO_ORCHESTRATION(lanes, 1, 1)
{
    const pto_arg args[] = {PTO_INOUT(x_of(orch))};
    pto_task task = PTO_TASK_INIT;
    task.aic = LANE_AIC;
    task.aiv0 = LANE_AIV0;
    task.aiv1 = LANE_AIV1;
    task.block_num = (uint32_t)pto_scalar_arg(orch, 0);
    task.args = args;
    task.arg_count = 1;
    pto_submit_task(orch, &task);
}

/* Writes as many lines as the scalar says. */
PTO_ORCHESTRATION(talks, 1, 1)
{
    for (uint64_t i = 0; i < pto_scalar_arg(orch, 0); i++)
        pto_log(orch, PTO_LOG_WARN, "line %d", (int)i);
}

PTO_ORCHESTRATION(gives_up, 1, 0)
{
    pto_fatal(orch, 77, "enough of %s", "this");
}

/* A kernel that does not return, on an AIV. */
PTO_ORCHESTRATION(hangs, 1, 0)
{
    pto_submit_aiv(orch, NEVER, PTO_INOUT(x_of(orch)));
}

/* A kernel that does what the scalar says. */
PTO_ORCHESTRATION(faults, 1, 1)
{
    pto_submit_aiv(orch, FAULT, PTO_INOUT(x_of(orch)), PTO_SCALAR(pto_scalar_arg(orch, 0)), PTO_SCALAR(0));
}

/* Does not return itself. */
PTO_ORCHESTRATION(loops, 1, 0)
{
    volatile int forever = 1;
    while (forever != 0)
        continue;
}

/* Writes where nothing is. */
PTO_ORCHESTRATION(crashes, 1, 0)
{
    *(volatile int *)(uintptr_t)0x1000 = 1;
}
