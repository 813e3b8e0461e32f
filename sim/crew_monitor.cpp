// SPDX-License-Identifier: Apache-2.0
// The monitor: replaces threads whose kernels block while others wait for a thread, and ends runs that make no
// progress.
#include "engine/base/format.h"
#include "sim/crew.h"
#include "sim/tuning.h"

#include <chrono>

namespace pto::inline PTO_ARCH::sim {

void Crew::monitor_main()
{
    pthread_setname_np(pthread_self(), "pto-monitor");
    Watch watch;
    uint32_t idle_ticks = 0;
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        if (idle_ticks >= tuning::kMonitorIdleTicks) {
            sleep_until_run(lock);
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

/// Returns when a run has begun, or the crew stops.
void Crew::sleep_until_run(std::unique_lock<std::mutex> &lock)
{
    // S2: the owner sets the state, then looks whether the monitor is awake; here it is the other way round.
    monitor_awake_.store(false, std::memory_order_seq_cst);
    settle();
    if (state_.load(std::memory_order_seq_cst) == kIdle)
        monitor_wake_.wait(lock, [&] { return stopping_ || load_relaxed(monitor_awake_); });
    store_relaxed(monitor_awake_, true);
}

/// A number that changes whenever the run gets ahead: tasks submitted, kernels that began or ended.
uint64_t Crew::progress() const
{
    uint64_t sum = load_relaxed(executor_->engine().submitted);
    for (const auto &worker : workers_)
        sum += load_relaxed(worker->steps);
    return sum;
}

uint64_t Crew::ended() const
{
    uint64_t sum = 0;
    for (const auto &worker : workers_)
        sum += load_relaxed(worker->steps) / 2;
    return sum;
}

/// Learns how long kernels take.
void Crew::note_ages(Watch *watch, uint64_t elapsed_ns)
{
    for (std::size_t i = 0; i < workers_.size(); i++) {
        KernelAge &kernel = ages_[i];
        const uint64_t steps = load_relaxed(workers_[i]->steps);
        if (steps == kernel.steps) {
            kernel.age_ns += elapsed_ns;
            continue;
        }
        if (kernel.steps % 2 == 1 && kernel.age_ns > watch->longest_ns)
            watch->longest_ns = kernel.age_ns; // it has ended, so it did not wait for what does not come
        kernel = {steps, 0};
    }
}

/// Nothing has moved for a while. When there is more to run, the kernels that run may be waiting for it: certainly for
/// instances of their blocks, which then have a thread already, unless one that was to take them took something else;
/// maybe for tasks that are ready. But whoever is awake only waits for a processor.
void Crew::replace_blocked(Watch *watch, uint64_t elapsed_ns)
{
    const uint32_t waiting = lanes_.pending(lanes_.self);
    const uint32_t seeking = seekers();
    if (waiting > seeking)
        summon(waiting - seeking);
    if (waiting > 0 || seeking > 0 || !executor_->scheduler().has_ready())
        return;
    watch->waiting_ns += elapsed_ns;
    const uint64_t usual = tuning::kPatienceKernels * watch->longest_ns;
    const uint64_t patience = usual < tuning::kMostPatienceNs ? usual : tuning::kMostPatienceNs;
    if (watch->waiting_ns < patience || watch->waiting_ns < tuning::kLeastPatienceNs)
        return;
    wake_helpers(watch->boost, config_.max_workers - 1, Duty::kAnything);
    watch->boost *= 2;
    watch->waiting_ns = 0;
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
        *watch = {time, run, now, ended(), 0, 0, 0, 0, watch->longest_ns / 2, 1};
        ages_.assign(workers_.size(), {});
        return;
    }
    watch->running_ns += elapsed_ns;
    if (!is_healthy()) {
        watch->faulted_ns += elapsed_ns;
        if (std::chrono::nanoseconds(watch->faulted_ns) >= fault_grace())
            abort_run(*watch, false);
        return;
    }
    note_ages(watch, elapsed_ns);
    if (now != watch->progress) {
        watch->progress = now;
        watch->quiet_ns = 0;
        watch->waiting_ns = 0;
        // Kernels that begin may wait with the others; one that has ended did not.
        if (const uint64_t count = ended(); count != watch->ended) {
            watch->ended = count;
            watch->boost = 1;
        }
    } else {
        watch->quiet_ns += elapsed_ns;
        replace_blocked(watch, elapsed_ns);
    }
    const uint64_t timeout = load_relaxed(timeout_ns_);
    const bool stalled = watch->quiet_ns >= config_.stall_timeout_ns;
    if (stalled || (timeout != 0 && watch->running_ns >= timeout))
        abort_run(*watch, stalled);
}

/// How many kernels run, and which of them belongs to the earliest task.
void Crew::look_at_kernels(aicpu::StallView *view) const
{
    for (const auto &worker : workers_) {
        if (!worker->is_running())
            continue;
        view->add(worker->running());
    }
}

/// Here a task that is ready while no kernel runs is one that no thread could be started for: cores are held by kernels
/// only, and a task that needs more of them than the chip has is refused when it is submitted.
aicpu::StallView Crew::view_stall(const Watch &watch, bool stalled)
{
    aicpu::StallView view;
    view.elapsed_ns = stalled ? watch.quiet_ns : watch.running_ns;
    view.is_stalled = stalled;
    view.is_quiet = stalled || watch.quiet_ns >= tuning::kQuietNs;
    view.is_orchestrating = load_relaxed(executor_->engine().recycling);
    look_at_kernels(&view);
    // Instances that wait for a thread hold cores already.
    view.is_ready = lanes_.pending(lanes_.self) != 0;
    aicpu::look_at_ready(executor_->engine(), executor_->scheduler(), &view);
    aicpu::look_at_deferred(executor_->engine(), &view);
    view.outstanding = executor_->engine().outstanding();
    return view;
}

/// Takes the run that was watched away from its owner, unless that has ended it.
bool Crew::claim(const Watch &watch)
{
    claim_.store(kAsked, std::memory_order_seq_cst); // S3
    settle();
    const bool is_on = state_.load(std::memory_order_seq_cst) == kRunning && load_relaxed(run_number_) == watch.run;
    store_release(claim_, uint32_t{is_on ? kTaken : kNone}); // S3
    return is_on;
}

/// Ends the run although kernels are running: takes their threads out of them. The device is unusable afterwards,
/// because nobody knows what those kernels held.
void Crew::abort_run(const Watch &watch, bool stalled)
{
    if (!claim(watch))
        return;                    // it has just ended
    store_relaxed(faulted_, true); // F1
    announce();
    while (load_acquire(gate_.closed)) // E1
        std::this_thread::sleep_for(std::chrono::microseconds(50));
    const aicpu::StallView view = view_stall(watch, stalled);
    depart();
    executor_->abandon(stall_record(view));
    evict();
    store_release(claim_, uint32_t{kNone}); // S3
}

} // namespace pto::inline PTO_ARCH::sim
