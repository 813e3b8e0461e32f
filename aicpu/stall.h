// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_AICPU_STALL_H
#define PTO_AICPU_STALL_H

#include "aicpu/scheduler.h"

namespace pto::inline PTO_ARCH::aicpu {

/// A kernel that is on a core, for reports.
struct RunningKernel {
    uint32_t task; ///< Ordinal.
    int16_t func_id;
    int16_t core;
};
static_assert(sizeof(RunningKernel) == sizeof(uint64_t));

/// A run that its watchdog ends, as the watchdog sees it. Whoever watches fills in what it knows.
struct StallView {
    uint64_t elapsed_ns = 0; ///< Since the last progress, or since the run began.
    bool is_stalled = true;  ///< No progress for too long; false: the run took longer than it may.
    bool is_quiet = true;    ///< Nothing has moved for a while, so that what is waited for does not come by itself.
    bool is_orchestrating = true; ///< The orchestration has not returned.

    uint32_t running = 0;        ///< Kernels that have started and not returned; the one of the earliest task is:
    uint64_t task = PTO_NO_TASK; ///< its task,
    int32_t func_id = -1;        ///< itself,
    int32_t core = -1;           ///< and where it runs.

    bool is_ready = false;             ///< A task waits for nothing but cores:
    uint64_t ready_task = PTO_NO_TASK; ///< that one,
    int32_t ready_func_id = -1;        ///< one of its kernels,
    uint32_t cores_needed = 0;         ///< what one of its blocks needs,
    uint32_t cores_idle = 0;           ///< and what there is of it.

    uint32_t completions = 0;             ///< Counters that kernels have deferred to and that have not come.
    uint64_t deferred_task = PTO_NO_TASK; ///< A task that waits for one of them.

    uint64_t outstanding = 0; ///< Tasks submitted and not complete, all of these included.

    /// One more kernel that runs.
    void add(const RunningKernel &kernel);
};

/// Fill in what waits for cores, and for counters. From a worker, while others are at it.
void look_at_ready(engine::Engine &engine, const Scheduler &scheduler, StallView *view);
void look_at_deferred(engine::Engine &engine, StallView *view);

/// What the run was waiting for, by the order of enum pto_stall_code: a kernel that does not return explains why tasks
/// are not run, these explain why others wait for them, and so on. Complete but for what only the host knows.
wire::ErrorRecord stall_record(const StallView &view);

} // namespace pto::inline PTO_ARCH::aicpu

#endif
