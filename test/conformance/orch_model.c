/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks whose blocks start together, tasks with a condition, a kernel per core, scalars that only travel on. */
#include "func_ids.h"
#include "pto/orch.h"

enum kind { AIV_BLOCKS, AIC_BLOCKS, MIX_BLOCKS, AIV_PAIRS };

static pto_task blocks_of(uint64_t kind, uint32_t blocks)
{
    pto_task task = PTO_TASK_INIT;
    task.aic = kind == AIC_BLOCKS || kind == MIX_BLOCKS ? MEET_AIC : PTO_NO_KERNEL;
    task.aiv0 = kind == AIC_BLOCKS ? PTO_NO_KERNEL : MEET;
    task.aiv1 = kind == MIX_BLOCKS || kind == AIV_PAIRS ? MEET : PTO_NO_KERNEL;
    task.block_num = blocks;
    task.flags = PTO_TASK_SYNC_START;
    return task;
}

static uint32_t cores_of(const pto_task *task)
{
    return (task->aic >= 0 ? 1u : 0u) + (task->aiv0 >= 0 ? 1u : 0u) + (task->aiv1 >= 0 ? 1u : 0u);
}

/* One task per counter whose blocks meet there, between others that sleep. Scalars: kind, blocks, others per task. */
PTO_ORCHESTRATION(cohorts, 1, 3)
{
    const pto_tensor *counters = pto_tensor_arg(orch, 0);
    pto_task cohort = blocks_of(pto_scalar_arg(orch, 0), (uint32_t)pto_scalar_arg(orch, 1));
    for (uint32_t i = 0; i < counters->shape[0]; i++) {
        const pto_tensor counter = pto_slice(orch, counters, 0, i, i + 1, 1);
        const pto_arg args[] = {PTO_INOUT(&counter), PTO_SCALAR(cohort.block_num * cores_of(&cohort))};
        for (uint64_t k = 0; k < pto_scalar_arg(orch, 2); k++) {
            pto_submit_aiv(orch, SLEEP, PTO_NO_DEP(counters), PTO_SCALAR(100 + 50 * (k % 5)));
            pto_submit_mix(orch, NOP_AIC, NOP, PTO_NO_KERNEL, PTO_NO_DEP(counters));
        }
        cohort.args = args;
        cohort.arg_count = 2;
        pto_submit_task(orch, &cohort);
    }
}

/* A step of x = 2x + i and a cohort in turn, each after the one before by name: the last producer of a cohort completes
 * on some worker, which must not treat it as a common task. */
PTO_ORCHESTRATION(cohort_chain, 2, 2)
{
    const pto_tensor *counters = pto_tensor_arg(orch, 0);
    pto_task cohort = blocks_of(pto_scalar_arg(orch, 0), (uint32_t)pto_scalar_arg(orch, 1));
    pto_task_id last = PTO_NO_TASK;
    for (uint32_t i = 0; i < counters->shape[0]; i++) {
        const pto_tensor counter = pto_slice(orch, counters, 0, i, i + 1, 1);
        const pto_arg meet_args[] = {PTO_INOUT(&counter), PTO_SCALAR(cohort.block_num * cores_of(&cohort))};
        const pto_arg step_args[] = {PTO_NO_DEP(pto_tensor_arg(orch, 1)), PTO_SCALAR(2), PTO_SCALAR(i)};
        pto_task step = PTO_TASK_INIT;
        step.aiv0 = AFFINE;
        step.args = step_args;
        step.arg_count = 3;
        step.dependencies = cohort.dependencies = &last;
        step.dependency_count = cohort.dependency_count = 1;
        cohort.args = meet_args;
        cohort.arg_count = 2;
        last = pto_submit_task(orch, &step);
        last = pto_submit_task(orch, &cohort);
    }
}

/* Element (op - 1, i) of the second tensor becomes 1 when element i of the first compares so with the scalar. */
PTO_ORCHESTRATION(comparisons, 2, 1)
{
    const pto_tensor *elements = pto_tensor_arg(orch, 0);
    const uint32_t count = elements->shape[0];
    for (uint32_t op = PTO_PREDICATE_EQ; op <= PTO_PREDICATE_LE; op++)
        for (uint32_t i = 0; i < count; i++) {
            const uint32_t at = (op - 1) * count + i;
            const pto_tensor result = pto_slice(orch, pto_tensor_arg(orch, 1), 0, at, at + 1, 1);
            const pto_predicate predicate = {op, {i, 0, 0, 0, 0}, elements, pto_scalar_arg(orch, 0)};
            const pto_arg args[] = {PTO_WRITE(&result), PTO_SCALAR(1)};
            pto_task task = PTO_TASK_INIT;
            task.aiv0 = FILL;
            task.args = args;
            task.arg_count = 2;
            task.predicate = &predicate;
            pto_submit_task(orch, &task);
        }
}

/* A flag is 1 and 0 in turn, each time written late, and each time x[i] is filled if it is 1: right only if the task
 * waits for the flag, and the flag's next writer for the task. */
PTO_ORCHESTRATION(flag_in_turn, 2, 0)
{
    const pto_tensor *flag = pto_tensor_arg(orch, 0);
    const pto_tensor *x = pto_tensor_arg(orch, 1);
    for (uint32_t i = 0; i < x->shape[0]; i++) {
        const pto_tensor element = pto_slice(orch, x, 0, i, i + 1, 1);
        const pto_predicate predicate = {PTO_PREDICATE_EQ, {0}, flag, 1};
        const pto_arg args[] = {PTO_WRITE(&element), PTO_SCALAR(200 * (i % 3)), PTO_SCALAR(5)};
        pto_task task = PTO_TASK_INIT;
        pto_submit_aiv(orch, LATE_FILL, PTO_WRITE(flag), PTO_SCALAR(i % 4 == 0 ? 300 : 0), PTO_SCALAR(i % 2));
        task.aiv0 = LATE_FILL;
        task.args = args;
        task.arg_count = 3;
        task.predicate = &predicate;
        pto_submit_task(orch, &task);
    }
}

/* A task that does not run is complete for those after it, whatever it would have used: blocks, clusters. */
PTO_ORCHESTRATION(skipped_chain, 1, 0)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    const uint32_t flags_shape[] = {1};
    pto_tensor flag = pto_tensor_new(PTO_INT32, 1, flags_shape);
    pto_submit_aiv(orch, FILL, PTO_OUT(&flag), PTO_SCALAR(0));
    for (uint32_t i = 0; i < 40; i++) {
        const pto_predicate predicate = {i % 2 == 0 ? PTO_PREDICATE_NE : PTO_PREDICATE_EQ, {0}, &flag, 0};
        const pto_arg args[] = {PTO_INOUT(x), PTO_SCALAR(3), PTO_SCALAR(i)};
        pto_task task = PTO_TASK_INIT;
        task.aiv0 = AFFINE;
        task.aic = i % 2 == 0 && i % 4 == 0 ? AFFINE_AIC : PTO_NO_KERNEL;
        task.block_num = i % 2 == 0 ? 1 + i % 4 : 1;
        task.flags = i % 2 == 0 ? PTO_TASK_SYNC_START : 0;
        task.args = args;
        task.arg_count = 3;
        task.predicate = &predicate;
        pto_submit_task(orch, &task);
    }
}

/* A kernel of its own on each core of a cluster. */
PTO_ORCHESTRATION(lanes, 1, 1)
{
    const pto_arg args[] = {PTO_INOUT(pto_tensor_arg(orch, 0))};
    pto_task task = PTO_TASK_INIT;
    task.aic = LANE_AIC;
    task.aiv0 = LANE_AIV0;
    task.aiv1 = LANE_AIV1;
    task.block_num = (uint32_t)pto_scalar_arg(orch, 0);
    task.args = args;
    task.arg_count = 1;
    pto_submit_task(orch, &task);
}

/* x[0] and x[1] become the run's scalars 2 and 0, and x[2] a value between them. */
PTO_ORCHESTRATION(scalars_travel, 1, 3)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    for (uint32_t i = 0; i < 3; i++) {
        const pto_tensor element = pto_slice(orch, x, 0, i, i + 1, 1);
        if (i < 2)
            pto_submit_aiv(orch, LATE_FILL, PTO_WRITE(&element), PTO_SCALAR(0), PTO_RUN_SCALAR(2 - 2 * i));
        else
            pto_submit_aiv(orch, LATE_FILL, PTO_WRITE(&element), PTO_RUN_SCALAR(1), PTO_SCALAR(9));
    }
}
