/* SPDX-License-Identifier: Apache-2.0 */
/* A tree: leaves sum parts of the input, and pairs are added until one is left. Then a task on all cores of a cluster.
 */
#include "firmware_funcs.h"
#include "pto/orch.h"

/* Not constant, so that loading has pointers to relocate. */
static const char *const names[] = {"leaf", "pair", "result"};
static const uint32_t one[] = {1};

static void tell(pto_orch *orch, uint32_t level)
{
    pto_log(orch, PTO_LOG_DEBUG, "%s", names[level]);
}

/* input; sum, twice the sum, its square */
PTO_ORCHESTRATION(tree, 4, 0)
{
    pto_tensor nodes[TREE_LEAVES];
    const pto_tensor *input = pto_tensor_arg(orch, 0);
    const uint32_t width = input->shape[0] / TREE_LEAVES;
    tell(orch, 0);
    for (uint32_t i = 0; i < TREE_LEAVES; i++) {
        const pto_tensor part = pto_slice(orch, input, 0, i * width, (i + 1) * width, 1);
        nodes[i] = pto_tensor_new(PTO_FLOAT32, 1, one);
        pto_submit_aiv(orch, FUNC_SUM, PTO_IN(&part), PTO_OUT(&nodes[i]));
    }
    tell(orch, 1);
    for (uint32_t count = TREE_LEAVES / 2; count > 1; count /= 2)
        for (uint32_t i = 0; i < count; i++) {
            pto_tensor sum = pto_tensor_new(PTO_FLOAT32, 1, one);
            pto_submit_aiv(orch, FUNC_ADD, PTO_IN(&nodes[2 * i]), PTO_IN(&nodes[2 * i + 1]), PTO_OUT(&sum));
            nodes[i] = sum;
        }
    pto_submit_aiv(orch, FUNC_ADD, PTO_IN(&nodes[0]), PTO_IN(&nodes[1]), PTO_WRITE(pto_tensor_arg(orch, 1)));
    tell(orch, 2);
    pto_submit_mix(orch, FUNC_TWICE, FUNC_SQUARE, PTO_NO_KERNEL, PTO_IN(pto_tensor_arg(orch, 1)),
                   PTO_WRITE(pto_tensor_arg(orch, 2)), PTO_WRITE(pto_tensor_arg(orch, 3)));
}
