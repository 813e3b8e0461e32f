// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_AICPU_LINKED_EXECUTOR_H
#define PTO_AICPU_LINKED_EXECUTOR_H

#include "aicpu/core_link.h"
#include "aicpu/executor.h"
#include "aicpu/run_watch.h"

namespace pto::inline PTO_ARCH::aicpu {

/// The executor with cores at the other end of registers and control CPUs that share the work: what firmware is made
/// of. CPU 0 begins, runs and ends; the others serve.
///
/// A CPU may touch the executor only inside a session: it counts itself in, then looks whether a run is on. CPU 0 ends
/// the run first and then waits for the count to fall to zero. So one of the two always sees the other (R1).
class LinkedExecutor {
public:
    /// Why a configuration cannot be used; nullptr when it can.
    static const char *defect_of(const pto_firmware_config &config);
    /// Bytes of memory for a configuration without defects.
    static std::size_t memory_bytes(const pto_firmware_config &config);
    /// Puts one into `config.memory`, which has that many bytes.
    static LinkedExecutor *create(const pto_firmware_config &config, const pto_firmware_port &port);
    /// Unloads what is loaded. After `stop`, when nobody serves any more.
    void destroy();

    /// PTO_OK or PTO_ERROR_CORE.
    wire::ErrorRecord connect() { return link_.connect(); }
    wire::ErrorRecord disconnect() { return link_.disconnect(); }
    bool is_connected() const { return link_.is_connected(); }

    OrchTable &orchs() { return executor_.orchs(); }
    engine::Engine &engine() { return executor_.engine(); }

    /// A run, on CPU 0: each is called once, in this order, also if `run` was left by a jump. The report is complete
    /// after `end`. A run that cannot be is refused by `begin`, and the others are not called.
    bool begin(const wire::LaunchBlock &launch, wire::ReportBlock *report);
    void run(const wire::LaunchBlock &launch, wire::ReportBlock *report) { executor_.run(launch, report); }
    void end(wire::ReportBlock *report);

    /// Around a run whose blocks are the host's: what it has written is seen, and what it is told can be.
    void see_launch(const wire::LaunchBlock &launch) const;
    void show_report(const wire::ReportBlock &report) const;

    /// Room for the arguments of a run.
    void *args_block() { return args_block_; }

    /// CPU 0 runs; the others that were configured serve.
    bool may_serve(uint32_t cpu) const { return cpu > 0 && cpu < config_.control_cpus; }
    /// Takes part in runs until `stop`, which is where it returns.
    void serve(uint32_t cpu);
    void stop() { store_release(state_, uint32_t{kStopped}); }
    /// Those who serve from here on stay. After `stop`, once everybody has returned from `serve`.
    void resume() { store_release(state_, uint32_t{kIdle}); }

    /// Ends the run for good although kernels or the orchestration are under way: the chip is lost. Any thread.
    void abandon(const wire::ErrorRecord &record);
    bool is_abandoned() const { return load_acquire(abandoned_); }
    /// The kernel that a core was given last. For whoever sees the core fail.
    RunningKernel kernel_on(uint32_t core) const { return link_.kernel_on(core); }

private:
    enum State : uint32_t { kIdle, kRunning, kStopped };

    LinkedExecutor(const pto_firmware_config &config, const pto_firmware_port &port, Carver &carver);
    ExecutorConfig executor_config(void *arena) const;
    ExecutorPort executor_port();
    bool is_running() const { return load_acquire(state_) == kRunning && !load_relaxed(engine_.abandoned); }
    void help(uint32_t cpu);
    void watch();
    StallView view(bool is_stalled);

    // The executor's port.
    static bool start(void *self, uint32_t worker, const LaneRun *runs, uint32_t count);
    static void offer(void *self, uint32_t worker, const LaneRun *runs, uint32_t count);
    static bool poll(void *self, uint32_t worker);
    static void relax(void *self, uint32_t worker, uint32_t round);
    static void work_ready(void *self, uint32_t count);
    static void log(void *self, int32_t level, const char *message);
    static pto_status load(void *self, const void *image, std::size_t size, LoadedOrch *out, char *message,
                           std::size_t message_capacity);
    static bool find(void *self, const LoadedOrch *loaded, const char *symbol, OrchSymbol *out);
    static void unload(void *self, const LoadedOrch *loaded);
    static void invalidate(void *self, uint64_t address, uint64_t size_bytes);
    static void clean(void *self, uint64_t address, uint64_t size_bytes);
    static void lost(void *self, const wire::ErrorRecord &record);

    const pto_firmware_config config_;
    const pto_firmware_port port_;
    const std::atomic<uint32_t> always_{1}; ///< Each worker knows itself whether it has kernels under way.
    Executor executor_;
    engine::Engine &engine_; ///< The executor's.
    CoreLink link_;
    RunWatch watch_; ///< Of the watching CPU: the last one.
    void *args_block_;

    alignas(64) std::atomic<uint32_t> state_{kIdle}; ///< R1. Written by CPU 0.
    alignas(64) std::atomic<uint32_t> present_{0};   ///< R1, R2: CPUs inside.
    std::atomic<bool> abandoned_{false};
};

} // namespace pto::inline PTO_ARCH::aicpu

#endif
