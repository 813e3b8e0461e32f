/* SPDX-License-Identifier: Apache-2.0 */
/* An engine that only writes down what it is asked, for the inline functions that go through the table. */
#ifndef FAKE_ORCH_H
#define FAKE_ORCH_H

#include <stdio.h>
#include <string.h>

#include "pto/orch.h"

#define FAKE_MAX_ARGS 8u

/* What the calls of one orchestration left behind. `orch` comes first, so that its address is the record's. */
typedef struct fake_orch {
    pto_orch orch;
    uint32_t submits;
    pto_task task;               /* The last one submitted; its `args` point at the copies below. */
    pto_arg args[FAKE_MAX_ARGS]; /* Those of the last task that fit. */
    uint32_t allocations;
    uint32_t scopes_begun;
    uint32_t scopes_ended;
    uint64_t scope_bytes;
    uint64_t scope_memory[8];
    uint32_t scope_mode; /* Of the last one begun. */
    const pto_tensor *discarded;
    const uint64_t *scalars;      /* The run's. */
    uint32_t index[PTO_MAX_RANK]; /* Of the last element read or written. */
    uint64_t element;             /* What is read; what was written. */
    uint32_t fatals;
    int32_t fatal_code;
    uint32_t lines;
    int32_t level;
    uint32_t rejects;
    pto_status status;
    char message[192]; /* Of the last log line, fatal or reject. */
} fake_orch;

static inline fake_orch *fake_of(pto_orch *orch)
{
    return (fake_orch *)(void *)orch;
}

static inline pto_task_id fake_submit(pto_orch *orch, const pto_task *task)
{
    fake_orch *fake = fake_of(orch);
    fake->task = *task;
    for (uint32_t i = 0; i < task->arg_count && i < FAKE_MAX_ARGS; i++)
        fake->args[i] = task->args[i];
    fake->task.args = fake->args;
    return 1000u + fake->submits++;
}

static inline pto_status fake_allocate(pto_orch *orch, pto_tensor *tensor)
{
    fake_orch *fake = fake_of(orch);
    tensor->addr = 0x1000u * ++fake->allocations;
    return fake->status;
}

static inline void fake_discard(pto_orch *orch, const pto_tensor *tensor)
{
    fake_of(orch)->discarded = tensor;
}

static inline uint64_t fake_scalar(pto_orch *orch, uint32_t index)
{
    return fake_of(orch)->scalars[index];
}

static inline void fake_scope_begin(pto_orch *orch, uint32_t mode)
{
    fake_of(orch)->scope_mode = mode;
    fake_of(orch)->scopes_begun++;
}

static inline void fake_scope_end(pto_orch *orch)
{
    fake_of(orch)->scopes_ended++;
}

static inline void *fake_scope_memory(pto_orch *orch, uint64_t size_bytes)
{
    fake_orch *fake = fake_of(orch);
    fake->scope_bytes += size_bytes;
    return fake->scope_memory;
}

static inline uint64_t fake_get_element(pto_orch *orch, const pto_tensor *tensor, const uint32_t *index)
{
    fake_orch *fake = fake_of(orch);
    memcpy(fake->index, index, tensor->ndims * sizeof *index);
    return fake->element;
}

static inline void fake_set_element(pto_orch *orch, const pto_tensor *tensor, const uint32_t *index, uint64_t bits)
{
    fake_orch *fake = fake_of(orch);
    memcpy(fake->index, index, tensor->ndims * sizeof *index);
    fake->element = bits;
}

static inline PTO_PRINTF(2, 0) void fake_message(fake_orch *fake, const char *format, va_list values)
{
    vsnprintf(fake->message, sizeof fake->message, format, values);
}

static inline PTO_PRINTF(3, 0) void fake_log(pto_orch *orch, int32_t level, const char *format, va_list values)
{
    fake_orch *fake = fake_of(orch);
    fake->lines++;
    fake->level = level;
    fake_message(fake, format, values);
}

static inline PTO_PRINTF(3, 0) void fake_fatal(pto_orch *orch, int32_t code, const char *format, va_list values)
{
    fake_orch *fake = fake_of(orch);
    fake->fatals++;
    fake->fatal_code = code;
    fake->status = PTO_ERROR_ORCHESTRATION_FATAL;
    fake_message(fake, format, values);
}

static inline PTO_PRINTF(3, 0) void fake_reject(pto_orch *orch, pto_status status, const char *format, va_list values)
{
    fake_orch *fake = fake_of(orch);
    fake->rejects++;
    fake->status = status;
    fake_message(fake, format, values);
}

static inline pto_status fake_status(const pto_orch *orch)
{
    return ((const fake_orch *)(const void *)orch)->status;
}

/* Begins a record with nothing in it. */
static inline void fake_init(fake_orch *fake)
{
    static const pto_orch_ops ops = {
        sizeof(pto_orch_ops), PTO_ABI_VERSION,  fake_submit,       fake_allocate, fake_discard, fake_scope_begin,
        fake_scope_end,       fake_get_element, fake_set_element,  fake_scalar,   fake_log,     fake_fatal,
        fake_reject,          fake_status,      fake_scope_memory,
    };
    memset(fake, 0, sizeof *fake);
    fake->orch.ops = &ops;
}

#endif
