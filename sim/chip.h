// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_SIM_CHIP_H
#define PTO_SIM_CHIP_H

#include "aicpu/executor.h"
#include "host/device.h"
#include "sim/crew.h"
#include "sim/device_memory.h"

#include <deque>

namespace pto::inline PTO_ARCH::sim {

/// A simulated chip in fast mode: the full topology, as few threads as there is work for. Kernels run on the thread
/// that schedules them; instances that need each other are offered to the helpers as well, so that they proceed side by
/// side.
class Chip {
public:
    static pto_status open(const host::DeviceConfig &config, host::Device **out, host::DeviceFailure *failure);
    static void close(host::Device *device);
    static Chip &of(host::Device *device) { return *reinterpret_cast<Chip *>(device); }

    explicit Chip(const host::DeviceConfig &config);

    DeviceMemory &memory() { return memory_; }
    aicpu::Executor &executor() { return *executor_; }
    host::DeviceLayout layout() const;
    /// The system's number of why the last orchestration could not be loaded; 0: it is not to blame.
    int load_problem() const { return load_problem_; }
    bool is_healthy() const { return crew_.is_healthy(); }

    void run(const wire::LaunchBlock &launch, wire::ReportBlock *report);

private:
    bool set_up(host::DeviceFailure *failure);
    inline bool run_kernel(uint32_t index, const aicpu::LaneRun &run);
    inline void call_kernel(Worker &worker, uint64_t entry, int64_t *args, uint32_t index);
    void call_timed(Worker &worker, uint64_t entry, int64_t *args, uint32_t index);

    // The executor's port.
    static bool start(void *self, uint32_t worker, const aicpu::LaneRun *runs, uint32_t count);
    static void offer(void *self, uint32_t worker, const aicpu::LaneRun *runs, uint32_t count);
    static bool poll(void *self, uint32_t worker);
    static void relax(void *self, uint32_t worker, uint32_t round);
    static void work_ready(void *self, uint32_t count);
    static void log(void *self, int32_t level, const char *message);
    static pto_status load(void *self, const void *image, std::size_t size, aicpu::LoadedOrch *out, char *message,
                           std::size_t message_capacity);
    static bool find(void *self, const aicpu::LoadedOrch *loaded, const char *symbol, OrchSymbol *out);
    static void unload(void *self, const aicpu::LoadedOrch *loaded);
    static uint32_t lanes_pending(void *self);

    const host::DeviceConfig config_;
    DeviceMemory memory_;
    std::unique_ptr<aicpu::Executor> executor_;
    engine::Engine *engine_ = nullptr; ///< The executor's.
    pto::hooks::PipeStates pipe_states_;
    Crew crew_;
    int load_problem_ = 0;

    std::mutex lanes_mutex_;
    std::deque<aicpu::LaneRun> lanes_;    ///< Started instances that no thread has taken yet.
    std::atomic<uint32_t> lane_count_{0}; ///< Their number, for a look without the lock.
};

} // namespace pto::inline PTO_ARCH::sim

#endif
