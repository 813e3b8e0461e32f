// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_AICPU_EXECUTOR_H
#define PTO_AICPU_EXECUTOR_H

#include "aicpu/orch_table.h"
#include "aicpu/scheduler.h"
#include "engine/graph_builder.h"
#include "engine/graph_replay.h"

namespace pto::inline PTO_ARCH::aicpu {

/// Memory and shape of the device, fixed while it is open.
struct ExecutorConfig {
    void *arena; ///< Engine::layout_bytes() for `geometry`, 64-byte aligned, all zero.
    engine::Geometry geometry;
    uint32_t cluster_count;
    uint32_t worker_count;        ///< Workers that take part in every run; others engage first.
    engine::Gate *gate;           ///< nullptr: worker 0 always reckons with others.
    bool owner_only_orchestrates; ///< Worker 0 leaves all tasks to others while it orchestrates.
    uint64_t heap_base;
    uint64_t heap_bytes;
    uint64_t memory_base;
    uint64_t memory_bytes;
};

/// What runs on the control CPUs: holds the orchestrations, runs them one at a time, and lets workers help.
class Executor {
public:
    /// `port` is the caller's and outlives the executor.
    Executor(const ExecutorConfig &config, const ExecutorPort &port);

    OrchTable &orchs() { return orchs_; }
    Scheduler &scheduler() { return scheduler_; }
    engine::Engine &engine() { return engine_; }

    /// Makes everything ready for a run. Until the next begin, workers may step the scheduler.
    void begin(const wire::LaunchBlock &launch);
    /// Runs a callable to its end on the calling thread, which is worker 0. The report is always filled.
    void run(const wire::LaunchBlock &launch, wire::ReportBlock *report);

    /// After a run, when no worker steps the scheduler any more: what the executor has written into memory of the
    /// host's stays in no cache. Needed only where caches are not coherent.
    void give_back();

    /// Ends the run although tasks are not complete: the device is unusable from here on. Any thread.
    void abandon(const wire::ErrorRecord &record);

private:
    bool check(const wire::LaunchBlock &launch, wire::ArgsView *args);
    bool check_graph(const wire::LaunchBlock &launch, const wire::ArgsView &args);
    const OrchProgram *find_program(const wire::LaunchBlock &launch, const wire::ArgsView &args);
    void orchestrate(const wire::LaunchBlock &launch, const wire::ArgsView &args);
    void replay(const wire::LaunchBlock &launch, const wire::ArgsView &args, wire::ReportBlock *report);
    static bool work(void *self);
    static void relax(void *self, uint32_t round);
    static void work_ready(void *self, uint32_t count);
    static void log(void *self, int32_t level, const char *message);
    static void invalidate(void *self, uint64_t address, uint64_t size_bytes);
    static void clean(void *self, uint64_t address, uint64_t size_bytes);

    engine::Engine engine_;
    ExecutorPort port_;
    ExecutorConfig config_;
    OrchTable orchs_;
    Scheduler scheduler_;
    engine::GraphBuilder builder_;
    engine::GraphReplay replay_;
    engine::GraphInstance instance_; ///< Of the present launch.
};

} // namespace pto::inline PTO_ARCH::aicpu

#endif
