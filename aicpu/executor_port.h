// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_AICPU_EXECUTOR_PORT_H
#define PTO_AICPU_EXECUTOR_PORT_H

#include "engine/task.h"
#include "engine/wire/orch_program.h"
#include "pto/status.h"

#include <cstddef>

namespace pto::inline PTO_ARCH::aicpu {

/// One kernel instance on one core.
struct LaneRun {
    engine::TaskSlot *slot;
    uint64_t entry; ///< Device address of the kernel.
    uint32_t block;
    uint32_t lane;
    uint32_t core;
};

/// An orchestration SO that the loader holds.
struct LoadedOrch {
    void *handle;
};

/// What the executor asks of the machine around it. `worker` numbers the calling thread: 0 is the orchestrator.
struct ExecutorPort {
    void *self;

    /// Starts `count` instances that need each other: lanes of one block. Reports each with Scheduler::lane_done or
    /// lane_deferred, from any worker, during the call or later; but if it returns true, the first one is over, and its
    /// lane_done is up to the caller.
    bool (*start)(void *self, uint32_t worker, const LaneRun *runs, uint32_t count);
    /// The same, without running anything during the call: other instances that they need are still to be started.
    void (*offer)(void *self, uint32_t worker, const LaneRun *runs, uint32_t count);
    /// Advances instances that are under way; false when there was nothing to do. Called only while `*under_way`, which
    /// the port counts, is not zero.
    bool (*poll)(void *self, uint32_t worker);
    const std::atomic<uint32_t> *under_way;
    /// Nothing to do for now: lets time pass. `round` counts the calls of one wait.
    void (*relax)(void *self, uint32_t worker, uint32_t round);
    /// `count` more tasks are ready.
    void (*work_ready)(void *self, uint32_t count);
    void (*log)(void *self, int32_t level, const char *message);

    /// Loads a shared object: PTO_ERROR_LOAD_FAILED with a message.
    pto_status (*load)(void *self, const void *image, std::size_t size, LoadedOrch *out, char *message,
                       std::size_t message_capacity);
    /// Finds a symbol that it exports; false: there is none.
    bool (*find)(void *self, const LoadedOrch *loaded, const char *symbol, OrchSymbol *out);
    void (*unload)(void *self, const LoadedOrch *loaded);

    /// As engine::Port has them; nullptr: cores and control CPUs are coherent.
    void (*invalidate)(void *self, uint64_t address, uint64_t size_bytes) = nullptr;
    void (*clean)(void *self, uint64_t address, uint64_t size_bytes) = nullptr;
};

} // namespace pto::inline PTO_ARCH::aicpu

#endif
