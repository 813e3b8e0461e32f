// SPDX-License-Identifier: Apache-2.0
/** @file pto_async_kernel_api.h
 *  Deferred completion for kernels: the task is complete when all of its kernels have returned and all counters that
 *  they registered have reached what was expected. `pto_defer` of pto/kernel.h under the names of the dialect. */
#ifndef PTO_COMPAT_ASYNC_KERNEL_API_H
#define PTO_COMPAT_ASYNC_KERNEL_API_H

#include "pto/compat/intrinsic.h"

/** `DeferredCompletionEntry.completion_type` of a counter in device memory, the only one there is. */
inline constexpr int32_t COMPLETION_TYPE_COUNTER = PTO_COMPLETION_COUNTER;

/** Names of DMA engines for `DeferredCompletionEntry.engine`. */
inline constexpr uint32_t COMPLETION_ENGINE_SDMA = 0;
inline constexpr uint32_t COMPLETION_ENGINE_URMA = 1;

/** The completions of the task that this kernel is part of. */
static inline __aicore__ AsyncCtx get_async_ctx(__gm__ int64_t *args)
{
    AsyncCtx context;
    __builtin_memcpy(&context, &pto_kernel_local(args)->async, sizeof context);
    return context;
}

/** Registers a completion; false: there is no room, and the run fails. */
static inline __aicore__ bool register_completion(const AsyncCtx &context, const DeferredCompletionEntry &completion)
{
    pto_async_context async;
    pto_completion native;
    __builtin_memcpy(&async, &context, sizeof async);
    __builtin_memcpy(&native, &completion, sizeof native);
    return pto_register_completion(&async, &native) >= 0;
}

/** Defers the task's completion until a 32-bit counter is at least `expected`. */
static inline __aicore__ bool register_counter(const AsyncCtx &context, volatile __gm__ void *counter,
                                               uint32_t expected)
{
    return register_completion(context, {reinterpret_cast<uint64_t>(counter), 0, expected, COMPLETION_ENGINE_SDMA,
                                         COMPLETION_TYPE_COUNTER, 0});
}

/** The same, by a kernel's arguments. */
static inline __aicore__ bool save_expected_notification_counter(__gm__ int64_t *args, volatile __gm__ void *counter,
                                                                 uint32_t expected)
{
    return register_counter(get_async_ctx(args), counter, expected);
}

/** Advances a counter that a task of this chip or of another one waits for. */
static inline __aicore__ void send_notification(volatile __gm__ void *counter, uint32_t value = 1)
{
    __atomic_fetch_add(static_cast<volatile uint32_t *>(counter), value, __ATOMIC_RELEASE);
}

#endif
