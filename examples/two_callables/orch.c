/* SPDX-License-Identifier: Apache-2.0 */
/* One task on func id 0, whatever kernel the callable has there. */
#include "pto/orch.h"

PTO_ORCHESTRATION(combine, 3, 0)
{
    pto_submit_aiv(orch, 0, PTO_IN(pto_tensor_arg(orch, 0)), PTO_IN(pto_tensor_arg(orch, 1)),
                   PTO_WRITE(pto_tensor_arg(orch, 2)));
}
