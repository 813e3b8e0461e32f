/* SPDX-License-Identifier: Apache-2.0 */
/* The orchestrations that the tests of the tool pack: one entry per situation. */
#include "pto/orch.h"

enum { AXPY = 0, COPY = 1, BUSY = 2 };

/* z = alpha * x + y */
PTO_ORCHESTRATION(axpy, 3, 1)
{
    pto_submit_aiv(orch, AXPY, PTO_IN(pto_tensor_arg(orch, 0)), PTO_IN(pto_tensor_arg(orch, 1)),
                   PTO_WRITE(pto_tensor_arg(orch, 2)), PTO_SCALAR(pto_scalar_arg(orch, 0)));
}

/* y = alpha * x + y */
PTO_ORCHESTRATION(axpy_in_place, 2, 1)
{
    const pto_tensor *y = pto_tensor_arg(orch, 1);
    pto_tensor scaled = pto_tensor_like(y);
    pto_submit_aiv(orch, AXPY, PTO_IN(pto_tensor_arg(orch, 0)), PTO_IN(y), PTO_OUT(&scaled),
                   PTO_SCALAR(pto_scalar_arg(orch, 0)));
    pto_submit_aiv(orch, COPY, PTO_IN(&scaled), PTO_WRITE(y));
}

/* Any dtype, any rank. */
PTO_ORCHESTRATION(copy, 2, 0)
{
    pto_submit_aiv(orch, COPY, PTO_IN(pto_tensor_arg(orch, 0)), PTO_WRITE(pto_tensor_arg(orch, 1)));
}

/* One kernel that takes that many steps. */
PTO_ORCHESTRATION(busy, 0, 1)
{
    pto_submit_aiv(orch, BUSY, PTO_SCALAR(pto_scalar_arg(orch, 0)));
}

/* Ends with the code that it is given. */
PTO_ORCHESTRATION(refuse, 0, 1)
{
    pto_fatal(orch, (int32_t)pto_scalar_arg(orch, 0), "refused\nas asked");
}

/* A line of each level; the last one moves a terminal's cursor. */
PTO_ORCHESTRATION(chatty, 0, 0)
{
    pto_log(orch, PTO_LOG_ERROR, "a failure");
    pto_log(orch, PTO_LOG_WARN, "a doubt");
    pto_log(orch, PTO_LOG_INFO, "a number, %d", 7);
    pto_log(orch, PTO_LOG_DEBUG, "a detail\033[A");
}

static void allocate_most(pto_orch *orch)
{
    pto_tensor most = pto_tensor_new(PTO_INT8, PTO_SHAPE(3u << 30));
    (void)pto_allocate(orch, &most);
}

/* Two tensors in nested scopes, and there is room for one of them in the heap. */
PTO_ORCHESTRATION(hoard, 0, 0)
{
    PTO_SCOPE (orch) {
        allocate_most(orch);
        PTO_SCOPE (orch)
            allocate_most(orch);
    }
}

/* More than the heap. */
PTO_ORCHESTRATION(overdraw, 0, 0)
{
    pto_tensor huge = pto_tensor_new(PTO_INT64, PTO_SHAPE(1u << 30));
    (void)pto_allocate(orch, &huge);
}
