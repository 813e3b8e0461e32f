/* SPDX-License-Identifier: Apache-2.0 */
/* A program that the scalars choose: tasks on views, scopes of both kinds, elements, predicates, tensors that end
 * before their scope. All that its tasks may do in any order gives the same bits. Every number is drawn in a statement
 * of its own: a compiler evaluates arguments and the members of a list in the order that it likes. */
#include "func_ids.h"
#include "pto/orch.h"

enum { SIDE = 8, ARGUMENTS = 4, MOST_TEMPORARIES = 6, MOST_SCOPES = 3 };

typedef struct program {
    pto_orch *orch;
    uint64_t state;
    pto_tensor tensors[ARGUMENTS + MOST_TEMPORARIES]; /* All of them matrices. */
    uint32_t depths[ARGUMENTS + MOST_TEMPORARIES];    /* Scopes around each when it was made. */
    uint32_t count;
    uint32_t depth;
    pto_task_id last;
} program;

static uint32_t below(program *self, uint32_t bound)
{
    self->state += 0x9e3779b97f4a7c15u;
    uint64_t z = self->state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ z >> 31) >> 16) % bound;
}

static const pto_tensor *any(program *self)
{
    return &self->tensors[below(self, self->count)];
}

/* An element of a matrix, which is returned. */
static const pto_tensor *any_place(program *self, uint32_t at[2])
{
    at[0] = below(self, SIDE);
    at[1] = below(self, SIDE);
    return any(self);
}

static uint64_t element(program *self)
{
    uint32_t at[2];
    const pto_tensor *tensor = any_place(self, at);
    return pto_get_element(self->orch, tensor, at);
}

/* A box, every second or third row or column, a transposed matrix or all of it. */
static pto_tensor any_view(program *self, uint32_t rows, uint32_t columns)
{
    const uint32_t row = below(self, SIDE - rows + 1);
    const uint32_t column = below(self, SIDE - columns + 1);
    const uint32_t offset[] = {row, column};
    const uint32_t shape[] = {rows, columns};
    const pto_tensor *tensor = any(self);
    const pto_tensor turned = pto_transpose(self->orch, tensor, 0, 1);
    return pto_view(self->orch, below(self, 3) == 0 ? &turned : tensor, offset, shape);
}

static pto_tensor any_piece(program *self)
{
    if (below(self, 3) == 0)
        return *any(self);
    if (below(self, 3) == 0) {
        const pto_tensor *tensor = any(self);
        const uint32_t dimension = below(self, 2);
        const uint32_t begin = below(self, 3);
        return pto_slice(self->orch, tensor, dimension, begin, SIDE, 2 + below(self, 2));
    }
    const uint32_t rows = 1 + below(self, SIDE);
    return any_view(self, rows, 1 + below(self, SIDE));
}

static void multiply(program *self, const pto_predicate *predicate, const pto_task_id *dependency)
{
    const pto_tensor view = any_piece(self);
    const pto_arg factor = below(self, 2) != 0 ? PTO_SCALAR(3) : PTO_RUN_SCALAR(2);
    const uint32_t addend = below(self, 1000);
    const pto_arg args[] = {PTO_INOUT(&view), factor, PTO_SCALAR(addend)};
    pto_task task = PTO_TASK_INIT;
    task.aiv0 = AFFINE;
    task.args = args;
    task.arg_count = 3;
    task.predicate = predicate;
    task.dependencies = dependency;
    task.dependency_count = dependency != NULL ? 1 : 0;
    self->last = pto_submit_task(self->orch, &task);
}

static void copy(program *self)
{
    const uint32_t rows = 1 + below(self, SIDE);
    const uint32_t columns = 1 + below(self, SIDE);
    const pto_tensor from = any_view(self, rows, columns);
    const pto_tensor to = any_view(self, rows, columns);
    pto_submit_aiv(self->orch, COPY, PTO_IN(&from), PTO_WRITE(&to));
}

static void make_temporary(program *self)
{
    const uint32_t shape[] = {SIDE, SIDE};
    if (self->count == ARGUMENTS + MOST_TEMPORARIES)
        return;
    self->tensors[self->count] = pto_tensor_new(PTO_INT32, 2, shape);
    self->depths[self->count] = self->depth;
    pto_submit_aiv(self->orch, FILL, PTO_OUT(&self->tensors[self->count]), PTO_SCALAR(below(self, 100)));
    self->count++;
}

static void end_temporary(program *self)
{
    if (self->count == ARGUMENTS)
        return;
    self->count--;
    pto_discard(self->orch, &self->tensors[self->count]);
}

static void begin_or_end_scope(program *self)
{
    if (self->depth < MOST_SCOPES && (self->depth == 0 || below(self, 2) == 0)) {
        pto_scope_begin(self->orch);
        self->depth++;
        return;
    }
    pto_scope_end(self->orch);
    self->depth--;
    while (self->depths[self->count - 1] > self->depth)
        self->count--;
}

/* A task that waits for all that has been done to the tensors. */
static pto_task_id after_all(program *self)
{
    pto_arg args[ARGUMENTS + MOST_TEMPORARIES];
    for (uint32_t i = 0; i < self->count; i++)
        args[i] = PTO_INOUT(&self->tensors[i]);
    return pto_submit_kernels(self->orch, PTO_NO_KERNEL, NOP, PTO_NO_KERNEL, args, self->count);
}

/* Tasks of a manual scope do not even wait for those before it, so the first one names one that has. */
static void run_manual_scope(program *self)
{
    const uint32_t tasks = below(self, 6);
    const pto_task_id before = after_all(self);
    PTO_MANUAL_SCOPE(self->orch)
    {
        pto_task_id last = before;
        for (uint32_t i = 0; i < tasks; i++) {
            multiply(self, NULL, &last);
            last = self->last;
            if (below(self, 8) == 0) {
                const uint64_t bits = element(self);
                self->state ^= bits & 1;
            }
        }
    }
}

static void meet_condition(program *self)
{
    pto_predicate predicate = PTO_ZERO;
    predicate.op = PTO_PREDICATE_EQ + below(self, 6);
    predicate.index[0] = below(self, SIDE);
    predicate.index[1] = below(self, SIDE);
    predicate.tensor = any(self);
    predicate.value = below(self, 200);
    multiply(self, &predicate, below(self, 2) != 0 ? &self->last : NULL);
}

static void touch_element(program *self)
{
    if (below(self, 2) == 0) {
        const uint64_t bits = element(self);
        self->state ^= bits & 3;
        return;
    }
    uint32_t at[2];
    const pto_tensor *tensor = any_place(self, at);
    pto_set_element(self->orch, tensor, at, below(self, 1000));
}

/* Scalars: what chooses the program, its steps, and a factor that travels on. */
PTO_ORCHESTRATION(random_program, 4, 3)
{
    const uint32_t shape[] = {SIDE, SIDE};
    program self = PTO_ZERO;
    self.orch = orch;
    self.state = pto_scalar_arg(orch, 0);
    self.last = PTO_NO_TASK;
    for (; self.count < ARGUMENTS; self.count++)
        self.tensors[self.count] = pto_reshape(orch, pto_tensor_arg(orch, self.count), 2, shape);
    for (uint64_t step = pto_scalar_arg(orch, 1); step > 0; step--)
        switch (below(&self, 24)) {
        case 0:
        case 1: begin_or_end_scope(&self); break;
        case 2:
        case 3:
        case 4: make_temporary(&self); break;
        case 5: end_temporary(&self); break;
        case 6:
        case 7:
        case 8: copy(&self); break;
        case 9: run_manual_scope(&self); break;
        case 10:
        case 11: meet_condition(&self); break;
        case 12: touch_element(&self); break;
        default: multiply(&self, NULL, below(&self, 4) == 0 ? &self.last : NULL); break;
        }
    for (; self.depth > 0; self.depth--)
        pto_scope_end(orch);
}
