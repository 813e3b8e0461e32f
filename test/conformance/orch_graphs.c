/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs whose results show whether dependencies, scopes and views were kept. */
#include "func_ids.h"
#include "pto/orch.h"

/* f = (a+b+b)+(a+b): fresh outputs in two scopes. */
PTO_ORCHESTRATION(sum_in_scopes, 3, 0)
{
    const pto_tensor *a = pto_tensor_arg(orch, 0);
    const pto_tensor *b = pto_tensor_arg(orch, 1);
    pto_tensor c = pto_tensor_like(a);
    pto_submit_aiv(orch, ADD, PTO_IN(a), PTO_IN(b), PTO_OUT(&c));
    PTO_SCOPE (orch) {
        pto_tensor d = pto_tensor_like(a);
        pto_submit_aiv(orch, ADD, PTO_IN(&c), PTO_IN(b), PTO_OUT(&d));
        pto_submit_aiv(orch, ADD, PTO_IN(&d), PTO_IN(&c), PTO_WRITE(pto_tensor_arg(orch, 2)));
    }
}

/* c = a op b with whatever kernel has func id 0. */
PTO_ORCHESTRATION(binary, 3, 0)
{
    pto_submit_aiv(orch, ADD, PTO_IN(pto_tensor_arg(orch, 0)), PTO_IN(pto_tensor_arg(orch, 1)),
                   PTO_WRITE(pto_tensor_arg(orch, 2)));
}

/* n steps of x = 2x + step (mod 2^32): any reordering changes the result. */
PTO_ORCHESTRATION(chain, 1, 1)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    const uint64_t steps = pto_scalar_arg(orch, 0);
    for (uint64_t step = 0; step < steps; step++)
        pto_submit_aiv(orch, AFFINE, PTO_INOUT(x), PTO_SCALAR(2), PTO_SCALAR(step % 7));
}

/* n independent tasks, each on its own element of x. */
PTO_ORCHESTRATION(wide, 1, 1)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    const uint32_t count = (uint32_t)pto_scalar_arg(orch, 0);
    for (uint32_t i = 0; i < count; i++) {
        const pto_tensor element = pto_slice(orch, x, 0, i, i + 1, 1);
        pto_submit_aiv(orch, FILL, PTO_WRITE(&element), PTO_SCALAR(i + 1));
    }
}

/* Write after read: readers of x copy it to rows of y, then x is overwritten, then read again. */
PTO_ORCHESTRATION(write_after_read, 2, 1)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    const pto_tensor *y = pto_tensor_arg(orch, 1);
    const uint32_t readers = (uint32_t)pto_scalar_arg(orch, 0);
    const uint32_t size = x->shape[0];
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < readers; i++) {
            const pto_tensor row = pto_slice(orch, y, 0, round * readers + i, round * readers + i + 1, 1);
            const pto_tensor line = pto_reshape(orch, &row, 1, &size);
            pto_submit_aiv(orch, COPY, PTO_IN(x), PTO_WRITE(&line));
        }
        pto_submit_aic(orch, AFFINE_AIC, PTO_INOUT(x), PTO_SCALAR(10), PTO_SCALAR(1));
    }
}

/* Tiles of one matrix: each is scaled on its own, then every row band is read as a whole, then the transpose is
 * written. */
PTO_ORCHESTRATION(tiles, 2, 1)
{
    const pto_tensor *matrix = pto_tensor_arg(orch, 0);
    const uint32_t tile = (uint32_t)pto_scalar_arg(orch, 0);
    const uint32_t size = matrix->shape[0];
    for (uint32_t row = 0; row < size; row += tile)
        for (uint32_t column = 0; column < size; column += tile) {
            const uint32_t offset[] = {row, column};
            const uint32_t shape[] = {tile, tile};
            const pto_tensor view = pto_view(orch, matrix, offset, shape);
            pto_submit_aiv(orch, AFFINE, PTO_INOUT(&view), PTO_SCALAR(3), PTO_SCALAR(row + column));
        }
    if (pto_tensor_arg(orch, 1)->shape[0] != size)
        return;
    const pto_tensor transposed = pto_transpose(orch, matrix, 0, 1);
    pto_submit_aiv(orch, COPY, PTO_IN(&transposed), PTO_WRITE(pto_tensor_arg(orch, 1)));
}

/* Every second column is incremented, then the others, then all: slices with steps. */
PTO_ORCHESTRATION(strided, 1, 0)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    const pto_tensor even = pto_slice(orch, x, 1, 0, x->shape[1], 2);
    const pto_tensor odd = pto_slice(orch, x, 1, 1, x->shape[1], 2);
    pto_submit_aiv(orch, AFFINE, PTO_INOUT(&even), PTO_SCALAR(1), PTO_SCALAR(1));
    pto_submit_aiv(orch, AFFINE, PTO_INOUT(&odd), PTO_SCALAR(1), PTO_SCALAR(2));
    pto_submit_aiv(orch, AFFINE, PTO_INOUT(x), PTO_SCALAR(10), PTO_SCALAR(0));
}

/* n tasks with an output each, all in one scope; the last output is copied out. */
PTO_ORCHESTRATION(many_outputs, 1, 2)
{
    const uint64_t count = pto_scalar_arg(orch, 0);
    const uint32_t size = (uint32_t)pto_scalar_arg(orch, 1);
    pto_tensor last = pto_tensor_new(PTO_INT32, 1, &size);
    for (uint64_t i = 0; i < count; i++) {
        last = pto_tensor_new(PTO_INT32, 1, &size);
        pto_submit_aiv(orch, FILL, PTO_OUT(&last), PTO_SCALAR(i));
    }
    pto_submit_aiv(orch, COPY, PTO_IN(&last), PTO_WRITE(pto_tensor_arg(orch, 0)));
}

/* n rounds, each with an output in a scope of its own: runs in a heap that holds only a few of them. */
PTO_ORCHESTRATION(scoped_outputs, 1, 2)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    const uint64_t count = pto_scalar_arg(orch, 0);
    const uint32_t size = (uint32_t)pto_scalar_arg(orch, 1);
    for (uint64_t i = 0; i < count; i++)
        PTO_SCOPE (orch) {
            pto_tensor temporary = pto_tensor_new(PTO_INT32, 1, &size);
            pto_submit_aiv(orch, FILL, PTO_OUT(&temporary), PTO_SCALAR(i + 1));
            const pto_tensor head = pto_slice(orch, &temporary, 0, 0, x->shape[0], 1);
            pto_submit_aiv(orch, COPY, PTO_IN(&head), PTO_WRITE(x));
        }
}

/* Reads a count from x[0] once the task that writes it is done, adds as many tasks, and writes an element itself. */
PTO_ORCHESTRATION(data_dependent, 1, 0)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    const uint32_t first[] = {0};
    const uint32_t last[] = {x->shape[0] - 1};
    pto_submit_aiv(orch, AFFINE, PTO_INOUT(x), PTO_SCALAR(1), PTO_SCALAR(2));
    const uint64_t count = pto_get_element(orch, x, first);
    for (uint64_t i = 0; i < count; i++)
        pto_submit_aiv(orch, AFFINE, PTO_INOUT(x), PTO_SCALAR(1), PTO_SCALAR(10));
    pto_set_element(orch, x, last, 77);
    pto_submit_aiv(orch, AFFINE, PTO_INOUT(x), PTO_SCALAR(1), PTO_SCALAR(1));
}

/* Nested scopes as deep as the scalar says, the outermost one not counted. */
PTO_ORCHESTRATION(nested, 1, 1)
{
    const uint64_t depth = pto_scalar_arg(orch, 0);
    for (uint64_t i = 0; i < depth; i++) {
        pto_scope_begin(orch);
        pto_submit_aiv(orch, AFFINE, PTO_INOUT(pto_tensor_arg(orch, 0)), PTO_SCALAR(1), PTO_SCALAR(1));
    }
    for (uint64_t i = 0; i < depth; i++)
        pto_scope_end(orch);
}

/* A tensor that no task allocated, filled through an explicit dependency although no access says so. */
PTO_ORCHESTRATION(explicit_order, 1, 0)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    const uint32_t size = x->shape[0];
    pto_tensor scratch = pto_tensor_new(PTO_INT32, 1, &size);
    pto_allocate(orch, &scratch);
    const pto_arg fill[] = {PTO_NO_DEP(&scratch), PTO_SCALAR(5)};
    const pto_task_id filled = pto_submit_kernels(orch, PTO_NO_KERNEL, FILL, PTO_NO_KERNEL, fill, 2);
    const pto_task_id joined[] = {filled};
    pto_task join = PTO_TASK_INIT;
    join.dependencies = joined;
    join.dependency_count = 1;
    const pto_task_id done[] = {pto_submit_task(orch, &join)};
    const pto_arg copy[] = {PTO_NO_DEP(&scratch), PTO_WRITE(x)};
    pto_task task = PTO_TASK_INIT;
    task.aiv0 = COPY;
    task.args = copy;
    task.arg_count = 2;
    task.dependencies = done;
    task.dependency_count = 1;
    pto_submit_task(orch, &task);
}
