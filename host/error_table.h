// SPDX-License-Identifier: Apache-2.0
// The whole error space: domains, statuses, stalls and resources, each with what it means. Host code is made from these
// lists; scripts/error-tables writes docs/errors.md from them and compares the comments of the public headers with
// them.
#ifndef PTO_HOST_ERROR_TABLE_H
#define PTO_HOST_ERROR_TABLE_H

#include "engine/wire/run_blocks.h"
#include "pto/pto.h"

/// X(domain, what has happened and who acts)
#define PTO_ERROR_DOMAINS(X)                                                                                           \
    X(none, "Nothing is wrong.")                                                                                       \
    X(call, "The call is wrong: correct it. Nothing has changed.")                                                     \
    X(callable, "The callable is wrong: rebuild it. Nothing has changed.")                                             \
    X(resource, "A resource ran out: free something or raise the option named in the message. Nothing has changed.")   \
    X(run, "The run ended early: correct the orchestration or the kernels. The context stays usable.")                 \
    X(device, "The device is faulted: close the context and open another.")                                            \
    X(library, "The library is wrong.")

/// X(domain, number, name, meaning, action)
#define PTO_STATUSES(X)                                                                                                \
    X(none, 0, PTO_OK, "Success.", "Go on.")                                                                           \
    X(none, 1, PTO_PENDING, "The run is not over.", "Wait for it.")                                                    \
    X(call, -1, PTO_ERROR_INVALID_ARGUMENT,                                                                            \
      "A pointer, size, count, flag or struct_size that the call does not accept.", "Correct the argument.")           \
    X(call, -2, PTO_ERROR_INVALID_HANDLE, "NULL, closed, or never a handle of this library.",                          \
      "Pass a handle that the library gave and that has not ended.")                                                   \
    X(call, -3, PTO_ERROR_INVALID_CALLABLE_ID, "A callable id outside 0..63.", "Use an id inside.")                    \
    X(call, -4, PTO_ERROR_NOT_PREPARED, "No callable is prepared under this id.", "Call pto_prepare first.")           \
    X(call, -5, PTO_ERROR_ALREADY_PREPARED, "The id is taken.", "Call pto_release first or use another id.")           \
    X(call, -6, PTO_ERROR_SIGNATURE_MISMATCH, "The arguments do not fit the callable's signature.",                    \
      "Correct the arguments or the signature.")                                                                       \
    X(call, -7, PTO_ERROR_NOT_DEVICE_MEMORY,                                                                           \
      "An address that is not inside one live device allocation, or a device address passed as host memory.",          \
      "Allocate with pto_malloc, or say where the memory is.")                                                         \
    X(call, -8, PTO_ERROR_UNSUPPORTED,                                                                                 \
      "This library was built without that arch or target, or the option asks for more than the chip has.",            \
      "Choose another option.")                                                                                        \
    X(call, -9, PTO_ERROR_BUSY, "Runs are under way that need it, or there are too many of them.",                     \
      "Let some end first.")                                                                                           \
    X(call, -10, PTO_ERROR_CANCELLED, "The run was cancelled before it started: nothing of it has happened.",          \
      "Submit it again if it is wanted.")                                                                              \
    X(callable, -16, PTO_ERROR_INVALID_IMAGE, "A malformed, truncated, oversized or inconsistent image.",              \
      "Build it again.")                                                                                               \
    X(callable, -17, PTO_ERROR_INCOMPATIBLE_IMAGE,                                                                     \
      "A well-formed image for another arch or ABI version, or built with other headers.", "Build it for this one.")   \
    X(callable, -18, PTO_ERROR_MISSING_ENTRY,                                                                          \
      "The shared object lacks the entry that the callable names, or exports something else under that name.",         \
      "Check the symbol's name.")                                                                                      \
    X(callable, -19, PTO_ERROR_LOAD_FAILED, "The loader refused a shared object.", "Check how it was linked.")         \
    X(resource, -32, PTO_ERROR_OUT_OF_HOST_MEMORY, "Host memory ran out.", "Free some.")                               \
    X(resource, -33, PTO_ERROR_OUT_OF_DEVICE_MEMORY, "Device memory ran out.",                                         \
      "Free some, or open with more device_memory_bytes.")                                                             \
    X(resource, -34, PTO_ERROR_SYSTEM,                                                                                 \
      "A file could not be read or written, or the system refused a thread, a mapping or a descriptor.",               \
      "See pto_error.raw and the message for the system's reason.")                                                    \
    X(resource, -35, PTO_ERROR_DRIVER, "The vendor's driver or one of its libraries refused a request.",               \
      "See pto_error.raw for its number and the message for the function.")                                            \
    X(run, -48, PTO_ERROR_UNKNOWN_KERNEL,                                                                              \
      "A task names a func id that its callable has no kernel for, or one for another core type.",                     \
      "Add the kernel or correct the id.")                                                                             \
    X(run, -49, PTO_ERROR_INVALID_TASK,                                                                                \
      "A task with no kernel, too many arguments, or a combination that the chip cannot launch.",                      \
      "Correct the orchestration.")                                                                                    \
    X(run, -50, PTO_ERROR_INVALID_TENSOR,                                                                              \
      "Rank, shape, stride, dtype or address of a tensor or view that cannot be right.", "Correct the orchestration.") \
    X(run, -51, PTO_ERROR_STALE_HANDLE, "A tensor whose scope has ended, or that was never allocated.",                \
      "Allocate it in an outer scope.")                                                                                \
    X(run, -52, PTO_ERROR_SCOPE, "More scopes ended than begun, a scope left open, or scopes nested too deeply.",      \
      "Pair each begin with one end.")                                                                                 \
    X(run, -53, PTO_ERROR_CAPACITY,                                                                                    \
      "A fixed capacity was reached. The error names the resource, what was needed and what there is.",                \
      "Raise the option of that resource or ask for less.")                                                            \
    X(run, -54, PTO_ERROR_DEADLOCK,                                                                                    \
      "Only the end of a scope could free what the orchestration waits for: proved, not guessed.",                     \
      "End the scope named sooner, or raise the limit.")                                                               \
    X(run, -55, PTO_ERROR_ORCHESTRATION_FATAL, "The orchestration called pto_fatal; pto_error.detail is its code.",    \
      "See its code and message.")                                                                                     \
    X(run, -56, PTO_ERROR_INVALID_COMPLETION,                                                                          \
      "A kernel deferred its completion to more counters than there is room for, or to something that is none.",       \
      "Correct the kernel.")                                                                                           \
    X(device, -64, PTO_ERROR_TIMEOUT,                                                                                  \
      "The run made no progress within its time; pto_error.stall says what it waited for, and the error names the "    \
      "task.",                                                                                                         \
      "Correct the task named; close the context.")                                                                    \
    X(device, -65, PTO_ERROR_KERNEL_FAULT,                                                                             \
      "A kernel or an orchestration did what no program may (bad address, division by zero, illegal instruction); "    \
      "pto_error.detail is the address, pto_error.raw the signal.",                                                    \
      "Correct the kernel named; close the context.")                                                                  \
    X(device, -66, PTO_ERROR_DEVICE_FAULTED, "An earlier run faulted the device.", "Close the context.")               \
    X(device, -67, PTO_ERROR_CORE,                                                                                     \
      "A core did not answer the executor in its time, or answered what it was not asked; pto_error.core names it, "   \
      "pto_error.detail is what its register says.",                                                                   \
      "Close the context.")                                                                                            \
    X(device, -68, PTO_ERROR_EXECUTOR,                                                                                 \
      "The executor on the control CPUs ended, or the driver ended it, before it could say why; pto_error.raw is the " \
      "driver's number.",                                                                                              \
      "Close the context.")                                                                                            \
    X(library, -127, PTO_ERROR_INTERNAL, "A contract inside the library is broken.", "Please report it.")

/// X(number, name, enumerator of wire::Stall, meaning)
#define PTO_STALLS(X)                                                                                                  \
    X(0, PTO_STALL_NONE, kNone, "It is not that.")                                                                     \
    X(1, PTO_STALL_RUNNING, kRunning, "A kernel did not return.")                                                      \
    X(2, PTO_STALL_READY, kReady, "A task could run, but its cores were not free.")                                    \
    X(3, PTO_STALL_COMPLETION, kCompletion,                                                                            \
      "A kernel has returned, and the counters that it deferred to do not move.")                                      \
    X(4, PTO_STALL_DEPENDENCY, kDependency, "Tasks wait for each other or for a task that was never submitted.")       \
    X(5, PTO_STALL_ORCHESTRATION, kOrchestration, "The orchestration did not return.")

/// X(enumerator of wire::Resource, name in pto_error.resource, unit, meaning, what changes the limit)
#define PTO_RESOURCES(X)                                                                                               \
    X(kTaskSlots, "task slots", "tasks", "Tasks submitted and not complete.", "max_tasks")                             \
    X(kTaskPayload, "task payload", "bytes", "Arguments of those tasks.", "max_tasks")                                 \
    X(kHeap, "device heap", "bytes", "Tensors that tasks allocate.", "heap_bytes")                                     \
    X(kBuffers, "buffers", "buffers", "Tensors in open scopes, and arguments of the run.", "max_tasks")                \
    X(kMapNodes, "tensor-map nodes", "records", "Parts of buffers that tasks write or read.", "max_tasks")             \
    X(kReaders, "readers", "records", "Tasks that read a buffer since it was written.", "max_tasks")                   \
    X(kEdges, "edges", "edges", "Dependencies that are still waited for.", "max_tasks")                                \
    X(kScopes, "scope depth", "scopes", "Scopes open at once.", "fixed: PTO_MAX_SCOPE_DEPTH")                          \
    X(kCores, "cores", "cores", "Cores that a task needs at once.", "cluster_count")                                   \
    X(kCompletions, "deferred completions", "entries", "Counters that one kernel defers to.",                          \
      "fixed: PTO_KERNEL_MAX_COMPLETIONS")                                                                             \
    X(kTaskGraph, "task graph", "bytes", "A graph that the host builds.", "fixed: 32 GiB")                             \
    X(kScopeMemory, "scope memory", "bytes", "What orchestrations ask for with pto_scope_memory.", "max_tasks")

namespace pto::host {

/// Name of a resource as in pto_error.resource; "" for kNone.
const char *resource_name(wire::Resource resource);

} // namespace pto::host

#endif
