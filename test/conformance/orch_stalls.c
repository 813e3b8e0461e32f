/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs that come to a stop. */
#include "func_ids.h"
#include "pauses.h"
#include "pto/orch.h"

/* As many kernels that never return as the scalar says, independent of each other. */
PTO_ORCHESTRATION(many_never, 1, 1)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    for (uint64_t i = 0; i < pto_scalar_arg(orch, 0); i++)
        pto_submit_aiv(orch, NEVER, PTO_NO_DEP(x));
}

/* Waits for an element that a kernel never writes. */
PTO_ORCHESTRATION(waits_for_an_element, 1, 0)
{
    const uint32_t index[] = {0};
    pto_submit_aiv(orch, NEVER, PTO_INOUT(pto_tensor_arg(orch, 0)));
    pto_get_element(orch, pto_tensor_arg(orch, 0), index);
}

/* Submits as many tasks as the scalar says, which complete, and never returns. */
PTO_ORCHESTRATION(submits_and_loops, 1, 1)
{
    volatile int forever = 1;
    for (uint64_t i = 0; i < pto_scalar_arg(orch, 0); i++)
        pto_submit_aiv(orch, NOP, PTO_INOUT(pto_tensor_arg(orch, 0)));
    while (forever)
        pause_us(100);
}
