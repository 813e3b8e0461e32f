/* SPDX-License-Identifier: Apache-2.0 */
/* A chain: each task reads what the one before it wrote, on cores of both types in turn. */
#include "firmware_funcs.h"
#include "pto/orch.h"

/* input, output; steps, factor (float), summand (float) */
PTO_ORCHESTRATION(chain, 2, 3)
{
    const uint64_t steps = pto_scalar_arg(orch, 0);
    pto_tensor previous = *pto_tensor_arg(orch, 0);
    for (uint64_t i = 0; i + 1 < steps; i++) {
        pto_tensor next = pto_tensor_like(pto_tensor_arg(orch, 0));
        if (i % 2 == 0)
            pto_submit_aic(orch, FUNC_AFFINE_MATRIX, PTO_IN(&previous), PTO_OUT(&next), PTO_RUN_SCALAR(1),
                           PTO_RUN_SCALAR(2));
        else
            pto_submit_aiv(orch, FUNC_AFFINE, PTO_IN(&previous), PTO_OUT(&next), PTO_RUN_SCALAR(1), PTO_RUN_SCALAR(2));
        if (i > 0)
            pto_discard(orch, &previous);
        previous = next;
    }
    pto_submit_aiv(orch, FUNC_AFFINE, PTO_IN(&previous), PTO_WRITE(pto_tensor_arg(orch, 1)), PTO_RUN_SCALAR(1),
                   PTO_RUN_SCALAR(2));
}

/* Says what it was given, in every kind of number; then gives up. */
PTO_ORCHESTRATION(talk, 0, 2)
{
    const double real = pto_f64_of(pto_scalar_arg(orch, 0));
    pto_log(orch, PTO_LOG_INFO, "%e %.3f %g %Le %Lf %d %s", real, real, real, WIDE_REAL, -WIDE_REAL,
            (int)pto_scalar_arg(orch, 1), "and text");
    pto_fatal(orch, FATAL_CODE, "gives up after %llu", (unsigned long long)pto_scalar_arg(orch, 1));
}
