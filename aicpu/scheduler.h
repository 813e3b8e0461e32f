// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_AICPU_SCHEDULER_H
#define PTO_AICPU_SCHEDULER_H

#include "aicpu/cohort.h"
#include "aicpu/kernel_call.h"
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
    bool step(uint32_t worker) { return steps(worker, 1) != 0; }
    /// Up to `limit` units of work; returns how many there were.
    uint32_t steps(uint32_t worker, uint32_t limit);

    /// Gives the task that `worker` keeps for its next step to everyone. For workers that turn to something else.
    void flush(uint32_t worker);

    /// An instance has ended. From the port.
    void lane_done(uint32_t worker, const LaneRun &run);

    /// An instance has returned, having registered what is in the slab; nothing of it is used after the call. From the
    /// port.
    void lane_returned(uint32_t worker, const LaneRun &run, const CompletionSlab &slab);

    /// An instance has returned and deferred its completion to counters. From the port.
    void lane_deferred(uint32_t worker, const LaneRun &run, const pto_completion *entries, uint32_t count);
    /// An instance has deferred its completion to more counters than fit. From the port, before lane_done.
    void lane_overflowed(const LaneRun &run);

    /// Whether a task is ready that nobody has taken.
    bool has_ready() const;

    const CorePool &cores() const { return cores_; }

private:
    /// False, and the task is queued again, when no core is free for it.
    inline bool step_once(uint32_t worker);
    inline bool start(uint32_t worker, engine::TaskSlot &slot);
    bool start_mix(uint32_t worker, engine::TaskSlot &slot);
    inline uint32_t take_block(uint32_t worker, engine::TaskSlot &slot);
    uint32_t fill_runs(engine::TaskSlot &slot, uint32_t place, uint32_t block, LaneRun *runs) const;
    inline void note_passed_over(uint32_t worker);
    void tell_of_passed_over();
    inline bool take_kept(uint32_t worker, uint32_t closed);
    inline bool take_ready(uint32_t worker, uint32_t closed);
    bool step_cohort(uint32_t worker);
    void start_cohort(uint32_t worker, engine::TaskSlot &slot);
    bool poll_deferred(uint32_t worker);
    bool is_sound(const pto_completion &completion) const;
    void refuse_completion(const LaneRun &run, const pto_completion &completion);
    void refuse_deferral(const LaneRun &run);
    inline bool is_to_run(uint32_t worker, engine::TaskSlot &slot);
    bool decide(uint32_t worker, engine::TaskSlot &slot);
    inline void end_lane(uint32_t worker, const LaneRun &run);
    void count_down(uint32_t worker, engine::TaskSlot &slot, uint32_t instances);
    void discard(uint32_t worker, engine::TaskSlot &slot);
    inline void finish(uint32_t worker, engine::TaskSlot &slot);
    void complete(uint32_t worker, engine::TaskSlot &slot);

    /// A task that became ready on a worker and whose inputs are warm there. The worker's own.
    struct alignas(64) Kept {
        engine::TaskSlot *slot;
        uint32_t in_a_row; ///< Tasks that were kept and run so far.
    };

    engine::Engine &engine_;
    const ExecutorPort &port_;
    const wire::KernelEntry *kernels_ = nullptr;
    CorePool cores_;
    Cohort cohort_;
    Kept kept_[engine::kMaxWorkers] = {};
};

} // namespace pto::inline PTO_ARCH::aicpu

#endif
