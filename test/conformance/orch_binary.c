/* SPDX-License-Identifier: Apache-2.0 */
/* c = a op b, where op is the kernel FUNC_ID. Built once per FUNC_ID: two shared objects that differ in nothing else,
 * the name of the entry included. */
#include "pto/orch.h"

PTO_ORCHESTRATION(binary, 3, 0)
{
    pto_submit_aiv(orch, FUNC_ID, PTO_IN(pto_tensor_arg(orch, 0)), PTO_IN(pto_tensor_arg(orch, 1)),
                   PTO_WRITE(pto_tensor_arg(orch, 2)));
}
