/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs about cores: clusters, blocks, kernels that wait for each other, kernels that never return. */
#include "func_ids.h"
#include "pauses.h"
#include "pto/orch.h"

/* The three cores of a cluster meet: they must run at the same time. */
PTO_ORCHESTRATION(mix_meets, 1, 1)
{
    const pto_tensor *counters = pto_tensor_arg(orch, 0);
    const uint32_t tasks = (uint32_t)pto_scalar_arg(orch, 0);
    for (uint32_t i = 0; i < tasks; i++) {
        const pto_tensor counter = pto_slice(orch, counters, 0, i, i + 1, 1);
        pto_submit_mix(orch, MEET_AIC, MEET, MEET, PTO_INOUT(&counter), PTO_SCALAR(3));
    }
}

/* The same with one kernel on all of them, and on its own on each core type. */
PTO_ORCHESTRATION(one_kernel_everywhere, 1, 0)
{
    const pto_tensor *counters = pto_tensor_arg(orch, 0);
    const pto_tensor counter = pto_slice(orch, counters, 0, 0, 1, 1);
    pto_submit_mix(orch, MEET, MEET, MEET, PTO_INOUT(&counter), PTO_SCALAR(3));
    const pto_tensor matrix = pto_slice(orch, counters, 0, 1, 2, 1);
    pto_submit_aic(orch, MEET, PTO_INOUT(&matrix), PTO_SCALAR(1));
    const pto_tensor vector = pto_slice(orch, counters, 0, 2, 3, 1);
    pto_submit_aiv(orch, MEET, PTO_INOUT(&vector), PTO_SCALAR(1));
}

/* As many independent tasks as the chip has cores of each kind, all of which wait for all the others. */
PTO_ORCHESTRATION(all_cores_meet, 1, 0)
{
    const pto_tensor *counter = pto_tensor_arg(orch, 0);
    const uint64_t parties = orch->aic_count + orch->aiv_count;
    for (uint32_t i = 0; i < orch->aic_count; i++)
        pto_submit_aic(orch, MEET_AIC, PTO_NO_DEP(counter), PTO_SCALAR(parties));
    for (uint32_t i = 0; i < orch->aiv_count; i++)
        pto_submit_aiv(orch, MEET, PTO_NO_DEP(counter), PTO_SCALAR(parties));
}

/* Two tasks wait for each other. */
PTO_ORCHESTRATION(peers_meet, 1, 0)
{
    const pto_tensor *counter = pto_tensor_arg(orch, 0);
    pto_submit_aiv(orch, MEET, PTO_NO_DEP(counter), PTO_SCALAR(2));
    pto_submit_aiv(orch, MEET, PTO_NO_DEP(counter), PTO_SCALAR(2));
}

/* SPMD: each block writes its identity; then one task reads them all. */
PTO_ORCHESTRATION(blocks, 2, 2)
{
    const pto_arg args[] = {PTO_INOUT(pto_tensor_arg(orch, 0))};
    pto_task task = PTO_TASK_INIT;
    task.aic = pto_scalar_arg(orch, 1) != 0 ? IDENTITY_AIC : PTO_NO_KERNEL;
    task.aiv0 = pto_scalar_arg(orch, 1) != 0 ? IDENTITY : PTO_NO_KERNEL;
    task.aiv1 = IDENTITY;
    task.block_num = (uint32_t)pto_scalar_arg(orch, 0);
    task.args = args;
    task.arg_count = 1;
    pto_submit_task(orch, &task);
    pto_submit_aiv(orch, COPY, PTO_IN(pto_tensor_arg(orch, 0)), PTO_WRITE(pto_tensor_arg(orch, 1)));
}

/* x = clusters, matrix cores, vector cores. */
PTO_ORCHESTRATION(core_counts, 1, 0)
{
    const uint32_t counts[] = {orch->cluster_count, orch->aic_count, orch->aiv_count};
    for (uint32_t i = 0; i < 3; i++)
        pto_set_element(orch, pto_tensor_arg(orch, 0), &i, counts[i]);
}

/* Three tasks; the second one is whatever func id the scalar names. */
PTO_ORCHESTRATION(second_is, 1, 1)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    pto_submit_aiv(orch, NOP, PTO_INOUT(x));
    pto_submit_aiv(orch, (int32_t)pto_scalar_arg(orch, 0), PTO_INOUT(x));
    pto_submit_aiv(orch, NOP, PTO_INOUT(x));
}

/* Never returns; sleeps as kernel_never does. */
PTO_ORCHESTRATION(never_returns, 0, 0)
{
    volatile int forever = 1;
    while (forever)
        pause_us(100);
}

/* Tasks that sleep, independent of each other. */
PTO_ORCHESTRATION(sleepers, 1, 2)
{
    for (uint64_t i = 0; i < pto_scalar_arg(orch, 0); i++)
        pto_submit_aiv(orch, SLEEP, PTO_IN(pto_tensor_arg(orch, 0)), PTO_SCALAR(pto_scalar_arg(orch, 1)));
}
