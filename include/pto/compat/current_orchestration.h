// SPDX-License-Identifier: Apache-2.0
/** @file current_orchestration.h
 *  What the dialect's functions talk to: they take no handle, so the shared object remembers whose run is under way.
 *  The executor and the host load an object anew for every callable id and run it on one thread at a time. */
#ifndef PTO_COMPAT_CURRENT_ORCHESTRATION_H
#define PTO_COMPAT_CURRENT_ORCHESTRATION_H

#include "pto/orch.h"

namespace pto_compat {

/** @cond */
/// One for each shared object, however many of its sources include this: hidden from all others.
inline __attribute__((visibility("hidden"))) pto_orch *current_orch = nullptr;
/// Number of the run, from 1.
inline __attribute__((visibility("hidden"))) uint64_t current_run = 0;

/// Tells a scope from all others of the run.
struct ScopeName {
    uint32_t depth;
    uint32_t number; ///< 0: the outermost one.
};

/// The scopes that are open. What lives in a scope knows its name, so that a use after its end is found.
struct OpenScopes {
    uint32_t depth;
    uint32_t begun;
    uint32_t numbers[PTO_MAX_SCOPE_DEPTH + 1];

    void begin()
    {
        begun++;
        if (++depth <= PTO_MAX_SCOPE_DEPTH) // else the run has ended
            numbers[depth] = begun;
    }
    void end() { depth -= depth > 0 ? 1 : 0; }
    ScopeName innermost() const { return {depth, depth <= PTO_MAX_SCOPE_DEPTH ? numbers[depth] : begun}; }
    bool has(ScopeName scope) const
    {
        return scope.depth <= depth && scope.depth <= PTO_MAX_SCOPE_DEPTH && numbers[scope.depth] == scope.number;
    }
};
inline __attribute__((visibility("hidden"))) OpenScopes open_scopes{};

/// Number of the graph that is being recorded, 0: none.
inline __attribute__((visibility("hidden"))) uint32_t recording_graph = 0;
/// Somebody outside of a graph asks for what its function has got: it has to be called each time. Set once there are
/// graphs.
inline __attribute__((visibility("hidden"))) void (*forget_graph)(uint32_t graph) = nullptr;
/** @endcond */

/** The run that this shared object is orchestrating; in a kernel there is none. */
static inline pto_orch *current()
{
    return current_orch;
}

/** Ends the run because of a misuse of the API. In a kernel, which cannot report anything, it is a fault. */
static inline PTO_PRINTF(2, 3) void refuse(pto_status status, const char *format, ...)
{
    if (current() == nullptr)
        __builtin_trap();
    va_list values;
    va_start(values, format);
    current()->ops->reject(current(), status, format, values);
    va_end(values);
}

/** @cond */
/// Leaves an orchestration that cannot go on. The run has its error already.
struct AssertionFailed {};
/** @endcond */

/** A condition of the orchestration does not hold: it cannot go on. The run gets the message and ends. Without
 *  exceptions, and in a kernel, that takes a fault. */
[[noreturn]] static inline void fail_assertion(const char *condition, const char *file, int line)
{
    if (current() != nullptr) {
        pto_orch_reject(current(), PTO_ERROR_INVALID_ARGUMENT, "assertion failed: %s (%s:%d)", condition, file, line);
#ifdef __cpp_exceptions
        throw AssertionFailed{};
#endif
    }
    __builtin_trap();
}

} // namespace pto_compat

#endif
