/* SPDX-License-Identifier: Apache-2.0 */
/* Orchestrations whose graphs the host builds. Each says a line, so that a test sees how often they ran. */
#include "host_graph_funcs.h"
#include "pto/orch.h"

static const uint32_t first[PTO_MAX_RANK] = {0};

static void say(pto_orch *orch)
{
    pto_log(orch, PTO_LOG_INFO, "orchestrated");
}

static void add(pto_orch *orch, const pto_tensor *x, uint64_t amount)
{
    pto_submit_aiv(orch, AFFINE, PTO_INOUT(x), PTO_SCALAR(1), PTO_SCALAR(amount));
}

extern int usleep(unsigned microseconds);

/* x = x * b + c, a times: a is looked at, b and c travel on. */
PTO_ORCHESTRATION(steps, 1, 3)
{
    say(orch);
    for (uint64_t i = 0; i < pto_scalar_arg(orch, 0); i++)
        pto_submit_aiv(orch, AFFINE, PTO_INOUT(pto_tensor_arg(orch, 0)), PTO_RUN_SCALAR(1), PTO_RUN_SCALAR(2));
}

/* y = (x + 1) * 3, through a tensor of the heap. */
PTO_ORCHESTRATION(through_the_heap, 2, 0)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    pto_tensor middle = pto_tensor_like(x);
    say(orch);
    pto_submit_aiv(orch, LATE_FILL, PTO_OUT(&middle), PTO_SCALAR(100), PTO_SCALAR(0));
    pto_submit_aiv(orch, COPY, PTO_IN(x), PTO_WRITE(&middle));
    add(orch, &middle, 1);
    pto_submit_aiv(orch, AFFINE, PTO_INOUT(&middle), PTO_SCALAR(3), PTO_SCALAR(0));
    pto_submit_aiv(orch, COPY, PTO_IN(&middle), PTO_WRITE(pto_tensor_arg(orch, 1)));
}

/* Adds 1 to x until its first element is 8 at least, then writes how often into the last one. */
PTO_ORCHESTRATION(until_eight, 1, 0)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    const uint32_t last = x->shape[0] - 1;
    uint64_t rounds = 0;
    say(orch);
    for (; pto_orch_status(orch) == PTO_OK && (int32_t)pto_get_element(orch, x, first) < 8; rounds++)
        add(orch, x, 1);
    pto_set_element(orch, x, &last, rounds);
}

/* Three times x[0] decides whether 1 or 10 is added. */
PTO_ORCHESTRATION(three_choices, 1, 0)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    say(orch);
    for (uint32_t i = 0; i < 3; i++) {
        const uint32_t at = i + 1;
        add(orch, x, pto_get_element(orch, x, &at) != 0 ? 10 : 1);
    }
}

/* The bits of the second element of x, as two halves in y. */
PTO_ORCHESTRATION(bits_of_an_element, 2, 0)
{
    const uint32_t second = 1;
    const pto_tensor *y = pto_tensor_arg(orch, 1);
    const pto_tensor low = pto_slice(orch, y, 0, 0, 1, 1);
    const pto_tensor high = pto_slice(orch, y, 0, 1, 2, 1);
    const uint64_t bits = pto_get_element(orch, pto_tensor_arg(orch, 0), &second);
    say(orch);
    pto_submit_aiv(orch, FILL, PTO_WRITE(&low), PTO_SCALAR(bits & UINT32_MAX));
    pto_submit_aiv(orch, FILL, PTO_WRITE(&high), PTO_SCALAR(bits >> 32));
}

/* Elements before, between and after tasks, and of a tensor that no task writes. */
PTO_ORCHESTRATION(elements_and_tasks, 1, 0)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    const uint32_t second = 1;
    const uint32_t size = 4;
    pto_tensor own = pto_tensor_new(PTO_INT32, 1, &size);
    say(orch);
    pto_set_element(orch, x, first, 5);
    pto_submit_aiv(orch, AFFINE, PTO_INOUT(x), PTO_SCALAR(2), PTO_SCALAR(1));
    pto_set_element(orch, x, &second, 77);
    pto_submit_aiv(orch, AFFINE, PTO_INOUT(x), PTO_SCALAR(1), PTO_SCALAR(100));
    pto_allocate(orch, &own);
    pto_set_element(orch, &own, &second, 40);
    if (pto_get_element(orch, &own, &second) == 40)
        pto_set_element(orch, &own, &second, 41);
    const uint32_t third = 2;
    pto_set_element(orch, x, &third, pto_get_element(orch, &own, &second));
}

/* b is written late, then d is a copy of c: c may lie in b. a is there to be overlapped. */
PTO_ORCHESTRATION(late_b_then_c, 4, 0)
{
    say(orch);
    pto_submit_aiv(orch, AFFINE, PTO_INOUT(pto_tensor_arg(orch, 0)), PTO_SCALAR(1), PTO_SCALAR(0));
    pto_submit_aiv(orch, LATE_FILL, PTO_WRITE(pto_tensor_arg(orch, 1)), PTO_SCALAR(2000), PTO_SCALAR(7));
    pto_submit_aiv(orch, COPY, PTO_IN(pto_tensor_arg(orch, 2)), PTO_WRITE(pto_tensor_arg(orch, 3)));
}

/* Four numbers at an address are written late, then 1 is added to x: the numbers may be in x. */
PTO_ORCHESTRATION(named_by_address, 1, 1)
{
    const uint32_t size = 4;
    const pto_tensor named = pto_device_tensor(pto_scalar_arg(orch, 0), PTO_INT32, 1, &size);
    say(orch);
    pto_submit_aiv(orch, LATE_FILL, PTO_WRITE(&named), PTO_SCALAR(2000), PTO_SCALAR(7));
    add(orch, pto_tensor_arg(orch, 0), 1);
}

/* What a view says of itself decides. */
PTO_ORCHESTRATION(is_it_contiguous, 1, 0)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    say(orch);
    pto_submit_aiv(orch, AFFINE, PTO_INOUT(x), PTO_SCALAR(0), PTO_SCALAR(x->is_contiguous ? 1 : 2));
}

/* A part runs, then the orchestration ends as the scalar says. */
PTO_ORCHESTRATION(ends_badly, 1, 1)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    const volatile int forever = 1;
    say(orch);
    add(orch, x, 1);
    pto_get_element(orch, x, first);
    add(orch, x, 1);
    switch (pto_scalar_arg(orch, 0)) {
    case END_WITH_FATAL: pto_fatal(orch, 77, "enough"); break;
    case END_WITH_MISTAKE: pto_scope_end(orch); break;
    case END_WITH_HANG:
        while (forever)
            usleep(100); /* a race detector delivers signals to a thread only when it calls the system */
        break;
    case END_WITH_FAULT: *(volatile int *)(uintptr_t)0x1000 = 1; break;
    default: break;
    }
}

/* The fourth task, in the second part, defers to what is no counter. */
PTO_ORCHESTRATION(bad_in_the_second_part, 1, 1)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    say(orch);
    add(orch, x, 1);
    PTO_MANUAL_SCOPE(orch)
    {
        add(orch, x, 0);
    }
    pto_get_element(orch, x, first);
    add(orch, x, 1);
    pto_submit_aiv(orch, DEFER, PTO_IN(x), PTO_IN(x), PTO_SCALAR(1), PTO_SCALAR(1), PTO_SCALAR(0), PTO_RUN_SCALAR(0));
}

/* As many outputs as the first element says, all alive at once, in a scope; an element is the last that is read. */
PTO_ORCHESTRATION(peaks, 1, 0)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    const uint32_t size = 1024;
    const uint64_t count = pto_get_element(orch, x, first);
    say(orch);
    PTO_SCOPE (orch) {
        PTO_SCOPE (orch) {
            for (uint64_t i = 0; i < count; i++) {
                pto_tensor held = pto_tensor_new(PTO_INT32, 1, &size);
                pto_submit_aiv(orch, FILL, PTO_OUT(&held), PTO_SCALAR(i));
            }
            add(orch, x, 0);
            pto_get_element(orch, x, first);
        }
    }
}

/* n tasks with an output each: a large graph. */
PTO_ORCHESTRATION(many, 1, 1)
{
    const uint32_t size = 1;
    say(orch);
    for (uint64_t i = 0; i < pto_scalar_arg(orch, 0); i++)
        PTO_SCOPE (orch) {
            pto_tensor held = pto_tensor_new(PTO_INT32, 1, &size);
            pto_submit_aiv(orch, FILL, PTO_OUT(&held), PTO_SCALAR(i));
            pto_submit_aiv(orch, COPY, PTO_IN(&held), PTO_WRITE(pto_tensor_arg(orch, 0)));
        }
}

/* Adds 100 to y if x[0] > 3, and 1 if an element of the heap, which is x[0] + 1, is even. */
PTO_ORCHESTRATION(predicated, 2, 0)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    pto_tensor copy = pto_tensor_like(x);
    pto_predicate predicate = {PTO_PREDICATE_GT, {0}, x, 3};
    const pto_arg hundred[] = {PTO_INOUT(pto_tensor_arg(orch, 1)), PTO_SCALAR(1), PTO_SCALAR(100)};
    const pto_arg one[] = {PTO_INOUT(pto_tensor_arg(orch, 1)), PTO_SCALAR(1), PTO_SCALAR(1)};
    pto_task task = PTO_TASK_INIT;
    say(orch);
    task.aiv0 = AFFINE;
    task.args = hundred;
    task.arg_count = 3;
    task.predicate = &predicate;
    pto_submit_task(orch, &task);
    pto_submit_aiv(orch, FILL, PTO_OUT(&copy), PTO_SCALAR(0));
    pto_submit_aiv(orch, COPY, PTO_IN(x), PTO_WRITE(&copy));
    predicate.tensor = &copy;
    predicate.op = PTO_PREDICATE_LE;
    task.args = one;
    pto_submit_task(orch, &task);
}

/* Runs until the gate opens, then writes: scalars are addresses of the host. */
PTO_ORCHESTRATION(gated, 1, 2)
{
    say(orch);
    pto_submit_aiv(orch, GATE, PTO_WRITE(pto_tensor_arg(orch, 0)), PTO_RUN_SCALAR(0), PTO_RUN_SCALAR(1));
}
