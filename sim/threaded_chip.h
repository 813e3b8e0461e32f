// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_SIM_THREADED_CHIP_H
#define PTO_SIM_THREADED_CHIP_H

#include "aicpu/linked_executor.h"
#include "sim/chip.h"
#include "sim/core_thread.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace pto::inline PTO_ARCH::sim {

/// The threads mode: what firmware is made of, on threads. The caller of a run is control CPU 0, and each other control
/// CPU and each core has a thread of its own; they share memory and registers only. A further thread, the warden, takes
/// user code off its threads when the executor has given a run up.
class ThreadedChip final : public Chip {
public:
    explicit ThreadedChip(const host::DeviceConfig &config);
    ~ThreadedChip() override;

    aicpu::OrchTable &orchs() override { return executor_->orchs(); }
    void run(const wire::LaunchBlock &launch, wire::ReportBlock *report) override;
    bool is_healthy() const override { return !executor_->is_abandoned(); }
    bool has_lost_threads() const override { return has_lost_threads_; }

private:
    /// What a control CPU's thread sleeps on.
    struct alignas(64) ControlCpu {
        uint32_t seen_events = 0; ///< Its own: what it looked for after.
    };

    bool set_up(host::DeviceFailure *failure) override;
    void start_threads(pto_core_line *lines);
    pto_firmware_port port();
    CoreThread *core_of(uint32_t physical_id) const;
    void wake();
    void warden_main();
    void evict();
    void await_eviction();
    void note_owner_landing();

    // The firmware's port, and what cores tell.
    static uint64_t now(void *self);
    static void relax(void *self, uint32_t cpu, uint32_t round);
    static void notify(void *self);
    static void log(void *self, int32_t level, const char *message);
    static void panic(void *self, const char *message);
    static uint32_t read_register(void *self, uint32_t core, uint32_t offset);
    static void write_register(void *self, uint32_t core, uint32_t offset, uint32_t value);
    static pto_status load(void *self, const void *image, uint64_t size, void **out_handle, char *message,
                           std::size_t message_capacity);
    static const void *find(void *self, void *handle, const char *symbol, int32_t *out_is_function);
    static void unload(void *self, void *handle);
    static void core_landed(void *self, uint32_t core_index);

    aicpu::LinkedExecutor *executor_ = nullptr; ///< In device memory.
    std::vector<std::unique_ptr<CoreThread>> cores_;
    std::vector<std::thread> control_threads_;
    ControlCpu control_cpus_[kArch.control_thread_count];
    pto::posix::UserCodeGuard owner_guard_; ///< Of the caller of a run, armed while it is on.
    std::atomic<bool> is_on_{false};        ///< A run is.
    std::atomic<bool> has_faulted_{false};  ///< User code has; its neighbours may finish.
    bool has_lost_threads_ = false;

    std::atomic<uint32_t> events_{0};   ///< V3: counted up, then sleepers are looked for;
    std::atomic<uint32_t> sleepers_{0}; ///< V3: counted up, then events are looked for.
    std::mutex mutex_;                  ///< Of all that sleep.
    std::condition_variable wake_;

    enum class Eviction { kNone, kWanted, kDone };
    Eviction eviction_ = Eviction::kNone; ///< Guarded by the mutex, like what follows.
    bool stopping_ = false;
    std::condition_variable eviction_changed_;
    std::thread warden_;
};

} // namespace pto::inline PTO_ARCH::sim

#endif
