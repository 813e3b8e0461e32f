// SPDX-License-Identifier: Apache-2.0
// The monitor: replaces threads whose kernels block while others wait for a thread, and ends runs that make no
// progress.
#include "engine/base/format.h"
#include "sim/crew.h"
#include "sim/tuning.h"

#include <chrono>
#include <cstdio>

namespace pto::inline PTO_ARCH::sim {

void Crew::monitor_main()
{
    pthread_setname_np(pthread_self(), "pto-monitor");
    Watch watch;
    uint32_t idle_ticks = 0;
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        if (idle_ticks >= tuning::kMonitorIdleTicks) {
            // S2: the owner sets the state, then looks whether the monitor is awake; here it is the other way round.
            monitor_awake_.store(false, std::memory_order_seq_cst);
            if (state_.load(std::memory_order_seq_cst) == kIdle)
                monitor_wake_.wait(lock, [&] { return stopping_ || load_relaxed(monitor_awake_); });
            store_relaxed(monitor_awake_, true);
            idle_ticks = 0;
            continue;
        }
        monitor_wake_.wait_for(lock, std::chrono::nanoseconds(tuning::kMonitorTickNs));
        if (stopping_)
            break;
        idle_ticks = load_acquire(state_) == kIdle ? idle_ticks + 1 : 0;
        if (idle_ticks > 0)
            continue;
        lock.unlock();
        look(&watch);
        lock.lock();
    }
}

/// A number that changes whenever the run gets ahead: tasks submitted, kernels started.
uint64_t Crew::progress() const
{
    uint64_t sum = load_relaxed(executor_->engine().submitted);
    for (const auto &worker : workers_)
        sum += load_relaxed(worker->started);
    return sum;
}

void Crew::look(Watch *watch)
{
    const uint64_t run = load_relaxed(run_number_);
    const uint64_t now = progress();
    const auto time = std::chrono::steady_clock::now();
    const auto since = static_cast<uint64_t>(std::chrono::nanoseconds(time - watch->last_look).count());
    // A machine that stood still must not look like a run that does.
    const uint64_t elapsed_ns = since < tuning::kLongestTickNs ? since : tuning::kLongestTickNs;
    watch->last_look = time;
    if (run != watch->run) {
        *watch = {time, run, now, 0, 0, 1};
        return;
    }
    watch->running_ns += elapsed_ns;
    if (now != watch->progress) {
        watch->progress = now;
        watch->quiet_ns = 0;
        watch->boost = 1;
    } else {
        watch->quiet_ns += elapsed_ns;
        // Every thread is inside a kernel and there is more to run: those kernels may be waiting for it.
        if (executor_->scheduler().has_ready() || lanes_pending_(lanes_self_)) {
            wake_helpers(watch->boost, config_.max_workers - 1);
            watch->boost *= 2;
        }
    }
    const uint64_t timeout = load_relaxed(timeout_ns_);
    const bool stalled = watch->quiet_ns >= config_.stall_timeout_ns;
    if (stalled || (timeout != 0 && watch->running_ns >= timeout))
        abort_run(*watch, stalled);
}

wire::ErrorRecord Crew::stall_record(const Watch &watch, bool stalled) const
{
    wire::ErrorRecord record = engine::error_record(PTO_ERROR_TIMEOUT);
    const double seconds = static_cast<double>(stalled ? watch.quiet_ns : watch.running_ns) * 1e-9;
    const char *what = stalled ? "no progress for" : "the run has taken";
    uint32_t running = 0;
    for (const auto &worker : workers_) {
        if (!load_acquire(worker->running))
            continue;
        running++;
        const uint64_t task = load_relaxed(worker->task);
        if (record.task != PTO_NO_TASK && record.task <= task)
            continue;
        record.task = task;
        record.func_id = load_relaxed(worker->func_id);
        record.core = load_relaxed(worker->core);
    }
    if (running == 0)
        std::snprintf(record.message, sizeof record.message, "%s %.3f s: the orchestration did not return", what,
                      seconds);
    else
        std::snprintf(record.message, sizeof record.message,
                      "%s %.3f s: task %llu (kernel %d on core %d) did not return; %u kernels are running", what,
                      seconds, static_cast<unsigned long long>(record.task), record.func_id, record.core, running);
    return record;
}

/// Ends the run although kernels are running: takes their threads out of them. The device is unusable afterwards,
/// because nobody knows what those kernels held.
void Crew::abort_run(const Watch &watch, bool stalled)
{
    uint32_t running = kRunning;
    if (!state_.compare_exchange_strong(running, kAborting, std::memory_order_seq_cst))
        return; // it has just ended
    store_relaxed(faulted_, true);
    executor_->abandon(stall_record(watch, stalled));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::nanoseconds(tuning::kAbortGraceNs);
    bool armed = true;
    while ((armed || inside_.load() != 0) && std::chrono::steady_clock::now() < deadline) {
        armed = false;
        for (const auto &worker : workers_) {
            armed = armed || worker->guard.is_armed();
            worker->guard.request_abort();
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    lost_threads_ = armed || inside_.load() != 0;
    store_release(state_, uint32_t{kIdle});
}

} // namespace pto::inline PTO_ARCH::sim
