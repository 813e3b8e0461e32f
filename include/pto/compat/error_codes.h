/* SPDX-License-Identifier: Apache-2.0 */
/** @file error_codes.h
 *  The dialect's error codes, and what they are here. For orchestrations and for host programs; C99. */
#ifndef PTO_COMPAT_ERROR_CODES_H
#define PTO_COMPAT_ERROR_CODES_H

#include "pto/pto.h"

#define PTO2_ERROR_NONE                       0   /**< Nothing is wrong. */
#define PTO2_ERROR_SCOPE_DEADLOCK             1   /**< Only the end of a scope could free records. */
#define PTO2_ERROR_HEAP_RING_DEADLOCK         2   /**< The heap is too small for what is held. */
#define PTO2_ERROR_FLOW_CONTROL_DEADLOCK      3   /**< There is no room for a task. */
#define PTO2_ERROR_DEP_POOL_OVERFLOW          4   /**< Too many dependencies. */
#define PTO2_ERROR_INVALID_ARGS               5   /**< A call that cannot be right. */
#define PTO2_ERROR_REQUIRE_SYNC_START_INVALID 7   /**< More blocks are to start together than there are cores. */
#define PTO2_ERROR_TENSOR_WAIT_TIMEOUT        8   /**< Whoever writes an element does not end. Comes as 100 here. */
#define PTO2_ERROR_EXPLICIT_ORCH_FATAL        9   /**< The orchestration says so. */
#define PTO2_ERROR_SCOPE_TASKS_OVERFLOW       10  /**< Scopes are too deep or hold too much. */
#define PTO2_ERROR_TENSORMAP_OVERFLOW         11  /**< Too many parts of tensors. */
#define PTO2_ERROR_NO_PROGRESS                100 /**< The run has stalled. */
#define PTO2_ERROR_ASYNC_COMPLETION_INVALID   101 /**< A kernel defers to something that is no counter. */
#define PTO2_ERROR_ASYNC_COMPLETION_OVERFLOW  102 /**< A kernel defers to too many counters. */

/** @cond */
static inline int pto_compat_is_resource(const pto_error *error, const char *name)
{
    uint32_t i = 0;
    while (i < sizeof error->resource && name[i] != '\0' && error->resource[i] == name[i])
        i++;
    return i < sizeof error->resource && name[i] == '\0' && error->resource[i] == '\0';
}

static inline int32_t pto_compat_code_of_resource(const pto_error *error)
{
    if (pto_compat_is_resource(error, "device heap"))
        return PTO2_ERROR_HEAP_RING_DEADLOCK;
    if (pto_compat_is_resource(error, "buffers"))
        return PTO2_ERROR_SCOPE_DEADLOCK;
    if (pto_compat_is_resource(error, "edges"))
        return PTO2_ERROR_DEP_POOL_OVERFLOW;
    if (pto_compat_is_resource(error, "cores"))
        return PTO2_ERROR_REQUIRE_SYNC_START_INVALID;
    if (pto_compat_is_resource(error, "scope depth") || pto_compat_is_resource(error, "scope memory"))
        return PTO2_ERROR_SCOPE_TASKS_OVERFLOW;
    if (pto_compat_is_resource(error, "tensor-map nodes") || pto_compat_is_resource(error, "readers"))
        return PTO2_ERROR_TENSORMAP_OVERFLOW;
    if (pto_compat_is_resource(error, "deferred completions"))
        return PTO2_ERROR_ASYNC_COMPLETION_OVERFLOW;
    return PTO2_ERROR_FLOW_CONTROL_DEADLOCK;
}
/** @endcond */

/** The dialect's code for an error of this library, such as that of `pto_last_error`: 0 for PTO_OK, -1 for an error
 * that the dialect has no code for (a fault, a full host, a call of the host API). What an orchestration reports with
 *  rt_report_fatal keeps its code. Thread-safe. */
static inline int32_t pto_dialect_code(const pto_error *error)
{
    switch (error->status) {
    case PTO_OK: return PTO2_ERROR_NONE;
    case PTO_ERROR_ORCHESTRATION_FATAL: return (int32_t)error->detail;
    case PTO_ERROR_DEADLOCK:
    case PTO_ERROR_CAPACITY: return pto_compat_code_of_resource(error);
    case PTO_ERROR_INVALID_ARGUMENT:
    case PTO_ERROR_SIGNATURE_MISMATCH:
    case PTO_ERROR_NOT_DEVICE_MEMORY:
    case PTO_ERROR_UNKNOWN_KERNEL:
    case PTO_ERROR_INVALID_TASK:
    case PTO_ERROR_INVALID_TENSOR:
    case PTO_ERROR_STALE_HANDLE:
    case PTO_ERROR_SCOPE: return PTO2_ERROR_INVALID_ARGS;
    case PTO_ERROR_INVALID_COMPLETION:
        return pto_compat_is_resource(error, "deferred completions") ? PTO2_ERROR_ASYNC_COMPLETION_OVERFLOW
                                                                     : PTO2_ERROR_ASYNC_COMPLETION_INVALID;
    case PTO_ERROR_TIMEOUT: return PTO2_ERROR_NO_PROGRESS;
    default: return -1;
    }
}

/** What a code of the dialect is here: the status of errors that `pto_dialect_code` gives this code;
 *  PTO_ERROR_ORCHESTRATION_FATAL for one that only orchestrations report. Thread-safe. */
static inline pto_status pto_status_of_dialect_code(int32_t code)
{
    switch (code) {
    case PTO2_ERROR_NONE: return PTO_OK;
    case PTO2_ERROR_SCOPE_DEADLOCK:
    case PTO2_ERROR_HEAP_RING_DEADLOCK:
    case PTO2_ERROR_FLOW_CONTROL_DEADLOCK: return PTO_ERROR_DEADLOCK;
    case PTO2_ERROR_DEP_POOL_OVERFLOW:
    case PTO2_ERROR_REQUIRE_SYNC_START_INVALID:
    case PTO2_ERROR_SCOPE_TASKS_OVERFLOW:
    case PTO2_ERROR_TENSORMAP_OVERFLOW: return PTO_ERROR_CAPACITY;
    case PTO2_ERROR_INVALID_ARGS: return PTO_ERROR_INVALID_ARGUMENT;
    case PTO2_ERROR_TENSOR_WAIT_TIMEOUT:
    case PTO2_ERROR_NO_PROGRESS: return PTO_ERROR_TIMEOUT;
    case PTO2_ERROR_ASYNC_COMPLETION_INVALID:
    case PTO2_ERROR_ASYNC_COMPLETION_OVERFLOW: return PTO_ERROR_INVALID_COMPLETION;
    default: return PTO_ERROR_ORCHESTRATION_FATAL;
    }
}

#endif
