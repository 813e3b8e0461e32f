/* SPDX-License-Identifier: Apache-2.0 */
/** @file pto.h
 *  The host API: open a chip, prepare callables once, run them many times.
 *
 *  @code
 *  pto_context *context = NULL;
 *  pto_open(NULL, &context);
 *  pto_prepare(context, 0, pto_image_callable(image));
 *  pto_args args = PTO_ARGS_INIT;
 *  args.tensors = tensors, args.tensor_count = 3;
 *  pto_run(context, 0, &args, NULL, NULL);
 *  pto_close(context);
 *  @endcode
 *
 *  Every function may be called from any thread. Calls on one context that touch the device run one after the other;
 *  contexts are independent. A function that fails changes nothing unless its text says otherwise. */
#ifndef PTO_PTO_H
#define PTO_PTO_H

#include "pto/callable.h"
#include "pto/status.h"
#include "pto/tensor.h"
#include "pto/version.h"

/** Callable ids are 0..PTO_MAX_CALLABLES-1. */
#define PTO_MAX_CALLABLES 64

/** An open chip. A handle, never a pointer to memory: a closed or foreign one is recognised. */
typedef struct pto_context pto_context;

/** Receives log lines, zero-terminated and without newline. Called on the thread that caused the line; must not call
 *  back into the context. */
typedef void (*pto_log_callback)(void *user, int32_t level, const char *message);

/** Memory for the host side. Both functions are called from any thread. */
typedef struct pto_allocator {
    void *user; /**< First argument of both functions. */
    /** `size` > 0 bytes aligned to `alignment`, a power of two; NULL when there are none. */
    void *(*allocate)(void *user, size_t size, size_t alignment);
    /** Releases a block of `allocate`, with the same size and alignment. */
    void (*release)(void *user, void *block, size_t size, size_t alignment);
} pto_allocator;

/** Options of `pto_open`. Zero means the default, everywhere. */
typedef struct pto_open_options {
    uint32_t struct_size;    /**< sizeof(pto_open_options) */
    uint32_t device_index;   /**< Which chip, 0..63; simulated chips with different indices are different chips. */
    const char *arch;        /**< "a2a3" or "a5"; NULL: the first that this library was built for. */
    uint32_t cluster_count;  /**< Clusters to use; 0: all of them (24 on a2a3, 36 on a5). */
    uint32_t helper_threads; /**< Threads beside the caller's that run kernels while there is work; 0: one less
                                  than the machine's processors. Kernels that block are given more as needed. */
    pto_log_callback log;    /**< NULL: no log. */
    void *log_user;          /**< First argument of `log`. */
    int32_t log_level;       /**< Highest `enum pto_log_level_code` that is delivered. */
    uint32_t reserved;
    const pto_allocator *allocator; /**< Copied. NULL: malloc and free. */
    uint64_t device_memory_bytes;   /**< Address space of the simulated memory; committed when touched. 0: 16 GiB. */
    uint64_t heap_bytes;            /**< Device heap for tensors that tasks allocate; part of the former. 0: 4 GiB. */
    uint32_t max_tasks;             /**< Tasks alive at once, at most 2^24. 0: 262144. */
    uint32_t reserved2;
    uint64_t stall_timeout_ns; /**< A run without any progress for this long has timed out. 0: 10 s. */
} pto_open_options;

/** The defaults. */
#define PTO_OPEN_OPTIONS_INIT                                                                                          \
    {                                                                                                                  \
        sizeof(pto_open_options), 0, NULL, 0, 0, NULL, NULL, PTO_LOG_WARN, 0, NULL, 0, 0, 0, 0, 0                      \
    }

/** Arguments of one run, in the order of the signature within each kind. Borrowed during the call. */
typedef struct pto_args {
    uint32_t struct_size;  /**< sizeof(pto_args) */
    uint32_t tensor_count; /**< Entries of `tensors`. */
    uint32_t scalar_count; /**< Entries of `scalars`. */
    uint32_t reserved;
    const pto_tensor *tensors; /**< Host tensors must be contiguous; made by pto_host_tensor or pto_device_tensor. */
    const uint64_t *scalars;   /**< Bits, zero-extended to 64. */
} pto_args;

/** No arguments. */
#define PTO_ARGS_INIT                                                                                                  \
    {                                                                                                                  \
        sizeof(pto_args), 0, 0, 0, NULL, NULL                                                                          \
    }

/** Options of one run. */
typedef struct pto_run_options {
    uint32_t struct_size; /**< sizeof(pto_run_options) */
    uint32_t reserved;
    uint64_t timeout_ns; /**< Longest time on the device; 0: only the context's stall_timeout_ns applies. */
} pto_run_options;

/** The defaults. */
#define PTO_RUN_OPTIONS_INIT                                                                                           \
    {                                                                                                                  \
        sizeof(pto_run_options), 0, 0                                                                                  \
    }

/** What a run did. */
typedef struct pto_run_result {
    uint32_t struct_size;       /**< sizeof(pto_run_result), set by the caller. */
    pto_status status;          /**< What `pto_run` returned. */
    uint64_t tasks;             /**< Tasks completed. */
    uint64_t kernels;           /**< Kernel instances completed: blocks times cores. */
    uint64_t edges;             /**< Dependencies that had to be waited for. */
    uint64_t bytes_to_device;   /**< Copied for host tensors before the run, */
    uint64_t bytes_from_device; /**< and after it. */
    uint64_t total_ns;          /**< Wall time of the call. */
    uint64_t device_ns;         /**< Of which between launch and completion on the device. */
    uint32_t peak_tasks;        /**< High-water marks: task slots, */
    uint32_t peak_edges;        /**< edges, */
    uint32_t peak_map_entries;  /**< tensor-map entries, */
    uint32_t peak_scope_depth;  /**< nested scopes, */
    uint64_t peak_heap_bytes;   /**< device heap. */
} pto_run_result;

/** A result to fill in. */
#define PTO_RUN_RESULT_INIT                                                                                            \
    {                                                                                                                  \
        sizeof(pto_run_result), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0                                                  \
    }

/** Counters of a context since it was opened, and gauges of what it holds now. */
typedef struct pto_stats {
    uint32_t struct_size;          /**< sizeof(pto_stats), set by the caller. */
    uint32_t prepared_callables;   /**< Gauge. */
    uint64_t prepares;             /**< Callables prepared. */
    uint64_t releases;             /**< Callables released. */
    uint64_t runs;                 /**< Runs that succeeded and those that did not. */
    uint64_t failed_runs;          /**< Those that did not. */
    uint64_t orch_loads;           /**< Orchestrations loaded by the executor, one per prepare. */
    uint64_t kernel_uploads;       /**< Kernel images sent to the device. */
    uint64_t orch_uploads;         /**< Orchestration images sent to the device. */
    uint64_t dedup_hits;           /**< Images that were there already. */
    uint64_t resident_image_bytes; /**< Gauge: images on the device. */
    uint64_t device_bytes;         /**< Gauge: live allocations of `pto_malloc`. */
    uint64_t staging_bytes;        /**< Gauge: device copies of host tensors, kept for the next run. */
} pto_stats;

/** Counters to fill in. */
#define PTO_STATS_INIT                                                                                                 \
    {                                                                                                                  \
        sizeof(pto_stats), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0                                                          \
    }

/** The last failure that a thread met. */
typedef struct pto_error {
    pto_status status;   /**< PTO_OK: no call of this thread has failed. */
    int32_t callable_id; /**< -1: none is involved. */
    int32_t func_id;     /**< Kernel involved, or -1. */
    int32_t core;        /**< Core involved, or -1: cluster * 3 + {0 AIC, 1 AIV0, 2 AIV1}. */
    int64_t detail;      /**< Code of `pto_fatal`, or the raw number of the system. */
    uint64_t task;       /**< Ordinal of the task in the run, from 0; PTO_NO_TASK: none is involved. */
    uint64_t needed;     /**< Of the resource that ran out, in its unit. */
    uint64_t available;  /**< Likewise. */
    char resource[32];   /**< Name of the limit that was reached; "": none. */
    char kernel[64];     /**< Name of the kernel; "": unknown. */
    char message[256];   /**< One line for people. */
} pto_error;

PTO_BEGIN_DECLS

/** Version of the library, such as "0.1.0". Static. */
PTO_EXPORT const char *pto_version(void);

/** Name of arch number `index` that this library can open, NULL past the last. Static. */
PTO_EXPORT const char *pto_arch_name(uint32_t index);

/** Opens a chip. Blocks for about a millisecond.
 *  @param options NULL: the defaults.
 *  @param out_context receives the context, the caller's until `pto_close`; NULL on failure.
 *  @return PTO_ERROR_INVALID_ARGUMENT, PTO_ERROR_UNSUPPORTED (arch, device index, cluster count),
 *  PTO_ERROR_OUT_OF_HOST_MEMORY, PTO_ERROR_SYSTEM. */
PTO_EXPORT pto_status pto_open(const pto_open_options *options, pto_context **out_context);

/** Closes a chip and frees all that it held; waits for calls that are under way. NULL, closed and foreign handles
 *  do nothing. */
PTO_EXPORT void pto_close(pto_context *context);

/** Allocates device memory, 1024-byte aligned, uninitialised.
 *  @return PTO_ERROR_INVALID_HANDLE, PTO_ERROR_INVALID_ARGUMENT (zero bytes), PTO_ERROR_OUT_OF_DEVICE_MEMORY,
 *  PTO_ERROR_OUT_OF_HOST_MEMORY, PTO_ERROR_DEVICE_FAULTED. */
PTO_EXPORT pto_status pto_malloc(pto_context *context, size_t size_bytes, uint64_t *out_device_address);

/** Frees what `pto_malloc` returned; 0 is fine. PTO_ERROR_NOT_DEVICE_MEMORY for every other number. */
PTO_EXPORT pto_status pto_free(pto_context *context, uint64_t device_address);

/** Copies into device memory. The range must lie in one live allocation: PTO_ERROR_NOT_DEVICE_MEMORY. */
PTO_EXPORT pto_status pto_copy_to_device(pto_context *context, uint64_t destination, const void *source,
                                         size_t size_bytes);

/** Copies out of device memory, likewise. */
PTO_EXPORT pto_status pto_copy_from_device(pto_context *context, void *destination, uint64_t source, size_t size_bytes);

/** Registers a callable under an id: uploads its images (those already there are shared) and loads its orchestration.
 *  All of it or nothing. Everything is borrowed during the call only.
 *  @return PTO_ERROR_INVALID_HANDLE, PTO_ERROR_INVALID_CALLABLE_ID, PTO_ERROR_ALREADY_PREPARED,
 *  PTO_ERROR_INVALID_ARGUMENT, PTO_ERROR_INVALID_IMAGE, PTO_ERROR_INCOMPATIBLE_IMAGE, PTO_ERROR_MISSING_ENTRY,
 *  PTO_ERROR_LOAD_FAILED, PTO_ERROR_SIGNATURE_MISMATCH (the orchestration takes other arguments than the signature),
 *  PTO_ERROR_OUT_OF_HOST_MEMORY, PTO_ERROR_OUT_OF_DEVICE_MEMORY, PTO_ERROR_SYSTEM, PTO_ERROR_DEVICE_FAULTED. */
PTO_EXPORT pto_status pto_prepare(pto_context *context, int32_t callable_id, const pto_callable *callable);

/** Runs a prepared callable and waits for it. Host tensors are copied in and out as the signature says; after a failed
 *  run nothing is copied out.
 *  @param args NULL: none.
 *  @param options NULL: the defaults.
 *  @param out_result NULL: not wanted. Filled on failure too, as far as the run came.
 *  @return what pto_status_code lists for calls, runs and faulted devices. */
PTO_EXPORT pto_status pto_run(pto_context *context, int32_t callable_id, const pto_args *args,
                              const pto_run_options *options, pto_run_result *out_result);

/** Frees an id and, with the last user, its images. PTO_ERROR_NOT_PREPARED when there is nothing to free. */
PTO_EXPORT pto_status pto_release(pto_context *context, int32_t callable_id);

/** Reads the counters. `out_stats->struct_size` must be set. */
PTO_EXPORT pto_status pto_get_stats(pto_context *context, pto_stats *out_stats);

/** PTO_OK while the device can run; PTO_ERROR_DEVICE_FAULTED once it must be closed. */
PTO_EXPORT pto_status pto_health(pto_context *context);

/** The last failure that this thread met in a function of this header that returns a status, on whatever context or on
 *  none; functions on images have an error of their own. Never NULL; valid until this thread's next
 *  call into the library. */
PTO_EXPORT const pto_error *pto_last_error(void);

PTO_END_DECLS

#endif
