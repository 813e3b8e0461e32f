/* SPDX-License-Identifier: Apache-2.0 */
/** @file status.h
 *  Status codes. Every function that can fail returns a `pto_status`: 0 is success, a positive number is no error but
 *  not the end either, a negative number says what the caller has to do about it. The message of `pto_last_error()`
 * says which argument, task or limit it was. */
#ifndef PTO_STATUS_H
#define PTO_STATUS_H

#include "pto/base.h"

/** One of `enum pto_status_code`. An integer of fixed width, so that structs hold no bare enum. */
typedef int32_t pto_status;

/** What a call came to. The numbers stay; groups say who has to act. */
enum pto_status_code {
    /* Nothing is wrong. */

    /** Success. Go on. */
    PTO_OK = 0,
    /** The run is not over. Wait for it. */
    PTO_PENDING = 1,

    /* The call is wrong: correct it. Nothing has changed. */

    /** A pointer, size, count, flag or `struct_size` that the call does not accept. Correct the argument. */
    PTO_ERROR_INVALID_ARGUMENT = -1,
    /** NULL, closed, or never a handle of this library. Pass a handle that the library gave and that has not ended. */
    PTO_ERROR_INVALID_HANDLE = -2,
    /** A callable id outside 0..63. Use an id inside. */
    PTO_ERROR_INVALID_CALLABLE_ID = -3,
    /** No callable is prepared under this id. Call `pto_prepare` first. */
    PTO_ERROR_NOT_PREPARED = -4,
    /** The id is taken. Call `pto_release` first or use another id. */
    PTO_ERROR_ALREADY_PREPARED = -5,
    /** The arguments do not fit the callable's signature. Correct the arguments or the signature. */
    PTO_ERROR_SIGNATURE_MISMATCH = -6,
    /** An address that is not inside one live device allocation, or a device address passed as host memory. Allocate
     *  with `pto_malloc`, or say where the memory is. */
    PTO_ERROR_NOT_DEVICE_MEMORY = -7,
    /** This library was built without that arch or target, or the option asks for more than the chip has. Choose
     *  another option. */
    PTO_ERROR_UNSUPPORTED = -8,
    /** Runs are under way that need it, or there are too many of them. Let some end first. */
    PTO_ERROR_BUSY = -9,
    /** The run was cancelled before it started: nothing of it has happened. Submit it again if it is wanted. */
    PTO_ERROR_CANCELLED = -10,

    /* The callable is wrong: rebuild it. Nothing has changed. */

    /** A malformed, truncated, oversized or inconsistent image. Build it again. */
    PTO_ERROR_INVALID_IMAGE = -16,
    /** A well-formed image for another arch or ABI version, or built with other headers. Build it for this one. */
    PTO_ERROR_INCOMPATIBLE_IMAGE = -17,
    /** The shared object lacks the entry that the callable names, or exports something else under that name. Check
     *  the symbol's name. */
    PTO_ERROR_MISSING_ENTRY = -18,
    /** The loader refused a shared object. Check how it was linked. */
    PTO_ERROR_LOAD_FAILED = -19,

    /* A resource ran out: free something or raise the option named in the message. Nothing has changed. */

    /** Host memory ran out. Free some. */
    PTO_ERROR_OUT_OF_HOST_MEMORY = -32,
    /** Device memory ran out. Free some, or open with more `device_memory_bytes`. */
    PTO_ERROR_OUT_OF_DEVICE_MEMORY = -33,
    /** A file could not be read or written, or the system refused a thread, a mapping or a descriptor. See
     *  `pto_error.raw` and the message for the system's reason. */
    PTO_ERROR_SYSTEM = -34,
    /** The vendor's driver or one of its libraries refused a request. See `pto_error.raw` for its number and the
     * message for the function. */
    PTO_ERROR_DRIVER = -35,

    /* The run ended early: correct the orchestration or the kernels. The context stays usable. */

    /** A task names a func id that its callable has no kernel for, or one for another core type. Add the kernel or
     *  correct the id. */
    PTO_ERROR_UNKNOWN_KERNEL = -48,
    /** A task with no kernel, too many arguments, or a combination that the chip cannot launch. Correct the
     *  orchestration. */
    PTO_ERROR_INVALID_TASK = -49,
    /** Rank, shape, stride, dtype or address of a tensor or view that cannot be right. Correct the orchestration. */
    PTO_ERROR_INVALID_TENSOR = -50,
    /** A tensor whose scope has ended, or that was never allocated. Allocate it in an outer scope. */
    PTO_ERROR_STALE_HANDLE = -51,
    /** More scopes ended than begun, a scope left open, or scopes nested too deeply. Pair each begin with one end. */
    PTO_ERROR_SCOPE = -52,
    /** A fixed capacity was reached. The error names the resource, what was needed and what there is. Raise the
     *  option of that resource or ask for less. */
    PTO_ERROR_CAPACITY = -53,
    /** Only the end of a scope could free what the orchestration waits for: proved, not guessed. End the scope named
     *  sooner, or raise the limit. */
    PTO_ERROR_DEADLOCK = -54,
    /** The orchestration called `pto_fatal`; `pto_error.detail` is its code. See its code and message. */
    PTO_ERROR_ORCHESTRATION_FATAL = -55,
    /** A kernel deferred its completion to more counters than there is room for, or to something that is none.
     *  Correct the kernel. */
    PTO_ERROR_INVALID_COMPLETION = -56,

    /* The device is faulted: close the context and open another. */

    /** The run made no progress within its time; `pto_error.stall` says what it waited for, and the error names the
     *  task. Correct the task named; close the context. */
    PTO_ERROR_TIMEOUT = -64,
    /** A kernel or an orchestration did what no program may (bad address, division by zero, illegal instruction);
     *  `pto_error.detail` is the address, `pto_error.raw` the signal. Correct the kernel named; close the context. */
    PTO_ERROR_KERNEL_FAULT = -65,
    /** An earlier run faulted the device. Close the context. */
    PTO_ERROR_DEVICE_FAULTED = -66,
    /** A core did not answer the executor in its time, or answered what it was not asked; `pto_error.core` names it,
     *  `pto_error.detail` is what its register says. Close the context. */
    PTO_ERROR_CORE = -67,
    /** The executor on the control CPUs ended, or the driver ended it, before it could say why; `pto_error.raw` is the
     *  driver's number. Close the context. */
    PTO_ERROR_EXECUTOR = -68,

    /* The library is wrong. */

    /** A contract inside the library is broken. Please report it. */
    PTO_ERROR_INTERNAL = -127
};

PTO_BEGIN_DECLS

/** Name of a status code, such as "PTO_ERROR_NOT_PREPARED". Never NULL: "unknown pto_status" for any other number.
 *  The string is static. Thread-safe. */
PTO_EXPORT const char *pto_status_name(pto_status status);

/** What the code means and what to do, for people. Never NULL; static. Thread-safe. */
PTO_EXPORT const char *pto_status_text(pto_status status);

/** Who has to act: "none" for what is no error, "call", "callable", "resource", "run", "device" or "library", as in the
 *  groups above; "unknown" for any other number. Static. Thread-safe. */
PTO_EXPORT const char *pto_status_domain(pto_status status);

/** One sentence for people: what to do. Never NULL; static. Thread-safe. */
PTO_EXPORT const char *pto_status_action(pto_status status);

PTO_END_DECLS

#endif
