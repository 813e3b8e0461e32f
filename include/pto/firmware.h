/* SPDX-License-Identifier: Apache-2.0 */
/** @file firmware.h
 *  The executor for those who put it into a firmware image: no operating system, no C library, no heap.
 *
 *  Two programs make a device. The *control CPUs* run the executor: one orchestrates, all of them schedule. Each *core*
 *  (matrix or vector) runs a loop that takes kernels from the control CPUs, through two registers and a line of memory.
 *  Link `libpto_aicpu_<arch>.a`, which has both, and give each side its *port*: what it needs of the machine.
 *
 *  @code
 *  // On control CPU 0:                                      // On every core, meanwhile:
 *  pto_firmware_open(&config, &port, &firmware, ...);        pto_core_run(&core_port, &lines[core]);
 *  pto_firmware_connect(firmware, ...);
 *  pto_firmware_load(firmware, &orchestration, ...);         // On every other control CPU, from open to close:
 *  pto_firmware_run(firmware, &call, &result);               pto_firmware_serve(firmware, cpu);
 *  pto_firmware_disconnect(firmware);
 *  pto_firmware_close(firmware);
 *  @endcode
 *
 *  Control CPUs and cores share memory, at the same addresses. They may have caches that do not know of each other:
 *  every hand-over goes through the hooks `clean` and `invalidate`. The control CPUs among themselves are coherent.
 *
 *  Needs atomic operations on 32 and 64 bits; floating point in predicates and in text only. Freestanding. */
#ifndef PTO_FIRMWARE_H
#define PTO_FIRMWARE_H

#include "pto/kernel.h"
#include "pto/orch.h"
#include "pto/status.h"

PTO_BEGIN_DECLS

/* ---- the control CPUs' port ---- */

/** Loads shared objects. `pto_elf_loader_init` makes one that needs memory only; where the control CPUs run an
 *  operating system with a loader of its own, that one will do. Called on one CPU at a time, for orchestrations
 *  only. */
typedef struct pto_loader {
    void *self; /**< First argument of the functions. */
    /** Loads an image, which the caller may free afterwards. On failure nothing is held and the message,
     *  zero-terminated, says why: PTO_ERROR_LOAD_FAILED, PTO_ERROR_INVALID_IMAGE, PTO_ERROR_INCOMPATIBLE_IMAGE. */
    pto_status (*load)(void *self, const void *image, uint64_t size_bytes, void **out_handle, char *message,
                       size_t message_capacity);
    /** Address of an exported symbol, NULL when there is none. `*out_is_function` says what kind it is. */
    const void *(*find)(void *self, void *handle, const char *symbol, int32_t *out_is_function);
    /** Undoes `load`: nothing of the object runs or is looked at any more. */
    void (*unload)(void *self, void *handle);
} pto_loader;

/** What the executor asks of the control CPUs. Hooks are called from any control CPU, several at once, unless their
 *  text says otherwise; none may call back into the executor. All must be there. */
typedef struct pto_firmware_port {
    uint32_t struct_size; /**< sizeof(pto_firmware_port) */
    uint32_t reserved;
    void *self; /**< First argument of the hooks. */

    /** Time in ns since any moment; the same clock on all control CPUs, to about a millisecond; never goes back. Not
     *  called for every task. */
    uint64_t (*now)(void *self);

    /** Nothing to do for `cpu`: lets time pass. `round` counts the calls of one wait, from 0. May return at once,
     *  should return within about a millisecond, and early when `notify` is called meanwhile or a core writes its
     *  condition. */
    void (*relax)(void *self, uint32_t cpu, uint32_t round);

    /** There is something to do for other CPUs, which may be in `relax`. A hint: may do nothing. Does not block. */
    void (*notify)(void *self);

    /** A line of text, zero-terminated, at one of `enum pto_log_level_code`. */
    void (*log)(void *self, int32_t level, const char *message);

    /** The chip is lost: a kernel, the orchestration or a core has not come back in time, or a core answers out of
     *  turn. The run ends with this error and every later one is refused; what hangs may still write. Called once,
     *  by the CPU that found out, before `pto_firmware_run` returns - if it does: the orchestration may be what
     *  hangs. Returns. */
    void (*panic)(void *self, const char *message);

    /** Reads a register of a core: `core` is the physical id that it reported, `offset` one of the arch's. Memory is
     *  read after the register, in this order, by what follows (a load barrier). Does not block. */
    uint32_t (*read_register)(void *self, uint32_t core, uint32_t offset);

    /** Writes a register of a core, after all memory that was written or cleaned before (a store barrier), in one
     *  32-bit access. Does not block. */
    void (*write_register)(void *self, uint32_t core, uint32_t offset, uint32_t value);

    /** What this CPU has written there becomes visible to cores. Nothing to do where caches are coherent. Neither
     *  address nor size needs to be that of cache lines. */
    void (*clean)(void *self, const void *address, uint64_t size_bytes);

    /** What cores or DMA engines have written there becomes visible to this CPU. Same remarks. The range lies in
     *  lines that control CPUs do not write, so writing them back does no harm. */
    void (*invalidate)(void *self, const void *address, uint64_t size_bytes);

    pto_loader loader; /**< Three more hooks. */
} pto_firmware_port;

/* ---- cores ---- */

/** The line of memory through which a control CPU and one core find each other. Zero before the core starts. */
typedef struct PTO_ALIGNED(64) pto_core_line {
    uint32_t physical_id; /**< Written by the core: which registers are its. */
    uint32_t core_type;   /**< Written by the core: PTO_CORE_AIC or PTO_CORE_AIV. */
    uint32_t done;        /**< Written by the core, last: its index plus 1. */
    uint32_t reserved;
    uint64_t payload; /**< Written by the control CPU once `done` is there: address of the core's two payloads. */
    uint64_t reserved2[5];
} pto_core_line;

/** What the loop of a core asks of it. Called by that core only. */
typedef struct pto_core_port {
    uint32_t struct_size; /**< sizeof(pto_core_port) */
    uint32_t index;       /**< Which core of the run: 3 * cluster + lane; lanes are AIC, AIV, AIV. */
    uint32_t physical_id; /**< Which registers are its, for the control CPUs. */
    uint32_t core_type;   /**< PTO_CORE_AIC or PTO_CORE_AIV. */
    void *self;           /**< First argument of the hooks. */

    /** The core's command register. Memory is read after it by what follows. */
    uint32_t (*read_command)(void *self);
    /** Writes the core's condition register, after all memory that was written or cleaned before. */
    void (*write_condition)(void *self, uint32_t value);
    /** What this core has written there becomes visible to control CPUs. */
    void (*clean)(void *self, const void *address, uint64_t size_bytes);
    /** What control CPUs have written there becomes visible to this core. */
    void (*invalidate)(void *self, const void *address, uint64_t size_bytes);
    /** No command: lets time pass. `round` counts the calls of one wait, from 0. */
    void (*relax)(void *self, uint32_t round);
    /** Calls the kernel: `entry(args)`. NULL: the loop does. For cores whose caches, pipes or faults have to be seen to
     *  before and after. Tensors that the kernel has written are its own, or this hook's, to clean. */
    void (*call)(void *self, void (*entry)(int64_t *args), int64_t *args);
} pto_core_port;

/** The loop of one core: reports itself, then runs kernels until the control CPUs tell it to exit. The stack is its
 *  own and the kernels'. Nothing is allocated. */
PTO_EXPORT void pto_core_run(const pto_core_port *port, pto_core_line *line);

/* ---- the executor ---- */

/** An open executor, in memory of the caller's. */
typedef struct pto_firmware pto_firmware;

/** Memory and shape of the device, fixed while it is open. */
typedef struct pto_firmware_config {
    uint32_t struct_size;    /**< sizeof(pto_firmware_config) */
    uint32_t control_cpus;   /**< CPUs that take part in every run, at least 1: CPU 0 runs, the others serve. */
    uint32_t cluster_count;  /**< Clusters to use, at most as many as the arch has. */
    uint32_t physical_cores; /**< Physical ids are below this; 0: as many as there are cores in use. */
    uint32_t max_tasks;      /**< Tasks alive at once, 1..2^24. Memory is proportional to it. */
    uint32_t reserved;
    pto_core_line *lines;       /**< One per core: 3 * cluster_count. */
    void *memory;               /**< State of the executor: 64-byte aligned, zero, shared with the cores. */
    uint64_t memory_bytes;      /**< At least pto_firmware_memory_bytes(). */
    uint64_t heap_address;      /**< Device heap for tensors that tasks allocate: 1024-byte aligned, */
    uint64_t heap_bytes;        /**< a multiple of 1024. */
    uint64_t device_address;    /**< Memory that tensors may lie in, the heap included. */
    uint64_t device_bytes;      /**< Its size. */
    uint64_t stall_timeout_ns;  /**< A run without any progress for this long has timed out. 0: 10 s. */
    uint64_t answer_timeout_ns; /**< A core that takes longer to acknowledge has not answered. 0: 1 s. */
} pto_firmware_config;

/** Bytes of `memory` for a configuration; 0 when it is not valid. */
PTO_EXPORT uint64_t pto_firmware_memory_bytes(const pto_firmware_config *config);

/** Lays the executor out in `config->memory`. Both structs are copied. PTO_ERROR_INVALID_ARGUMENT with a message. */
PTO_EXPORT pto_status pto_firmware_open(const pto_firmware_config *config, const pto_firmware_port *port,
                                        pto_firmware **out, char *message, size_t message_capacity);

/** Lets `pto_firmware_serve` return on all CPUs and unloads every orchestration. The memory is the caller's again
 *  once those CPUs have returned. On CPU 0, between runs. */
PTO_EXPORT void pto_firmware_close(pto_firmware *firmware);

/** Meets all cores: signals all, then waits for all, against one deadline of `answer_timeout_ns`. They may start
 *  before or after the call. PTO_ERROR_CORE names the first that did not answer, or reported what cannot be;
 *  nothing is then sent to any core but the command to exit. Does nothing when they have been met. On CPU 0, before
 *  the first run. */
PTO_EXPORT pto_status pto_firmware_connect(pto_firmware *firmware, char *message, size_t message_capacity);

/** Lets all cores leave their loop, and waits for them, `answer_timeout_ns` at most. PTO_ERROR_CORE: one did not.
 *  Clear its line before a core starts again. On CPU 0, between runs. */
PTO_EXPORT pto_status pto_firmware_disconnect(pto_firmware *firmware, char *message, size_t message_capacity);

/** An orchestration to load. */
typedef struct pto_firmware_orch {
    uint32_t struct_size;  /**< sizeof(pto_firmware_orch) */
    int32_t callable_id;   /**< 0..63, not loaded. */
    const void *image;     /**< Shared object, which the loader copies. */
    uint64_t image_bytes;  /**< Its size. */
    const char *entry;     /**< Symbol of the orchestration. */
    const char *config;    /**< Symbol of its configuration, if its entry is a function and has one; NULL: none. */
    uint32_t tensor_count; /**< Arguments that it expects. */
    uint32_t scalar_count; /**< Likewise. */
} pto_firmware_orch;

/** Loads an orchestration: once, not for every run. The id stays free on failure; the message says why. CPU 0, between
 *  runs. */
PTO_EXPORT pto_status pto_firmware_load(pto_firmware *firmware, const pto_firmware_orch *orch, char *message,
                                        size_t message_capacity);
/** Frees an id; does nothing when it is free. CPU 0, between runs. */
PTO_EXPORT void pto_firmware_unload(pto_firmware *firmware, int32_t callable_id);

/** An entry of a callable's kernel table, which is indexed by func id. */
typedef struct pto_firmware_kernel {
    uint64_t entry;      /**< Address of the code, for the cores; 0: there is no kernel of this id. */
    uint32_t core_types; /**< Where it runs: a set of `1 << PTO_CORE_AIC` and `1 << PTO_CORE_AIV`. */
    uint32_t reserved;
} pto_firmware_kernel;

/** One run. Everything is borrowed during the call. */
typedef struct pto_firmware_call {
    uint32_t struct_size;  /**< sizeof(pto_firmware_call) */
    int32_t callable_id;   /**< A loaded one. */
    uint32_t kernel_count; /**< Entries of `kernels`, at most 1024. */
    uint32_t tensor_count; /**< Entries of `tensors`. */
    uint32_t scalar_count; /**< Entries of `scalars`. */
    uint32_t reserved;
    const pto_firmware_kernel *kernels; /**< By func id. */
    const pto_tensor *tensors;          /**< Device tensors. Cleaned to where the cores see them, by the caller. */
    const uint64_t *scalars;            /**< Bits, zero-extended to 64. */
    uint64_t timeout_ns;                /**< Longest time; 0: only the configuration's stall_timeout_ns applies. */
} pto_firmware_call;

/** What a run did. */
typedef struct pto_firmware_result {
    uint32_t struct_size;     /**< sizeof(pto_firmware_result), set by the caller. */
    pto_status status;        /**< What the call returned. */
    uint64_t tasks;           /**< Tasks completed. */
    uint64_t kernels;         /**< Kernel instances completed: blocks times cores. */
    uint64_t skipped;         /**< Tasks completed without running because their predicate did not hold. */
    uint64_t edges;           /**< Dependencies that had to be waited for. */
    uint64_t peak_heap_bytes; /**< High-water marks: device heap, */
    uint32_t peak_tasks;      /**< task slots, */
    uint32_t peak_edges;      /**< edges. */
    /* Valid if the status is an error: */
    uint64_t error_task;   /**< Number of the task in the run; UINT64_MAX: none is involved. */
    int32_t error_func_id; /**< Its kernel; -1: none. */
    int32_t error_core;    /**< The core's index; -1: none. */
    int64_t error_detail;  /**< Code of pto_fatal; what a core answered. */
    uint32_t error_stall;  /**< One of `enum pto_stall_code`. */
    uint32_t reserved;
    char message[192]; /**< What is wrong, zero-terminated. */
} pto_firmware_result;

/** Runs a callable to its end, and returns `result->status`. On CPU 0, with the cores connected and the other CPUs
 *  serving (without them the run ends in a stall). After an error of the device (PTO_ERROR_TIMEOUT, PTO_ERROR_CORE)
 *  every later run is PTO_ERROR_DEVICE_FAULTED: reset the cores and open anew. */
PTO_EXPORT pto_status pto_firmware_run(pto_firmware *firmware, const pto_firmware_call *call,
                                       pto_firmware_result *result);

/** The same for a launch block that the host library made: all addresses in it are of this device. `report` is
 *  filled in any case. The layouts belong to one version of host and executor: others are refused. */
PTO_EXPORT pto_status pto_firmware_launch(pto_firmware *firmware, const void *launch, void *report);

/** Takes part in runs until `pto_firmware_close`. `cpu` is 1..control_cpus-1, each on its own CPU; for another one it
 *  returns at once. */
PTO_EXPORT void pto_firmware_serve(pto_firmware *firmware, uint32_t cpu);

/** Name of the arch that the executor was compiled for, such as "a2a3". */
PTO_EXPORT const char *pto_firmware_arch(void);

/* ---- the loader in the executor ---- */

/** What memory of the loader may be used for. */
enum pto_elf_protection_code {
    PTO_ELF_READ_WRITE = 0, /**< While the image is put there; data; free memory. */
    PTO_ELF_READ_ONLY = 1,  /**< Constants. */
    PTO_ELF_EXECUTE = 2     /**< Code, not writable. Instruction fetch on every CPU and core sees what was written. */
};

/** Memory that the loader puts images into. */
typedef struct pto_elf_config {
    uint32_t struct_size;  /**< sizeof(pto_elf_config) */
    uint32_t page_bytes;   /**< Granularity of `protect`, a power of two from 64 on. 0: 4096. */
    void *memory;          /**< Page aligned, readable and writable; the loader's as long as it is used. */
    uint64_t memory_bytes; /**< Its size, whole pages. */
    void *self;            /**< First argument of `protect`. */
    /** Changes what a range of whole pages may be used for: one of `enum pto_elf_protection_code`. Called during
     *  `load` and `unload`. Not 0: refused; a load then fails, and memory that could not be made writable again is
     *  not used any more. NULL: all of it is readable, writable and executable, and instruction fetch sees what is
     *  written. */
    int32_t (*protect)(void *self, void *address, uint64_t size_bytes, uint32_t protection);
} pto_elf_config;

#define PTO_ELF_MAX_IMAGES   64u                            /**< Images that a loader has loaded at once. */
#define PTO_ELF_LOADER_WORDS (8u + 9u * PTO_ELF_MAX_IMAGES) /**< Size of a loader. */

/** A loader of position-independent shared objects for the machine that it runs on (ELF64, little-endian; aarch64 or
 *  x86-64) in memory of the caller's. An image lies in whole pages, at the alignment that it was linked with. It is
 *  bound when it is loaded, and nothing of it runs then.  Objects may need nothing else: no other object, no
 *  undefined symbol but weak ones, whose address is 0, no thread-local storage, nothing that runs before or after
 *  them. Compilers call memcpy, memmove, memset and memcmp on their own: an object that needs these brings them.
 *  PTO_ERROR_INVALID_IMAGE: malformed. PTO_ERROR_INCOMPATIBLE_IMAGE: for another machine, or no shared object.
 *  PTO_ERROR_LOAD_FAILED: it needs what there is not, memory for example. Not thread-safe. Its content is private. */
typedef struct pto_elf_loader {
    uint64_t state[PTO_ELF_LOADER_WORDS]; /**< The loader's own. */
} pto_elf_loader;

/** Prepares a loader, all of whose memory is free. The configuration is copied. PTO_ERROR_INVALID_ARGUMENT. */
PTO_EXPORT pto_status pto_elf_loader_init(pto_elf_loader *loader, const pto_elf_config *config);

/** The loader as a port's; valid as long as it is. */
PTO_EXPORT pto_loader pto_elf_loader_hooks(pto_elf_loader *loader);

PTO_END_DECLS

#endif
