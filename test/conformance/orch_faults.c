/* SPDX-License-Identifier: Apache-2.0 */
/* Orchestrations and tasks that fault. Scalars: the kind of fault. */
#include "fault_kinds.h"
#include "func_ids.h"
#include "pauses.h"
#include "pto/orch.h"

/* The second of three tasks faults. */
PTO_ORCHESTRATION(second_faults, 1, 1)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    pto_submit_aiv(orch, NOP, PTO_INOUT(x));
    pto_submit_aiv(orch, FAULT, PTO_INOUT(x), PTO_SCALAR(pto_scalar_arg(orch, 0)), PTO_SCALAR(fault_thread()));
    pto_submit_aiv(orch, NOP, PTO_INOUT(x));
}

/* It faults itself, after a task. */
PTO_ORCHESTRATION(faults_itself, 1, 1)
{
    pto_submit_aiv(orch, NOP, PTO_INOUT(pto_tensor_arg(orch, 0)));
    fault_now(pto_scalar_arg(orch, 0), fault_thread());
}

/* A task faults while the orchestration goes on, on another thread then, and the orchestration gives up after it. */
PTO_ORCHESTRATION(faults_then_fatal, 1, 1)
{
    pto_submit_aiv(orch, FAULT, PTO_INOUT(pto_tensor_arg(orch, 0)), PTO_SCALAR(pto_scalar_arg(orch, 0)),
                   PTO_SCALAR(fault_thread()));
    while (pto_orch_status(orch) == PTO_OK)
        pause_us(100);
    pto_fatal(orch, 5, "gave up with status %d", pto_orch_status(orch));
}

/* A task faults while the orchestration never returns. */
PTO_ORCHESTRATION(faults_while_orchestrating, 1, 1)
{
    volatile int forever = 1;
    pto_submit_aiv(orch, FAULT, PTO_INOUT(pto_tensor_arg(orch, 0)), PTO_SCALAR(pto_scalar_arg(orch, 0)),
                   PTO_SCALAR(fault_thread()));
    while (forever)
        pause_us(100);
}

/* One core of a cluster faults; the two others wait for it. */
PTO_ORCHESTRATION(faults_beside_waiting, 1, 1)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    pto_submit_mix(orch, MEET_AIC, MEET, FAULT_MEETING, PTO_INOUT(x), PTO_SCALAR(3),
                   PTO_SCALAR(pto_scalar_arg(orch, 0)));
}

/* One core of a cluster faults; another one is about to write. */
PTO_ORCHESTRATION(faults_beside_writing, 1, 1)
{
    pto_submit_mix(orch, LATE_AIC, FAULT_MEETING, PTO_NO_KERNEL, PTO_INOUT(pto_tensor_arg(orch, 0)), PTO_SCALAR(2),
                   PTO_SCALAR(pto_scalar_arg(orch, 0)));
}

/* Two tasks fault, on several threads if there are any. */
PTO_ORCHESTRATION(many_fault, 1, 1)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    for (uint32_t i = 0; i < 64; i++)
        pto_submit_mix(orch, FAULT_AIC, FAULT, FAULT, PTO_NO_DEP(x), PTO_SCALAR(pto_scalar_arg(orch, 0)),
                       PTO_SCALAR(fault_thread()));
}

/* Says something, and runs a task. */
PTO_ORCHESTRATION(talks, 1, 1)
{
    pto_log(orch, PTO_LOG_INFO, "about to run");
    pto_submit_aiv(orch, FAULT, PTO_INOUT(pto_tensor_arg(orch, 0)), PTO_SCALAR(pto_scalar_arg(orch, 0)),
                   PTO_SCALAR(fault_thread()));
}

/* Hands the engine a task at an address where there is none. */
PTO_ORCHESTRATION(submits_nowhere, 1, 0)
{
    volatile uintptr_t nowhere = FAULT_ADDRESS_OTHER_THREAD;
    pto_submit_task(orch, (const pto_task *)nowhere);
}
