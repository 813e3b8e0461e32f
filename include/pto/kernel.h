/* SPDX-License-Identifier: Apache-2.0 */
/** @file kernel.h
 *  The kernel ABI. A kernel is a shared object that exports `void kernel_entry(int64_t *args)`:
 *
 *  | words of `args` | content |
 *  |---|---|
 *  | 0 .. tensors-1 | pointers to `pto_tensor`, in the order of the task's tensor arguments |
 *  | tensors .. tensors+scalars-1 | scalars, their bits zero-extended to 64 |
 *  | 48 | pointer to `pto_local_context` (this block) |
 *  | 49 | pointer to `pto_global_context` (this core) |
 *
 *  A kernel may run on any thread, on any core of its type, at the same time as other kernels. It owns nothing of
 *  what it is given: descriptors and contexts are valid until it returns. Freestanding. */
#ifndef PTO_KERNEL_H
#define PTO_KERNEL_H

#include "pto/build_identity.h"
#include "pto/tensor.h"

#define PTO_KERNEL_MAX_TENSORS     32u /**< Tensor arguments of one task. */
#define PTO_KERNEL_MAX_SCALARS     16u /**< Scalar arguments of one task. */
#define PTO_KERNEL_LOCAL_CONTEXT   48u /**< Word of `args` that points to the pto_local_context. */
#define PTO_KERNEL_GLOBAL_CONTEXT  49u /**< Word of `args` that points to the pto_global_context. */
#define PTO_KERNEL_ARG_WORDS       50u /**< Words of `args`. */
#define PTO_KERNEL_MAX_COMPLETIONS 64u /**< Entries of a deferred-completion slab. */

/** Core types that a kernel is built for. */
enum pto_core_type_code {
    PTO_CORE_AIC = 0, /**< The matrix core. */
    PTO_CORE_AIV = 1, /**< A vector core. */
    PTO_CORE_ANY = 2  /**< Either: whatever the tasks say that name it. */
};

/** What a deferred completion waits for. */
enum pto_completion_type_code { PTO_COMPLETION_COUNTER = 0 /**< A counter in device memory. */ };

/** `*pto_async_context.error_code` after a registration that did not fit. */
#define PTO_COMPLETION_OVERFLOW 1

/** One deferred completion: the task is complete once the counter at `addr` reaches `expected_value`. */
typedef struct pto_completion {
    uint64_t addr;           /**< Device address of a 32-bit counter, 4-byte aligned. */
    uint64_t backend_cookie; /**< For the backend; the engine hands it on. */
    uint32_t expected_value; /**< What the counter has to reach. */
    uint32_t engine;         /**< Number of the DMA engine that counts. */
    int32_t completion_type; /**< One of `enum pto_completion_type_code`. */
    uint32_t reserved;
} pto_completion;

/** Where a kernel registers deferred completions; all zero when the task cannot have any. */
typedef struct pto_async_context {
    volatile uint32_t *count;         /**< Entries in use. */
    volatile int32_t *error_code;     /**< First error of a registration. */
    volatile pto_completion *entries; /**< The slab. */
    uint32_t capacity;                /**< Entries that there are. */
    uint64_t task_token;              /**< Names the task to the backend. */
} pto_async_context;

/** What a block knows of itself. 48 bytes. */
typedef struct pto_local_context {
    int32_t block_idx;       /**< 0 .. block_num-1 */
    int32_t block_num;       /**< Blocks of this task. */
    pto_async_context async; /**< Deferred completions. */
} pto_local_context;

/** What a core knows of itself. 24 bytes. */
typedef struct pto_global_context {
    int32_t sub_block_id; /**< 1 for the kernel that a task names as its `aiv1`, on whichever AIV it runs, else 0. */
    uint64_t dma_workspace[2]; /**< Device addresses, by kind of DMA engine; 0: there is none of that kind. */
} pto_global_context;

/** Defines the entry of a kernel: `PTO_KERNEL(args) { ... }`. */
#define PTO_KERNEL(args)                                                                                               \
    PTO_EXTERN_C PTO_EXPORT void kernel_entry(int64_t *args);                                                          \
    void kernel_entry(int64_t *args)

/** Tensor argument `index`, 0-based in the order of the task's tensor arguments. */
static inline const pto_tensor *pto_kernel_tensor(const int64_t *args, uint32_t index)
{
    return (const pto_tensor *)(uintptr_t)args[index];
}

/** First element of tensor argument `index`. */
static inline void *pto_kernel_data(const int64_t *args, uint32_t index)
{
    return pto_tensor_data(pto_kernel_tensor(args, index));
}

/** Word `index` as a 32-bit float. Scalars follow the tensors: the first one of a task with 3 tensors is word 3. */
static inline float pto_kernel_f32(const int64_t *args, uint32_t index)
{
    union {
        uint32_t bits;
        float value;
    } scalar;
    scalar.bits = (uint32_t)args[index];
    return scalar.value;
}

/** Word `index` as a 64-bit float. */
static inline double pto_kernel_f64(const int64_t *args, uint32_t index)
{
    union {
        int64_t bits;
        double value;
    } scalar;
    scalar.bits = args[index];
    return scalar.value;
}

/** The block that this call runs. */
static inline const pto_local_context *pto_kernel_local(const int64_t *args)
{
    return (const pto_local_context *)(uintptr_t)args[PTO_KERNEL_LOCAL_CONTEXT];
}

/** The core that this call runs on. */
static inline const pto_global_context *pto_kernel_global(const int64_t *args)
{
    return (const pto_global_context *)(uintptr_t)args[PTO_KERNEL_GLOBAL_CONTEXT];
}

/** Adds a deferred completion to a block's list, `reserved` as zero. Returns the entry's number, -1 when there is no
 * room, after which the run fails. */
static inline int32_t pto_register_completion(const pto_async_context *async, const pto_completion *completion)
{
    const uint32_t index = async->count == NULL ? 0 : *async->count;
    volatile pto_completion *entry;
    if (async->count == NULL || index >= async->capacity) {
        if (async->error_code != NULL)
            *async->error_code = PTO_COMPLETION_OVERFLOW;
        return -1;
    }
    entry = &async->entries[index];
    entry->addr = completion->addr;
    entry->backend_cookie = completion->backend_cookie;
    entry->expected_value = completion->expected_value;
    entry->engine = completion->engine;
    entry->completion_type = completion->completion_type;
    entry->reserved = 0;
    *async->count = index + 1;
    return (int32_t)index;
}

/** Defers the completion of this task until the 32-bit counter at device address `counter` is at least `expected`. The
 *  kernel may return at once, and its core takes other work; the task is complete when all of its kernels have returned
 *  and all of their counters are there. At most PTO_KERNEL_MAX_COMPLETIONS per kernel: beyond that the run fails with
 *  PTO_ERROR_INVALID_COMPLETION. Returns the entry's number, -1 when there was no room. */
static inline int32_t pto_defer(const int64_t *args, uint64_t counter, uint32_t expected)
{
    pto_completion completion = PTO_ZERO;
    completion.addr = counter;
    completion.expected_value = expected;
    completion.completion_type = PTO_COMPLETION_COUNTER;
    return pto_register_completion(&pto_kernel_local(args)->async, &completion);
}

#endif
