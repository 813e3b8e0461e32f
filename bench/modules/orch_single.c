/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of one task. */
#include "pto/orch.h"

enum { KERNEL };

/* Reads one tensor and adds to another. */
PTO_ORCHESTRATION(bench_accumulate, 2, 0)
{
    pto_submit_aiv(orch, KERNEL, PTO_IN(pto_tensor_arg(orch, 0)), PTO_INOUT(pto_tensor_arg(orch, 1)));
}

/* Reads one tensor and writes another. */
PTO_ORCHESTRATION(bench_transfer, 2, 0)
{
    pto_submit_aiv(orch, KERNEL, PTO_IN(pto_tensor_arg(orch, 0)), PTO_WRITE(pto_tensor_arg(orch, 1)));
}
