/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks whose cores spin on each other, and kernels that ask where they are. */
#include "func_ids.h"
#include "pto/orch.h"
#include "sim_hooks.h"

#define LANE_ORCH_KEY 7

/* `tasks` independent tasks of `blocks` clusters each. Scalars: tasks, blocks, whether all blocks start together, work.
 */
PTO_ORCHESTRATION(lanes, 1, 4)
{
    const uint64_t tasks = pto_scalar_arg(orch, 0);
    const uint64_t blocks = pto_scalar_arg(orch, 1);
    for (uint64_t i = 0; i < tasks; i++) {
        const pto_arg args[] = {PTO_NO_DEP(pto_tensor_arg(orch, 0)), PTO_SCALAR(i * blocks),
                                PTO_SCALAR(pto_scalar_arg(orch, 3))};
        pto_task task = PTO_TASK_INIT;
        task.aic = PIPE_AIC;
        task.aiv0 = PIPE_AIV0;
        task.aiv1 = PIPE_AIV1;
        task.block_num = (uint32_t)blocks;
        task.flags = pto_scalar_arg(orch, 2) != 0 ? PTO_TASK_SYNC_START : 0;
        task.args = args;
        task.arg_count = 3;
        pto_submit_task(orch, &task);
    }
}

/* The second vector core of a cluster asks; the other cores do nothing. Scalars: as kernel_hooks has them. */
PTO_ORCHESTRATION(hooks, 1, 4)
{
    pto_arg args[] = {PTO_INOUT(pto_tensor_arg(orch, 0)), PTO_SCALAR(pto_scalar_arg(orch, 0)),
                      PTO_SCALAR(pto_scalar_arg(orch, 1)), PTO_SCALAR(pto_scalar_arg(orch, 2)),
                      PTO_SCALAR(pto_scalar_arg(orch, 3))};
    pto_task task = PTO_TASK_INIT;
    task.aic = NOP_AIC;
    task.aiv0 = NOP;
    task.aiv1 = HOOKS;
    task.args = args;
    task.arg_count = 5;
    pto_submit_task(orch, &task);
}

/* x = what an orchestration is told, after a task has run on its thread. */
PTO_ORCHESTRATION(asks_itself, 1, 0)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    uint32_t index = 0;
    pto_submit_aiv(orch, NOP, PTO_INOUT(x));
    pto_get_element(orch, x, &index);
    pto_set_element(orch, x, &index, find_subblock_hook()());
    index = 1;
    pto_set_element(orch, x, &index, (uint64_t)(uintptr_t)find_state_hook()(LANE_ORCH_KEY, 64));
}
