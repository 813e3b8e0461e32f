/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs that go to a limit, or one beyond it when a scalar says so. Tensors are int32. */
#include "func_ids.h"
#include "pto/orch.h"

enum { WEIGH_MOST = 1000 };

enum { LATE_US = 30000 };

/* A task that takes a while; one that waits for it is the last of all. */
static pto_task_id sleep_a_while(pto_orch *orch)
{
    const uint32_t one = 1;
    pto_tensor bed = pto_tensor_new(PTO_INT32, 1, &one);
    return pto_submit_aiv(orch, SLEEP, PTO_OUT(&bed), PTO_SCALAR(LATE_US));
}

/* As many readers of x as scalar 0 says, each into its own row of y, then a writer of x. Reader number scalar 1 is
 * late. */
PTO_ORCHESTRATION(readers_then_writer, 2, 2)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    const uint32_t readers = (uint32_t)pto_scalar_arg(orch, 0);
    const pto_task_id sleeper = sleep_a_while(orch);
    for (uint32_t i = 0; i < readers; i++) {
        const pto_tensor element = pto_slice(orch, pto_tensor_arg(orch, 1), 0, i, i + 1, 1);
        const pto_arg copy[] = {PTO_IN(x), PTO_WRITE(&element)};
        pto_task task = PTO_TASK_INIT;
        task.aiv0 = COPY;
        task.args = copy;
        task.arg_count = 2;
        task.dependencies = &sleeper;
        task.dependency_count = i == pto_scalar_arg(orch, 1) ? 1 : 0;
        pto_submit_task(orch, &task);
    }
    pto_submit_aiv(orch, AFFINE, PTO_INOUT(x), PTO_SCALAR(0), PTO_SCALAR(-1));
}

/* One task names all the others as dependencies; no access says so. The one of number scalar 1 is late. Element i
 * becomes scalar 2 + i, which is to differ from run to run: memory is used again. */
PTO_ORCHESTRATION(many_dependencies, 1, 3)
{
    enum { MOST = 4096 };
    pto_task_id filled[MOST];
    const uint32_t count = (uint32_t)pto_scalar_arg(orch, 0);
    const pto_task_id sleeper = sleep_a_while(orch);
    pto_tensor scratch = pto_tensor_new(PTO_INT32, 1, &count);
    const pto_arg copy[] = {PTO_NO_DEP(&scratch), PTO_WRITE(pto_tensor_arg(orch, 0))};
    pto_task task = PTO_TASK_INIT;
    pto_allocate(orch, &scratch);
    for (uint32_t i = 0; i < count && i < MOST; i++) {
        const pto_tensor element = pto_slice(orch, &scratch, 0, i, i + 1, 1);
        const pto_arg fill[] = {PTO_NO_DEP(&element), PTO_SCALAR(pto_scalar_arg(orch, 2) + i)};
        pto_task each = PTO_TASK_INIT;
        each.aiv0 = FILL;
        each.args = fill;
        each.arg_count = 2;
        each.dependencies = &sleeper;
        each.dependency_count = i == pto_scalar_arg(orch, 1) ? 1 : 0;
        filled[i] = pto_submit_task(orch, &each);
    }
    task.aiv0 = COPY;
    task.args = copy;
    task.arg_count = 2;
    task.dependencies = filled;
    task.dependency_count = count;
    pto_submit_task(orch, &task);
}

/* Tensor i = 2 * i + scalar i % 128. */
PTO_ORCHESTRATION(most_arguments, PTO_MAX_RUN_TENSORS, PTO_MAX_RUN_SCALARS)
{
    for (uint32_t i = 0; i < PTO_MAX_RUN_TENSORS; i++)
        pto_submit_aiv(orch, AFFINE, PTO_INOUT(pto_tensor_arg(orch, i)), PTO_SCALAR(2),
                       PTO_SCALAR(pto_scalar_arg(orch, i % PTO_MAX_RUN_SCALARS)));
}

/* A task with as many tensors, all elements of x but the last one of y, and as many scalars. */
PTO_ORCHESTRATION(task_arguments, 2, 2)
{
    const uint32_t tensors = (uint32_t)pto_scalar_arg(orch, 0);
    const uint32_t scalars = (uint32_t)pto_scalar_arg(orch, 1);
    pto_tensor element[PTO_KERNEL_MAX_TENSORS + 1];
    pto_arg args[PTO_KERNEL_MAX_TENSORS + PTO_KERNEL_MAX_SCALARS + 2];
    for (uint32_t i = 0; i + 1 < tensors; i++) {
        element[i] = pto_slice(orch, pto_tensor_arg(orch, 0), 0, i, i + 1, 1);
        args[i] = PTO_IN(&element[i]);
    }
    args[tensors - 1] = PTO_WRITE(pto_tensor_arg(orch, 1));
    for (uint32_t i = 0; i < scalars; i++)
        args[tensors + i] = PTO_SCALAR(1000 + i);
    pto_submit_kernels(orch, PTO_NO_KERNEL, WEIGH_MOST, PTO_NO_KERNEL, args, tensors + scalars);
}

/* Fills x with scalar 1 by the kernel of func id scalar 0. */
PTO_ORCHESTRATION(fill_by, 1, 2)
{
    pto_submit_aiv(orch, (int32_t)pto_scalar_arg(orch, 0), PTO_WRITE(pto_tensor_arg(orch, 0)),
                   PTO_SCALAR(pto_scalar_arg(orch, 1)));
}

/* Scalar 0 scopes in each other, a task and an output in each, then an element of the output of the innermost. */
PTO_ORCHESTRATION(nested, 1, 1)
{
    const uint64_t depth = pto_scalar_arg(orch, 0);
    for (uint64_t i = 0; i < depth; i++) {
        pto_tensor own = pto_tensor_like(pto_tensor_arg(orch, 0));
        pto_scope_begin(orch);
        pto_submit_aiv(orch, AFFINE, PTO_INOUT(pto_tensor_arg(orch, 0)), PTO_SCALAR(1), PTO_SCALAR(1));
        pto_submit_aiv(orch, COPY, PTO_IN(pto_tensor_arg(orch, 0)), PTO_OUT(&own));
    }
    for (uint64_t i = 0; i < depth; i++)
        pto_scope_end(orch);
}

/* y = the sum-free path of rank 5: every element of x through a view of rank PTO_MAX_RANK. */
PTO_ORCHESTRATION(rank_five, 1, 0)
{
    const uint32_t shape[PTO_MAX_RANK] = {2, 1, 2, 1, 2};
    const uint32_t flat = 8;
    const pto_tensor high = pto_reshape(orch, pto_tensor_arg(orch, 0), PTO_MAX_RANK, shape);
    const pto_tensor turned = pto_transpose(orch, &high, 0, 2);
    const pto_tensor back = pto_reshape(orch, &high, 1, &flat);
    pto_submit_aiv(orch, NOP, PTO_IN(&turned));
    pto_submit_aiv(orch, AFFINE, PTO_INOUT(&back), PTO_SCALAR(1), PTO_SCALAR(1));
}
