/* SPDX-License-Identifier: Apache-2.0 */
/* Orchestrations that each make one mistake. The first tensor is int32 of rank 1. */
#include "func_ids.h"
#include "pto/orch.h"

static const pto_tensor *x_of(pto_orch *orch)
{
    return pto_tensor_arg(orch, 0);
}

PTO_ORCHESTRATION(unknown_kernel, 1, 0)
{
    pto_submit_aiv(orch, NOP, PTO_IN(x_of(orch)));
    pto_submit_aiv(orch, 999, PTO_IN(x_of(orch)));
}

PTO_ORCHESTRATION(wrong_core_type, 1, 0)
{
    pto_submit_aic(orch, NOP, PTO_IN(x_of(orch)));
}

PTO_ORCHESTRATION(too_many_tensors, 1, 0)
{
    pto_arg args[PTO_KERNEL_MAX_TENSORS + 1];
    for (uint32_t i = 0; i <= PTO_KERNEL_MAX_TENSORS; i++)
        args[i] = PTO_IN(x_of(orch));
    pto_submit_kernels(orch, PTO_NO_KERNEL, NOP, PTO_NO_KERNEL, args, PTO_KERNEL_MAX_TENSORS + 1);
}

PTO_ORCHESTRATION(rank_six, 1, 0)
{
    pto_tensor bad = *x_of(orch);
    bad.ndims = 6;
    pto_submit_aiv(orch, NOP, PTO_IN(&bad));
}

PTO_ORCHESTRATION(zero_extent, 1, 0)
{
    const uint32_t shape[] = {4, 0};
    pto_tensor output = pto_tensor_new(PTO_INT32, 2, shape);
    pto_submit_aiv(orch, NOP, PTO_OUT(&output));
}

PTO_ORCHESTRATION(overlapping_view, 1, 0)
{
    pto_tensor bad = *x_of(orch);
    bad.ndims = 2;
    bad.shape[0] = bad.shape[1] = 2;
    bad.strides[0] = bad.strides[1] = 1;
    pto_submit_aiv(orch, NOP, PTO_IN(&bad));
}

PTO_ORCHESTRATION(view_outside, 1, 0)
{
    const uint32_t offset[] = {x_of(orch)->shape[0]};
    const uint32_t shape[] = {1};
    const pto_tensor view = pto_view(orch, x_of(orch), offset, shape);
    pto_submit_aiv(orch, NOP, PTO_IN(&view));
}

PTO_ORCHESTRATION(scope_left_open, 1, 0)
{
    pto_scope_begin(orch);
    pto_submit_aiv(orch, NOP, PTO_IN(x_of(orch)));
}

PTO_ORCHESTRATION(scope_ended_twice, 1, 0)
{
    pto_submit_aiv(orch, NOP, PTO_IN(x_of(orch)));
    pto_scope_end(orch);
}

PTO_ORCHESTRATION(scopes_too_deep, 1, 0)
{
    for (uint32_t i = 0; i <= PTO_MAX_SCOPE_DEPTH; i++)
        pto_scope_begin(orch);
}

PTO_ORCHESTRATION(stale_handle, 1, 0)
{
    pto_tensor kept = pto_tensor_like(x_of(orch));
    PTO_SCOPE (orch) {
        pto_submit_aiv(orch, FILL, PTO_OUT(&kept), PTO_SCALAR(1));
    }
    pto_submit_aiv(orch, COPY, PTO_IN(&kept), PTO_WRITE(x_of(orch)));
}

PTO_ORCHESTRATION(never_allocated, 1, 0)
{
    pto_tensor unborn = pto_tensor_like(x_of(orch));
    pto_submit_aiv(orch, COPY, PTO_IN(&unborn), PTO_WRITE(x_of(orch)));
}

PTO_ORCHESTRATION(raises_fatal, 1, 0)
{
    pto_submit_aiv(orch, NOP, PTO_IN(x_of(orch)));
    pto_fatal(orch, 42, "the answer is %d, not %s", 42, "41");
    pto_submit_aiv(orch, 999, PTO_IN(x_of(orch)));
}

PTO_ORCHESTRATION(host_address, 1, 0)
{
    static int32_t somewhere[4];
    const uint32_t shape[] = {4};
    const pto_tensor tensor = pto_device_tensor((uint64_t)(uintptr_t)somewhere, PTO_INT32, 1, shape);
    pto_submit_aiv(orch, NOP, PTO_IN(&tensor));
}

PTO_ORCHESTRATION(output_larger_than_heap, 1, 0)
{
    const uint32_t shape[] = {65535, 65535, 16};
    pto_tensor output = pto_tensor_new(PTO_INT32, 3, shape);
    pto_submit_aiv(orch, NOP, PTO_OUT(&output));
}

PTO_ORCHESTRATION(element_outside, 1, 0)
{
    const uint32_t index[] = {x_of(orch)->shape[0]};
    pto_get_element(orch, x_of(orch), index);
}

PTO_ORCHESTRATION(undeclared_argument, 1, 0)
{
    pto_submit_aiv(orch, NOP, PTO_IN(pto_tensor_arg(orch, 1)));
}

PTO_ORCHESTRATION(inferring_scope_in_a_manual_one, 1, 0)
{
    PTO_MANUAL_SCOPE(orch)
    {
        PTO_SCOPE (orch) {
            pto_submit_aiv(orch, NOP, PTO_IN(x_of(orch)));
        }
    }
}

PTO_ORCHESTRATION(discarded_twice, 1, 0)
{
    pto_tensor once = pto_tensor_like(x_of(orch));
    pto_submit_aiv(orch, FILL, PTO_OUT(&once), PTO_SCALAR(1));
    pto_discard(orch, &once);
    pto_discard(orch, &once);
}

PTO_ORCHESTRATION(used_after_discarding, 1, 0)
{
    pto_tensor gone = pto_tensor_like(x_of(orch));
    pto_submit_aiv(orch, FILL, PTO_OUT(&gone), PTO_SCALAR(1));
    pto_discard(orch, &gone);
    pto_submit_aiv(orch, COPY, PTO_IN(&gone), PTO_WRITE(x_of(orch)));
}

PTO_ORCHESTRATION(argument_discarded, 1, 0)
{
    pto_discard(orch, x_of(orch));
}

PTO_ORCHESTRATION(undeclared_run_scalar, 1, 0)
{
    pto_submit_aiv(orch, FILL, PTO_WRITE(x_of(orch)), PTO_RUN_SCALAR(0));
}

static void submit_nop(pto_orch *orch, uint32_t blocks, uint32_t flags, const pto_predicate *predicate)
{
    const pto_arg args[] = {PTO_IN(x_of(orch))};
    pto_task task = PTO_TASK_INIT;
    task.aiv0 = NOP;
    task.block_num = blocks;
    task.flags = flags;
    task.args = args;
    task.arg_count = 1;
    task.predicate = predicate;
    pto_submit_task(orch, &task);
}

PTO_ORCHESTRATION(cohort_larger_than_the_chip, 1, 0)
{
    submit_nop(orch, orch->aiv_count, PTO_TASK_SYNC_START, NULL);
    submit_nop(orch, orch->aiv_count + 1, PTO_TASK_SYNC_START, NULL);
}

PTO_ORCHESTRATION(unknown_task_flag, 1, 0)
{
    submit_nop(orch, 1, 6, NULL);
}

PTO_ORCHESTRATION(unknown_comparison, 1, 0)
{
    const pto_predicate predicate = {9, {0}, x_of(orch), 0};
    submit_nop(orch, 1, 0, &predicate);
}

PTO_ORCHESTRATION(predicate_of_no_element, 1, 0)
{
    const pto_predicate predicate = {PTO_PREDICATE_EQ, {4}, x_of(orch), 0};
    submit_nop(orch, 1, 0, &predicate);
}

PTO_ORCHESTRATION(no_mistake, 1, 0)
{
    pto_submit_aiv(orch, FILL, PTO_WRITE(x_of(orch)), PTO_SCALAR(123));
}
