/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs that show whether contracts between host, executor and cores are kept. Tensors are int32. */
#include "func_ids.h"
#include "pto/orch.h"

/* ---- callables of every kind: x[0] becomes 7 ---- */

PTO_ORCHESTRATION(kind_empty, 0, 0) {}

PTO_ORCHESTRATION(kind_orchestration_only, 1, 0)
{
    const uint32_t first = 0;
    pto_set_element(orch, pto_tensor_arg(orch, 0), &first, 7);
}

PTO_ORCHESTRATION(kind_aic, 1, 0)
{
    pto_submit_aic(orch, AFFINE_AIC, PTO_INOUT(pto_tensor_arg(orch, 0)), PTO_SCALAR(0), PTO_SCALAR(7));
}

PTO_ORCHESTRATION(kind_aiv, 1, 0)
{
    pto_submit_aiv(orch, AFFINE, PTO_INOUT(pto_tensor_arg(orch, 0)), PTO_SCALAR(0), PTO_SCALAR(7));
}

/* A cluster meets on the first element, which counts to 3; then 4 are added. */
PTO_ORCHESTRATION(kind_mix, 1, 0)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    pto_submit_mix(orch, MEET_AIC, MEET, MEET, PTO_INOUT(x), PTO_SCALAR(3));
    pto_submit_aiv(orch, AFFINE, PTO_INOUT(x), PTO_SCALAR(1), PTO_SCALAR(4));
}

PTO_ORCHESTRATION(kind_dummy, 1, 0)
{
    const pto_arg joined[] = {PTO_INOUT(pto_tensor_arg(orch, 0))};
    pto_task join = PTO_TASK_INIT;
    join.args = joined;
    join.arg_count = 1;
    pto_submit_task(orch, &join);
    pto_submit_aiv(orch, AFFINE, PTO_INOUT(pto_tensor_arg(orch, 0)), PTO_SCALAR(0), PTO_SCALAR(7));
}

/* ---- runs that stop where the test wants ---- */

PTO_ORCHESTRATION(wait_at_gate, 1, 2)
{
    pto_submit_aiv(orch, GATE, PTO_IN(pto_tensor_arg(orch, 0)), PTO_SCALAR(pto_scalar_arg(orch, 0)),
                   PTO_SCALAR(pto_scalar_arg(orch, 1)));
}

/* As many tasks as scalar 0 says, then a fatal of code scalar 1; without tasks the run is good. */
PTO_ORCHESTRATION(fatal_after, 1, 2)
{
    const uint64_t tasks = pto_scalar_arg(orch, 0);
    for (uint64_t i = 0; i < tasks; i++)
        pto_submit_aiv(orch, AFFINE, PTO_INOUT(pto_tensor_arg(orch, 0)), PTO_SCALAR(1), PTO_SCALAR(1));
    if (tasks > 0)
        pto_fatal(orch, (int32_t)pto_scalar_arg(orch, 1), "after %llu tasks, as was %s", (unsigned long long)tasks,
                  "asked");
    pto_submit_aiv(orch, AFFINE, PTO_INOUT(pto_tensor_arg(orch, 0)), PTO_SCALAR(1), PTO_SCALAR(100));
}

/* One of several errors. */
static void make_error(pto_orch *orch, uint64_t which)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    pto_tensor unborn = pto_tensor_like(x);
    switch (which) {
    case 1: pto_fatal(orch, 4711, "the fatal"); break;
    case 2: pto_submit_aiv(orch, 500, PTO_IN(x)); break;
    case 3: pto_submit_aiv(orch, NOP, PTO_IN(&unborn)); break;
    case 4: pto_scope_end(orch); break;
    default: break;
    }
}

/* Errors in the order of the decimal digits of scalar 0, the lowest first. */
PTO_ORCHESTRATION(errors_in_order, 1, 1)
{
    uint64_t digits = pto_scalar_arg(orch, 0);
    pto_submit_aiv(orch, NOP, PTO_IN(pto_tensor_arg(orch, 0)));
    for (; digits != 0; digits /= 10)
        make_error(orch, digits % 10);
    pto_scope_begin(orch); /* left open: one more */
}

/* ---- what tensors look like on their way ---- */

enum { SEEN = 4 };

static void see(pto_orch *orch, const pto_tensor *tensor, const pto_tensor *seen, uint32_t index)
{
    const uint32_t shape[] = {SEEN};
    const pto_tensor row = pto_slice(orch, seen, 0, index, index + 1, 1);
    const pto_tensor line = pto_reshape(orch, &row, 1, shape);
    const uint32_t at[] = {index, SEEN};
    pto_submit_aiv(orch, DESCRIPTOR, PTO_IN(tensor), PTO_WRITE(&line));
    pto_set_element(orch, pto_tensor_arg(orch, 2), at, tensor->address_space);
}

/* Row i of `seen` and column SEEN of `told` say what a kernel and the orchestration find in representation i of x. */
PTO_ORCHESTRATION(representations, 3, 0)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    const pto_tensor *seen = pto_tensor_arg(orch, 1);
    const uint32_t offset[] = {1, 1};
    const uint32_t shape[] = {2, 2};
    const uint32_t flat[] = {16};
    const pto_tensor view = pto_view(orch, x, offset, shape);
    const pto_tensor slice = pto_slice(orch, x, 0, 1, 4, 2);
    const pto_tensor transposed = pto_transpose(orch, x, 0, 1);
    const pto_tensor reshaped = pto_reshape(orch, x, 1, flat);
    const pto_tensor view_of_slice = pto_slice(orch, &slice, 1, 2, 4, 1);
    pto_tensor output = pto_tensor_like(x);
    pto_tensor allocated = pto_tensor_like(x);
    pto_submit_aiv(orch, COPY, PTO_IN(x), PTO_OUT(&output));
    pto_allocate(orch, &allocated);
    pto_submit_aiv(orch, COPY, PTO_IN(&output), PTO_WRITE(&allocated));
    see(orch, x, seen, 0);
    see(orch, &view, seen, 1);
    see(orch, &slice, seen, 2);
    see(orch, &transposed, seen, 3);
    see(orch, &reshaped, seen, 4);
    see(orch, &view_of_slice, seen, 5);
    see(orch, &output, seen, 6);
    see(orch, &allocated, seen, 7);
}

/* ---- what cores find ---- */

/* Every core gets its stack full of ones; then all of them at once compare what they are given. */
PTO_ORCHESTRATION(dirty_then_state, 2, 0)
{
    enum { MOST_CORES = 256 };
    pto_task_id dirtied[MOST_CORES];
    const pto_tensor *counts = pto_tensor_arg(orch, 0);
    const pto_tensor dirty = pto_slice(orch, counts, 0, 0, 1, 1);
    const pto_tensor state = pto_slice(orch, counts, 0, 1, 2, 1);
    const uint32_t cores = orch->aic_count + orch->aiv_count;
    const pto_arg args[] = {PTO_INOUT(&state), PTO_INOUT(pto_tensor_arg(orch, 1)), PTO_SCALAR(cores),
                            PTO_SCALAR(orch->cluster_count), PTO_SCALAR(77)};
    pto_task task = PTO_TASK_INIT;
    for (uint32_t i = 0; i < cores && i < MOST_CORES; i++)
        dirtied[i] = i < orch->aic_count ? pto_submit_aic(orch, DIRTY_AIC, PTO_NO_DEP(&dirty), PTO_SCALAR(cores))
                                         : pto_submit_aiv(orch, DIRTY, PTO_NO_DEP(&dirty), PTO_SCALAR(cores));
    task.aic = STATE_AIC;
    task.aiv0 = STATE;
    task.aiv1 = STATE;
    task.block_num = orch->cluster_count;
    task.args = args;
    task.arg_count = 5;
    task.dependencies = dirtied;
    task.dependency_count = cores;
    pto_submit_task(orch, &task);
}
