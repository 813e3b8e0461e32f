/* SPDX-License-Identifier: Apache-2.0 */
/* Orchestrations that run out of something. */
#include "func_ids.h"
#include "pto/orch.h"

/* Outputs of so many KiB, one in each of so many nested scopes, until there is no room for one more. */
PTO_ORCHESTRATION(outputs_in_nested_scopes, 0, 2)
{
    const uint32_t shape[] = {(uint32_t)pto_scalar_arg(orch, 0) * 1024};
    for (uint64_t i = 0; i < pto_scalar_arg(orch, 1); i++) {
        pto_tensor tensor = pto_tensor_new(PTO_UINT8, 1, shape);
        pto_submit_aiv(orch, NOP, PTO_OUT(&tensor));
        pto_scope_begin(orch);
    }
}

/* So many outputs of a KiB in one scope within another. */
PTO_ORCHESTRATION(many_outputs_in_a_scope, 0, 1)
{
    const uint32_t shape[] = {1024};
    PTO_SCOPE (orch) {
        for (uint64_t i = 0; i < pto_scalar_arg(orch, 0); i++) {
            pto_tensor tensor = pto_tensor_new(PTO_UINT8, 1, shape);
            pto_submit_aiv(orch, NOP, PTO_OUT(&tensor));
        }
    }
}

/* Nested scopes. */
PTO_ORCHESTRATION(nested_scopes, 0, 1)
{
    for (uint64_t i = 0; i < pto_scalar_arg(orch, 0); i++)
        pto_scope_begin(orch);
}
