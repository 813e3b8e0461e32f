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
 *  Every function may be called from any thread. Runs and copies of one context take effect one after the other, in the
 *  order of the calls; contexts are independent. A function that fails changes nothing unless its text says otherwise.
 */
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

/** Receives log lines, zero-terminated and without newline. Called on the thread that caused the line, which is one of
 *  the context's own for submitted runs; must not call back into the context. */
typedef void (*pto_log_callback)(void *user, int32_t level, const char *message);

/** Memory for the host side. Both functions are called from any thread. */
typedef struct pto_allocator {
    void *user; /**< First argument of both functions. */
    /** `size` > 0 bytes aligned to `alignment`, a power of two; NULL when there are none. */
    void *(*allocate)(void *user, size_t size, size_t alignment);
    /** Releases a block of `allocate`, with the same size and alignment. */
    void (*release)(void *user, void *block, size_t size, size_t alignment);
} pto_allocator;

/** How a chip is simulated. */
enum pto_sim_mode_code {
    PTO_SIM_FAST = 0, /**< As few threads as there is work for; kernels run on those that schedule them. */
    /** A thread for each control CPU and each core of the clusters in use, which talk as on the chip: registers,
     * handshake, tokens. Slower by far; for race detectors, and for those who write kernels that meet others.
     * `helper_threads` does not matter. */
    PTO_SIM_THREADS = 1
};

/** What a chip that is driven through the vendor's libraries is opened with beyond the usual: a set. */
enum pto_onboard_feature_code {
    /** Streams and workspace for DMA that kernels start. Needs a library that was built with the headers of pto-isa;
     * fails the open when there is none, or when the driver refuses. A core that faults takes minutes to reset then. */
    PTO_ONBOARD_SDMA = 1,
    /** Counters of the cores' performance monitors. Left out with a warning when the driver refuses. */
    PTO_ONBOARD_PMU = 2
};

/** Options of `pto_open` for the target "onboard". Zero means the default, everywhere. */
typedef struct pto_onboard_options {
    uint32_t struct_size;           /**< sizeof(pto_onboard_options) */
    uint32_t features;              /**< A set of `enum pto_onboard_feature_code`. */
    const char *image_directory;    /**< Where the device's images are; NULL: where they were installed. */
    uint64_t op_execute_timeout_ns; /**< The driver ends what runs on the device after this long. Longer than
                                         `stall_timeout_ns`. 0: 45 s. */
    uint64_t sync_timeout_ns;   /**< The host waits for the device this long. Longer than `op_execute_timeout_ns`, and
                                     1.5 s longer than `stall_timeout_ns`. 0: 50 s. */
    uint64_t answer_timeout_ns; /**< Cores and the threads of a launch have this long to come and to answer. Shorter
                                     than `op_execute_timeout_ns`. 0: 1 s. */
    int32_t vendor_log_level; /**< What the vendor's libraries log: 0 debug, 1 info, 2 warnings, 3 errors, 4 nothing. */
    /** The driver's number of the device, plus 1. The driver also counts devices that the process does not see, so the
     *  two differ where ASCEND_RT_VISIBLE_DEVICES chooses some. 0: it is `device_index`. */
    uint32_t driver_device;
} pto_onboard_options;

/** The defaults. */
#define PTO_ONBOARD_OPTIONS_INIT                                                                                       \
    {                                                                                                                  \
        sizeof(pto_onboard_options), 0, NULL, 0, 0, 0, 3, 0                                                            \
    }

/** Options of `pto_open`. Zero means the default, everywhere. */
typedef struct pto_open_options {
    uint32_t struct_size;    /**< sizeof(pto_open_options) */
    uint32_t device_index;   /**< Which chip, 0..63: simulated ones with different indices are different chips. Onboard:
                                  the vendor's logical device id; open once in a process. */
    const char *arch;        /**< "a2a3" or "a5"; NULL: the first that this library was built for. */
    uint32_t cluster_count;  /**< Clusters to use; 0: all of them (24 on a2a3, 36 on a5). */
    uint32_t helper_threads; /**< Threads beside the caller's that run kernels while there is work; 0: one less
                                  than the machine's processors. Kernels that block are given more as needed. */
    pto_log_callback log;    /**< NULL: no log. */
    void *log_user;          /**< First argument of `log`. */
    int32_t log_level;       /**< Highest `enum pto_log_level_code` that is delivered. */
    uint32_t reserved;
    const pto_allocator *allocator; /**< Copied. NULL: malloc and free. */
    /** Memory of the device. Simulated: address space, committed when touched; 0: 16 GiB. Onboard: taken when the
     *  device is opened; 0: 3 GiB. */
    uint64_t device_memory_bytes;
    /** Device heap for tensors that tasks allocate; part of the former. 0: 4 GiB, onboard 1 GiB. */
    uint64_t heap_bytes;
    uint32_t max_tasks;                 /**< Tasks alive at once, at most 2^24. 0: 262144. */
    uint32_t sim_mode;                  /**< How a chip is simulated: one of `enum pto_sim_mode_code`. */
    uint64_t stall_timeout_ns;          /**< A run without any progress for this long has timed out. 0: 10 s. */
    const char *target;                 /**< "sim" or "onboard"; NULL: the first that this library was built for. */
    const pto_onboard_options *onboard; /**< Used by the target "onboard" only. NULL: the defaults. */
} pto_open_options;

/** The defaults. */
#define PTO_OPEN_OPTIONS_INIT                                                                                          \
    {                                                                                                                  \
        sizeof(pto_open_options), 0, NULL, 0, 0, NULL, NULL, PTO_LOG_WARN, 0, NULL, 0, 0, 0, 0, 0, NULL, NULL          \
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

/** How a run came by its task graph. */
enum pto_graph_source_code {
    PTO_GRAPH_ORCHESTRATED = 0, /**< The executor built it while it ran. */
    PTO_GRAPH_RECORDED = 1,     /**< The host built it, and keeps it. */
    PTO_GRAPH_REPLAYED = 2      /**< The host had built it before. */
};

/** What a run did. */
typedef struct pto_run_result {
    uint32_t struct_size;       /**< sizeof(pto_run_result), set by the caller. */
    pto_status status;          /**< What `pto_run` or `pto_wait` returned. */
    uint64_t tasks;             /**< Tasks completed. */
    uint64_t kernels;           /**< Kernel instances completed: blocks times cores. */
    uint64_t skipped;           /**< Tasks completed without running because their predicate did not hold. */
    uint64_t edges;             /**< Dependencies that had to be waited for. */
    uint64_t bytes_to_device;   /**< Copied for host tensors before the run, */
    uint64_t bytes_from_device; /**< and after it. */
    uint64_t total_ns;          /**< Wall time from the call to the result. Of which: */
    uint64_t queue_ns;          /**< waiting for other runs, */
    uint64_t stage_in_ns;       /**< copying to the device, */
    uint64_t build_ns;          /**< building the graph on the host, */
    uint64_t device_ns;         /**< between launch and completion on the device, */
    uint64_t stage_out_ns;      /**< copying from the device. */
    uint32_t loads;             /**< Shared objects loaded by this run; preparing loads all that it needs. */
    uint32_t graph_source;      /**< One of `enum pto_graph_source_code`. */
    uint32_t peak_tasks;        /**< High-water marks: task slots, */
    uint32_t peak_edges;        /**< edges, */
    uint32_t peak_map_entries;  /**< tensor-map entries, */
    uint32_t peak_scope_depth;  /**< scopes in the outermost one, */
    uint64_t peak_heap_bytes;   /**< device heap. */
} pto_run_result;

/** A result to fill in. */
#define PTO_RUN_RESULT_INIT                                                                                            \
    {                                                                                                                  \
        sizeof(pto_run_result), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0                             \
    }

/** Counters of a context since it was opened, and gauges of what it holds now. */
typedef struct pto_stats {
    uint32_t struct_size;        /**< sizeof(pto_stats), set by the caller. */
    uint32_t prepared_callables; /**< Gauge. */
    uint32_t runs_under_way;     /**< Gauge: runs that have begun or wait for their turn. */
    uint32_t reserved;
    uint64_t prepares;             /**< Callables prepared. */
    uint64_t releases;             /**< Callables released. */
    uint64_t runs;                 /**< Runs that succeeded and those that did not. */
    uint64_t failed_runs;          /**< Those that did not. */
    uint64_t orch_loads;           /**< Orchestrations loaded by the executor: one per prepare, none if host-built. */
    uint64_t host_orch_loads;      /**< Orchestrations loaded by the host: one per prepare if host-built. */
    uint64_t graph_records;        /**< Host-built graphs built, */
    uint64_t graph_replays;        /**< and runs that used one built before. */
    uint64_t graph_bytes;          /**< Gauge: host-built graphs on the device. */
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
        sizeof(pto_stats), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0                                        \
    }

/** Why a run made no progress; the first that applies. */
enum pto_stall_code {
    PTO_STALL_NONE = 0,          /**< It is not that. */
    PTO_STALL_RUNNING = 1,       /**< A kernel did not return. */
    PTO_STALL_READY = 2,         /**< A task could run, but its cores were not free. */
    PTO_STALL_COMPLETION = 3,    /**< A kernel has returned, and the counters that it deferred to do not move. */
    PTO_STALL_DEPENDENCY = 4,    /**< Tasks wait for each other or for a task that was never submitted. */
    PTO_STALL_ORCHESTRATION = 5, /**< The orchestration did not return. */
};

/** The last failure that a thread met. */
typedef struct pto_error {
    pto_status status;   /**< PTO_OK: no call of this thread has failed. */
    int32_t callable_id; /**< -1: none is involved. */
    int32_t func_id;     /**< Kernel involved, or -1. */
    int32_t core;        /**< Core involved, or -1: cluster * 3 + {0 AIC, 1 AIV0, 2 AIV1}. */
    int32_t device;      /**< Index of the chip, or -1. */
    int32_t stall;       /**< What a run that timed out was waiting for: one of `enum pto_stall_code`. */
    int64_t detail;      /**< Code of `pto_fatal`; address of a fault. */
    int64_t raw;         /**< Number of the system or the vendor that was the cause, such as a signal; 0: none. */
    uint64_t task;       /**< Ordinal of the task in the run, from 0; PTO_NO_TASK: none is involved. */
    uint64_t needed;     /**< Of the resource that ran out, in its unit. */
    uint64_t available;  /**< Likewise. */
    uint64_t held;       /**< Bytes of heap that the scope `holder` holds. */
    int32_t holder;      /**< Depth of the scope that holds most of what is missing, 0 the outermost; -1: none. */
    uint32_t reserved;
    char resource[32]; /**< Name of the limit that was reached; "": none. */
    char kernel[64];   /**< Name of the kernel; "": unknown. */
    char message[256]; /**< One line for people. */
} pto_error;

/** How a library was built. All texts are static. */
typedef struct pto_build {
    uint32_t struct_size;   /**< sizeof(pto_build), set by the caller. */
    uint32_t abi_version;   /**< PTO_ABI_VERSION of the library. */
    uint32_t image_format;  /**< Format of the images that it reads and writes. */
    uint32_t sdma_channels; /**< SDMA channels of those headers; 0: they have none, or there were no headers. */
    const char *version;    /**< As `pto_version`. */
    const char *archs;      /**< All that `pto_arch_name` gives, with spaces between. */
    const char *targets;    /**< All that `pto_target_name` gives, likewise. */
    const char *compiler;   /**< Name and version. */
    const char *identity;   /**< Headers of pto-isa that it was built with, as in pto/build_identity.h; "none". */
} pto_build;

/** A description to fill in. */
#define PTO_BUILD_INIT                                                                                                 \
    {                                                                                                                  \
        sizeof(pto_build), 0, 0, 0, NULL, NULL, NULL, NULL, NULL                                                       \
    }

PTO_BEGIN_DECLS

/** Version of the library, such as "0.1.0". Static. */
PTO_EXPORT const char *pto_version(void);

/** Name of arch number `index` that this library can open, NULL past the last. Static. */
PTO_EXPORT const char *pto_arch_name(uint32_t index);

/** Name of target number `index` that this library can open, NULL past the last: "sim", "onboard". Static. */
PTO_EXPORT const char *pto_target_name(uint32_t index);

/** Describes the library. `out_info->struct_size` must be set. PTO_ERROR_INVALID_ARGUMENT,
 *  PTO_ERROR_OUT_OF_HOST_MEMORY. Thread-safe. */
PTO_EXPORT pto_status pto_build_info(pto_build *out_info);

/** Opens a chip. Blocks for about a millisecond; onboard for as long as the driver takes.
 *  @param options NULL: the defaults.
 *  @param out_context receives the context, the caller's until `pto_close`; NULL on failure.
 *  @return PTO_ERROR_INVALID_ARGUMENT, PTO_ERROR_UNSUPPORTED (arch, target, device index, cluster count; a
 *  library of the vendor's that is not there), PTO_ERROR_OUT_OF_HOST_MEMORY, PTO_ERROR_SYSTEM; onboard also
 *  PTO_ERROR_INCOMPATIBLE_IMAGE (device images of another build), PTO_ERROR_OUT_OF_DEVICE_MEMORY, PTO_ERROR_DRIVER,
 *  PTO_ERROR_DEVICE_FAULTED (it could not be brought back from an earlier fault), PTO_ERROR_CORE, PTO_ERROR_EXECUTOR.
 */
PTO_EXPORT pto_status pto_open(const pto_open_options *options, pto_context **out_context);

/** Closes a chip and frees all that it held; waits for calls and submitted runs that are under way, whose handles end.
 *  NULL, closed and foreign handles do nothing. */
PTO_EXPORT void pto_close(pto_context *context);

/** Allocates device memory, 1024-byte aligned, uninitialised.
 *  @return PTO_ERROR_INVALID_HANDLE, PTO_ERROR_INVALID_ARGUMENT (zero bytes), PTO_ERROR_OUT_OF_DEVICE_MEMORY,
 *  PTO_ERROR_OUT_OF_HOST_MEMORY, PTO_ERROR_DEVICE_FAULTED. */
PTO_EXPORT pto_status pto_malloc(pto_context *context, size_t size_bytes, uint64_t *out_device_address);

/** Frees what `pto_malloc` returned; 0 is fine. PTO_ERROR_NOT_DEVICE_MEMORY for every other number, PTO_ERROR_BUSY
 * while a run under way has a tensor in it, or a copy its range. */
PTO_EXPORT pto_status pto_free(pto_context *context, uint64_t device_address);

/** Copies into device memory, after all runs that were submitted before. The range must lie in one live allocation:
 *  PTO_ERROR_NOT_DEVICE_MEMORY. */
PTO_EXPORT pto_status pto_copy_to_device(pto_context *context, uint64_t destination, const void *source,
                                         size_t size_bytes);

/** Copies out of device memory, likewise. */
PTO_EXPORT pto_status pto_copy_from_device(pto_context *context, void *destination, uint64_t source, size_t size_bytes);

/** Registers a callable under an id: uploads its images (those already there are shared) and loads its orchestration.
 *  All of it or nothing. Everything is borrowed during the call only. A callable that states its build identity has to
 *  have that of the library; with a library that was built without such headers, only the log says that it has one.
 *  @return PTO_ERROR_INVALID_HANDLE, PTO_ERROR_INVALID_CALLABLE_ID, PTO_ERROR_ALREADY_PREPARED,
 *  PTO_ERROR_INVALID_ARGUMENT, PTO_ERROR_INVALID_IMAGE, PTO_ERROR_INCOMPATIBLE_IMAGE, PTO_ERROR_MISSING_ENTRY,
 *  PTO_ERROR_LOAD_FAILED, PTO_ERROR_SIGNATURE_MISMATCH (the orchestration takes other arguments than the signature),
 *  PTO_ERROR_OUT_OF_HOST_MEMORY, PTO_ERROR_OUT_OF_DEVICE_MEMORY, PTO_ERROR_SYSTEM, PTO_ERROR_DEVICE_FAULTED. */
PTO_EXPORT pto_status pto_prepare(pto_context *context, int32_t callable_id, const pto_callable *callable);

/** Runs a prepared callable, after all runs under way, and waits for it. Host tensors are copied in and out as the
 *  signature says; after a failed run nothing is copied out.
 *  @param args NULL: none.
 *  @param options NULL: the defaults.
 *  @param out_result NULL: not wanted. Filled on failure too, as far as the run came.
 *  @return what pto_status_code lists for calls, runs and faulted devices. */
PTO_EXPORT pto_status pto_run(pto_context *context, int32_t callable_id, const pto_args *args,
                              const pto_run_options *options, pto_run_result *out_result);

/** A run that was submitted. A handle, never a pointer to memory: it is the caller's until `pto_wait` has returned
 *  anything but PTO_PENDING, and recognised as invalid afterwards. */
typedef struct pto_run_handle pto_run_handle;

/** Submitted runs of one context that `pto_wait` has not collected yet: under way, waiting for their turn, or over. */
#define PTO_MAX_RUNS 1024

/** Begins a run and returns. Runs of a context, these and those of `pto_run`, have the effect of running one after the
 *  other in the order of the calls; what a run reads is copied to the device while earlier runs are still under way,
 *  unless they write it. Host tensors must stay valid, and may not be touched, until the run has ended; `args` itself
 *  is borrowed during the call only. What is wrong with the arguments is reported here.
 *  @param out_run receives the run, NULL on failure.
 *  @return as `pto_run` for what is wrong with the call; PTO_ERROR_BUSY: there are PTO_MAX_RUNS. */
PTO_EXPORT pto_status pto_submit(pto_context *context, int32_t callable_id, const pto_args *args,
                                 const pto_run_options *options, pto_run_handle **out_run);

/** PTO_PENDING while the run is under way, then its status; does not block and does not end the handle. A failure
 *  becomes this thread's last error.
 *  PTO_ERROR_INVALID_HANDLE for a handle that `pto_wait` or `pto_close` has ended. */
PTO_EXPORT pto_status pto_poll(pto_run_handle *run);

/** Waits until the run is over and ends the handle. A failure becomes this thread's last error.
 *  @param timeout_ns longest wait; 0: none, negative: for ever.
 *  @param out_result NULL: not wanted.
 *  @return the run's status, PTO_PENDING after the timeout, PTO_ERROR_INVALID_HANDLE. When several threads wait for one
 *  run, one gets its status and the others PTO_ERROR_INVALID_HANDLE. */
PTO_EXPORT pto_status pto_wait(pto_run_handle *run, int64_t timeout_ns, pto_run_result *out_result);

/** Takes back a run that has not started: its status is PTO_ERROR_CANCELLED then, which `pto_wait` still has to
 * collect. Waits if its inputs are being copied just now. PTO_ERROR_BUSY, and nothing changes, when it has started or
 * is over. PTO_ERROR_INVALID_HANDLE as for `pto_poll`. */
PTO_EXPORT pto_status pto_cancel(pto_run_handle *run);

/** Frees an id and, with the last user, its images. PTO_ERROR_NOT_PREPARED when there is nothing to free,
 *  PTO_ERROR_BUSY while runs of it are under way. */
PTO_EXPORT pto_status pto_release(pto_context *context, int32_t callable_id);

/** Reads the counters. `out_stats->struct_size` must be set. */
PTO_EXPORT pto_status pto_get_stats(pto_context *context, pto_stats *out_stats);

/** PTO_OK while the device can run; PTO_ERROR_DEVICE_FAULTED once it must be closed. */
PTO_EXPORT pto_status pto_health(pto_context *context);

/** The last failure that this thread met in a function of this header that returns a status (PTO_PENDING is none), on
 * whatever context or on none; functions on images have an error of their own. Never NULL; valid until this thread's
 * next call into the library. */
PTO_EXPORT const pto_error *pto_last_error(void);

PTO_END_DECLS

#endif
