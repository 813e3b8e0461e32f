/* SPDX-License-Identifier: Apache-2.0 */
/* Manual scopes, joins, completion that is deferred to counters, tensors that end before their scope. */
#include "func_ids.h"
#include "pto/orch.h"

/* Tasks that write the same counter meet, so they must run side by side; then one copies it. */
PTO_ORCHESTRATION(conflicting_tasks_meet, 2, 1)
{
    const pto_tensor *counter = pto_tensor_arg(orch, 0);
    const uint64_t parties = pto_scalar_arg(orch, 0);
    PTO_MANUAL_SCOPE(orch)
    {
        for (uint64_t i = 0; i < parties; i++)
            pto_submit_aiv(orch, MEET, PTO_INOUT(counter), PTO_SCALAR(parties));
    }
    pto_submit_aiv(orch, COPY, PTO_IN(counter), PTO_WRITE(pto_tensor_arg(orch, 1)));
}

/* n steps of x = 2x + step, ordered by name alone. */
PTO_ORCHESTRATION(named_chain, 1, 1)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    PTO_MANUAL_SCOPE(orch)
    {
        pto_task_id last = PTO_NO_TASK;
        for (uint64_t step = 0; step < pto_scalar_arg(orch, 0); step++) {
            const pto_arg args[] = {PTO_INOUT(x), PTO_SCALAR(2), PTO_SCALAR(step % 7)};
            pto_task task = PTO_TASK_INIT;
            task.aiv0 = AFFINE;
            task.args = args;
            task.arg_count = 3;
            task.dependencies = &last;
            task.dependency_count = 1;
            last = pto_submit_task(orch, &task);
        }
    }
}

static void fill_elements_late(pto_orch *orch, const pto_tensor *x, uint32_t begin, uint32_t end)
{
    for (uint32_t i = begin; i < end; i++) {
        const pto_tensor element = pto_slice(orch, x, 0, i, i + 1, 1);
        pto_submit_aiv(orch, LATE_FILL, PTO_WRITE(&element), PTO_SCALAR(i % 4 == 0 ? 500 : 20), PTO_SCALAR(i + 1));
    }
}

/* Elements of x are filled late, in a scope and a nested one; the copy after them has all of them. */
PTO_ORCHESTRATION(copy_after_the_scope, 2, 0)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    const uint32_t half = x->shape[0] / 2;
    PTO_MANUAL_SCOPE(orch)
    {
        fill_elements_late(orch, x, 0, half);
        PTO_MANUAL_SCOPE(orch)
        {
            fill_elements_late(orch, x, half, x->shape[0]);
        }
    }
    pto_submit_aiv(orch, COPY, PTO_IN(x), PTO_WRITE(pto_tensor_arg(orch, 1)));
}

/* The task before the scope is late; the one in the scope has nothing to do with it; the one after must see both. */
PTO_ORCHESTRATION(before_and_after, 2, 0)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    pto_submit_aiv(orch, LATE_FILL, PTO_WRITE(x), PTO_SCALAR(3000), PTO_SCALAR(1));
    PTO_MANUAL_SCOPE(orch)
    {
        pto_submit_aiv(orch, NOP, PTO_INOUT(x));
    }
    pto_submit_aiv(orch, COPY, PTO_IN(x), PTO_WRITE(pto_tensor_arg(orch, 1)));
}

/* x[0] is read and x[1] written by the orchestration while tasks of the open scope use x. */
PTO_ORCHESTRATION(elements_inside, 2, 0)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    const uint32_t zero = 0;
    const uint32_t one = 1;
    PTO_MANUAL_SCOPE(orch)
    {
        pto_submit_aiv(orch, LATE_FILL, PTO_WRITE(x), PTO_SCALAR(2000), PTO_SCALAR(7));
        const uint64_t seen = pto_get_element(orch, x, &zero);
        pto_submit_aiv(orch, LATE_FILL, PTO_WRITE(x), PTO_SCALAR(2000), PTO_SCALAR(seen + 1));
        pto_set_element(orch, x, &one, seen);
    }
    pto_submit_aiv(orch, COPY, PTO_IN(x), PTO_WRITE(pto_tensor_arg(orch, 1)));
}

/* Many tasks, one that has no kernel and waits for all of them, and a copy that waits for that one alone. */
PTO_ORCHESTRATION(fan_in, 2, 0)
{
    static pto_task_id ids[1000];
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    const uint32_t count = x->shape[0];
    PTO_MANUAL_SCOPE(orch)
    {
        for (uint32_t i = 0; i < count && i < 1000; i++) {
            const pto_tensor element = pto_slice(orch, x, 0, i, i + 1, 1);
            ids[i] = pto_submit_aiv(orch, LATE_FILL, PTO_WRITE(&element), PTO_SCALAR(i % 100 == 5 ? 1000 : 0),
                                    PTO_SCALAR(i + 1));
        }
        pto_task join = PTO_TASK_INIT;
        join.dependencies = ids;
        join.dependency_count = count;
        const pto_task_id joined = pto_submit_task(orch, &join);
        const pto_arg args[] = {PTO_IN(x), PTO_WRITE(pto_tensor_arg(orch, 1))};
        pto_task copy = PTO_TASK_INIT;
        copy.aiv0 = COPY;
        copy.args = args;
        copy.arg_count = 2;
        copy.dependencies = &joined;
        copy.dependency_count = 1;
        pto_submit_task(orch, &copy);
    }
}

/* A task defers its completion to counters; others each deliver a part of its data late and count; the copy must see
 * all of the data.
 * Tensors: data, counters, copy. Scalars: blocks that defer, counters of each, what they have to reach. */
PTO_ORCHESTRATION(delivered_later, 3, 3)
{
    const pto_tensor *data = pto_tensor_arg(orch, 0);
    const pto_tensor *counters = pto_tensor_arg(orch, 1);
    const uint64_t count = pto_scalar_arg(orch, 1);
    const uint64_t expected = pto_scalar_arg(orch, 2);
    const pto_arg args[] = {PTO_INOUT(data),      PTO_NO_DEP(counters), PTO_SCALAR(count),
                            PTO_SCALAR(expected), PTO_SCALAR(0),        PTO_SCALAR(0)};
    pto_task task = PTO_TASK_INIT;
    task.aiv0 = DEFER;
    task.block_num = (uint32_t)pto_scalar_arg(orch, 0);
    task.args = args;
    task.arg_count = 6;
    pto_submit_task(orch, &task);
    for (uint32_t i = 0; i < expected; i++) {
        const uint32_t part = data->shape[0] / (uint32_t)expected;
        const pto_tensor own = pto_slice(orch, data, 0, i * part, (i + 1) * part, 1);
        pto_submit_aiv(orch, DELIVER, PTO_NO_DEP(&own), PTO_NO_DEP(counters), PTO_SCALAR(1500 + i * 1000),
                       PTO_SCALAR(40 + i));
    }
    pto_submit_aiv(orch, COPY, PTO_IN(data), PTO_WRITE(pto_tensor_arg(orch, 2)));
}

/* A task that defers to something that does not come or is none. Tensors: data, counters. Scalars: counters, bytes
 * added to their addresses, whether on the host. */
PTO_ORCHESTRATION(never_delivered, 2, 3)
{
    pto_submit_aiv(orch, DEFER, PTO_INOUT(pto_tensor_arg(orch, 0)), PTO_NO_DEP(pto_tensor_arg(orch, 1)),
                   PTO_SCALAR(pto_scalar_arg(orch, 0)), PTO_SCALAR(1), PTO_SCALAR(pto_scalar_arg(orch, 1)),
                   PTO_SCALAR(pto_scalar_arg(orch, 2)));
    pto_submit_aiv(orch, NOP, PTO_INOUT(pto_tensor_arg(orch, 0)));
}

/* In one scope, n times a fresh tensor that is added to x. Scalars: n, whether to discard it. */
PTO_ORCHESTRATION(loop_in_one_scope, 1, 2)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    const uint32_t count = x->shape[0];
    for (uint64_t i = 0; i < pto_scalar_arg(orch, 0) && pto_orch_status(orch) == PTO_OK; i++) {
        pto_tensor fresh = pto_tensor_new(PTO_FLOAT32, 1, &count);
        pto_submit_aiv(orch, ADD, PTO_IN(x), PTO_IN(x), PTO_OUT(&fresh));
        pto_submit_aiv(orch, COPY, PTO_IN(&fresh), PTO_WRITE(x));
        if (pto_scalar_arg(orch, 1) != 0)
            pto_discard(orch, &fresh);
    }
}

/* Many manual scopes of many tasks, each after the one before. */
PTO_ORCHESTRATION(many_scopes, 1, 2)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    for (uint64_t round = 0; round < pto_scalar_arg(orch, 0); round++) {
        pto_submit_aiv(orch, AFFINE, PTO_INOUT(x), PTO_SCALAR(2), PTO_SCALAR(round % 7));
        PTO_MANUAL_SCOPE(orch)
        {
            for (uint64_t i = 0; i < pto_scalar_arg(orch, 1); i++)
                pto_submit_aiv(orch, NOP, PTO_INOUT(x));
        }
    }
}
