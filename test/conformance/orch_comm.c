/* SPDX-License-Identifier: Apache-2.0 */
/* Chips that communicate. The scalars of the run only travel on to kernels. */
#include "func_ids.h"
#include "pto/orch.h"

/* Part, sum; view of the communicator, round. */
PTO_ORCHESTRATION(all_reduce, 2, 2)
{
    pto_tensor sum = pto_tensor_like(pto_tensor_arg(orch, 1));
    pto_submit_aiv(orch, ALL_REDUCE, PTO_IN(pto_tensor_arg(orch, 0)), PTO_OUT(&sum), PTO_RUN_SCALAR(0),
                   PTO_RUN_SCALAR(1));
    pto_submit_aiv(orch, COPY, PTO_IN(&sum), PTO_WRITE(pto_tensor_arg(orch, 1)));
}

/* Waits for the counters without a kernel, then copies. Data, counters, copy; what each counter has to reach. */
PTO_ORCHESTRATION(receives, 3, 1)
{
    const pto_tensor *data = pto_tensor_arg(orch, 0);
    pto_submit_aiv(orch, DEFER, PTO_INOUT(data), PTO_NO_DEP(pto_tensor_arg(orch, 1)), PTO_SCALAR(1), PTO_RUN_SCALAR(0),
                   PTO_SCALAR(0), PTO_SCALAR(0));
    pto_submit_aiv(orch, COPY, PTO_IN(data), PTO_WRITE(pto_tensor_arg(orch, 2)));
}

/* View of the communicator, other rank, value, delay. */
PTO_ORCHESTRATION(sends, 1, 4)
{
    pto_submit_aiv(orch, SEND, PTO_INOUT(pto_tensor_arg(orch, 0)), PTO_RUN_SCALAR(0), PTO_RUN_SCALAR(1),
                   PTO_RUN_SCALAR(2), PTO_RUN_SCALAR(3));
}

/* Names memory by its address. */
PTO_ORCHESTRATION(names_address, 1, 1)
{
    const uint32_t shape[] = {16};
    const pto_tensor named = pto_device_tensor(pto_scalar_arg(orch, 0), PTO_INT32, 1, shape);
    pto_submit_aiv(orch, COPY, PTO_IN(&named), PTO_WRITE(pto_tensor_arg(orch, 0)));
}
