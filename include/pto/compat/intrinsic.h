// SPDX-License-Identifier: Apache-2.0
/** @file intrinsic.h
 *  What a kernel knows of its block and its core, under the dialect's names: the contexts of pto/kernel.h. */
#ifndef PTO_COMPAT_INTRINSIC_H
#define PTO_COMPAT_INTRINSIC_H

#include "pto/compat/tensor.h"
#include "pto/kernel.h"

/** Completions that one kernel may defer to. */
inline constexpr int MAX_COMPLETIONS_PER_TASK = PTO_KERNEL_MAX_COMPLETIONS;

/** pto_completion */
struct DeferredCompletionEntry {
    uint64_t addr;           /**< Counter. */
    uint64_t backend_cookie; /**< For the backend. */
    uint32_t expected_value; /**< What it has to reach. */
    uint32_t engine;         /**< Which DMA engine counts. */
    int32_t completion_type; /**< A counter: 0. */
    uint32_t pad;            /**< Zero. */
};
static_assert(sizeof(DeferredCompletionEntry) == sizeof(pto_completion));

/** Where a task's completions are registered. */
struct alignas(64) DeferredCompletionSlab {
    volatile uint32_t count;                                   /**< Entries in use. */
    volatile int32_t error_code;                               /**< First error. */
    DeferredCompletionEntry entries[MAX_COMPLETIONS_PER_TASK]; /**< The list. */
};

/** Memory of DMA engines that a core may use. */
enum DmaWorkspaceKind { DMA_WORKSPACE_SDMA = 0, DMA_WORKSPACE_URMA = 1, DMA_WORKSPACE_KIND_COUNT = 2 };

/** pto_async_context */
struct AsyncCtx {
    volatile uint32_t *completion_count;                  /**< Entries in use. */
    volatile int32_t *completion_error_code;              /**< First error. */
    volatile DeferredCompletionEntry *completion_entries; /**< The list. */
    uint32_t completion_capacity;                         /**< Entries that there are. */
    PTO2TaskId task_token;                                /**< Names the task. */
};

/** pto_local_context */
struct LocalContext {
    int32_t block_idx;  /**< 0 .. block_num-1 */
    int32_t block_num;  /**< Blocks of the task. */
    AsyncCtx async_ctx; /**< Deferred completions. */
};

/** pto_global_context */
struct GlobalContext {
    int32_t sub_block_id; /**< 1 for the kernel that a task has as its second one for AIV, else 0. */
    uint64_t dma_workspace[DMA_WORKSPACE_KIND_COUNT]; /**< Device addresses, by kind; 0: none. */
};

static_assert(sizeof(AsyncCtx) == sizeof(pto_async_context) && sizeof(AsyncCtx) == 40);
static_assert(sizeof(LocalContext) == sizeof(pto_local_context) && sizeof(LocalContext) == 48);
static_assert(sizeof(GlobalContext) == sizeof(pto_global_context) && sizeof(GlobalContext) == 24);
static_assert(offsetof(LocalContext, async_ctx) == offsetof(pto_local_context, async));
static_assert(offsetof(AsyncCtx, task_token) == offsetof(pto_async_context, task_token));

/** Words of a kernel's arguments that point to its contexts. */
inline constexpr int SPMD_LOCAL_CONTEXT_INDEX = PTO_KERNEL_LOCAL_CONTEXT;
inline constexpr int SPMD_GLOBAL_CONTEXT_INDEX = PTO_KERNEL_GLOBAL_CONTEXT;
inline constexpr int PAYLOAD_LOCAL_CONTEXT_INDEX = PTO_KERNEL_LOCAL_CONTEXT;
inline constexpr int PAYLOAD_GLOBAL_CONTEXT_INDEX = PTO_KERNEL_GLOBAL_CONTEXT;

/** Number of this block. */
static inline __aicore__ int32_t get_block_idx(__gm__ int64_t *args)
{
    return pto_kernel_local(args)->block_idx;
}

/** Blocks of this task. */
static inline __aicore__ int32_t get_block_num(__gm__ int64_t *args)
{
    return pto_kernel_local(args)->block_num;
}

/** 1 for the kernel that a task has as its second one for vector cores, else 0. */
static inline __aicore__ int32_t get_sub_block_id(__gm__ int64_t *args)
{
    return pto_kernel_global(args)->sub_block_id;
}

/** Memory of a DMA engine for this core; nullptr: there is none of that kind. */
static inline __aicore__ __gm__ uint8_t *get_dma_workspace(__gm__ int64_t *args, int kind)
{
    if (kind < 0 || kind >= DMA_WORKSPACE_KIND_COUNT)
        return nullptr;
    return reinterpret_cast<__gm__ uint8_t *>(pto_kernel_global(args)->dma_workspace[kind]);
}

#endif
