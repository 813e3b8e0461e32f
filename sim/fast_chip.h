// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_SIM_FAST_CHIP_H
#define PTO_SIM_FAST_CHIP_H

#include "sim/chip.h"
#include "sim/crew.h"

#include <deque>

namespace pto::inline PTO_ARCH::sim {

/// The fast mode: the full topology, as few threads as there is work for. Kernels run on the thread that schedules
/// them; instances that need each other are offered to the helpers as well, so that they proceed side by side.
class FastChip final : public Chip {
public:
    explicit FastChip(const host::DeviceConfig &config);

    aicpu::OrchTable &orchs() override { return executor_->orchs(); }
    void run(const wire::LaunchBlock &launch, wire::ReportBlock *report) override;
    bool is_healthy() const override { return crew_.is_healthy(); }
    bool has_lost_threads() const override { return crew_.has_lost_threads(); }

private:
    bool set_up(host::DeviceFailure *failure) override;
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

    std::unique_ptr<aicpu::Executor> executor_;
    engine::Engine *engine_ = nullptr; ///< The executor's.
    Crew crew_;

    std::mutex lanes_mutex_;
    std::deque<aicpu::LaneRun> lanes_;    ///< Started instances that no thread has taken yet.
    std::atomic<uint32_t> lane_count_{0}; ///< Their number, for a look without the lock.
};

} // namespace pto::inline PTO_ARCH::sim

#endif
