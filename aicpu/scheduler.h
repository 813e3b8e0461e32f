// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_AICPU_SCHEDULER_H
#define PTO_AICPU_SCHEDULER_H

#include "aicpu/core_pool.h"
#include "aicpu/executor_port.h"
#include "engine/engine.h"

namespace pto::inline PTO_ARCH::aicpu {

/// Feeds the cores: takes ready tasks, claims cores for their blocks, starts them, and completes tasks whose instances
/// are done. Any number of workers step it at the same time, each under its own number.
class Scheduler {
public:
    Scheduler(engine::Engine &engine, const ExecutorPort &port) : engine_(engine), port_(port) {}

    /// Begins a run on `cluster_count` clusters with the callable's kernel table.
    void reset(uint32_t cluster_count, const wire::KernelEntry *kernels);

    /// One unit of work, if there is any that a core is free for.
    bool step(uint32_t worker);

    /// Gives the task that `worker` keeps for its next step to everyone. For workers that turn to something else.
    void flush(uint32_t worker);

    /// An instance has ended. From the port.
    void lane_done(uint32_t worker, const LaneRun &run);

    /// Whether a task is ready that nobody has taken.
    bool has_ready() const;

    const CorePool &cores() const { return cores_; }

private:
    /// False, and the task is queued again, when no core is free for it.
    bool start(uint32_t worker, engine::TaskSlot &slot);
    uint32_t claim(const engine::TaskSlot &slot, uint32_t worker, LaneRun *runs);
    void discard(uint32_t worker, engine::TaskSlot &slot);
    void complete(uint32_t worker, engine::TaskSlot &slot);

    /// A task that became ready on a worker and whose inputs are warm there. The worker's own.
    struct alignas(64) Kept {
        engine::TaskSlot *slot;
    };

    engine::Engine &engine_;
    const ExecutorPort &port_;
    const wire::KernelEntry *kernels_ = nullptr;
    CorePool cores_;
    Kept kept_[engine::kMaxWorkers] = {};
};

} // namespace pto::inline PTO_ARCH::aicpu

#endif
