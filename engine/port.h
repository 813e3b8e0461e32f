// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_PORT_H
#define PTO_ENGINE_PORT_H

#include "engine/arch/arch.h"

#include <cstdint>

namespace pto::inline PTO_ARCH::engine {

/// What the engine asks of whatever it runs on. Every place that waits goes through here, so that a control CPU can do
/// something useful instead of spinning, and a test can choose what happens next.
struct Port {
    void *self;
    /// The owner waits for tasks to complete: does some of their work. False: there is none to do now.
    bool (*work)(void *self);
    /// The owner waits and there is nothing to do: lets time pass. `round` counts the calls since there was.
    void (*relax)(void *self, uint32_t round);
    /// `count` more tasks are ready: whoever sleeps may have work now.
    void (*work_ready)(void *self, uint32_t count);
    /// One line for the host's log, zero-terminated.
    void (*log)(void *self, int32_t level, const char *message);
    /// Reads and writes an element for the orchestration. nullptr: at its address, as on the device; a builder on the
    /// host is somewhere else than the memory.
    uint64_t (*load)(void *self, uint64_t address, uint32_t size_bytes);
    void (*store)(void *self, uint64_t address, uint32_t size_bytes, uint64_t bits);
    /// Gives `count` elements in a row one value; likewise.
    void (*fill)(void *self, uint64_t address, uint64_t count, uint32_t size_bytes, uint64_t bits);
    /// Where cores and this processor have caches that do not know of each other: before it reads what cores have
    /// written, and after it has written what they read. nullptr: the caches are coherent.
    void (*invalidate)(void *self, uint64_t address, uint64_t size_bytes) = nullptr;
    void (*clean)(void *self, uint64_t address, uint64_t size_bytes) = nullptr;

    void see(uint64_t address, uint64_t size_bytes) const
    {
        if (invalidate != nullptr)
            invalidate(self, address, size_bytes);
    }
    void show(uint64_t address, uint64_t size_bytes) const
    {
        if (clean != nullptr)
            clean(self, address, size_bytes);
    }
};

} // namespace pto::inline PTO_ARCH::engine

#endif
