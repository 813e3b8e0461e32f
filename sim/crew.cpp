// SPDX-License-Identifier: Apache-2.0
// Helpers: who works when, and how they sleep. The monitor is in crew_monitor.cpp.
#include "sim/crew.h"

#include "posix/process_barrier.h"
#include "sim/tuning.h"

#include <chrono>
#include <sched.h>

namespace pto::inline PTO_ARCH::sim {

namespace {

void pause_briefly()
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

} // namespace

Crew::Crew(const Config &config)
    : config_(config), has_process_barrier_(pto::posix::has_process_barrier()), kernel_ns_(tuning::kUnknownKernelNs)
{
    sched_getaffinity(0, sizeof processors_, &processors_);
    for (uint32_t i = 0; i < config_.max_workers; i++)
        workers_.push_back(std::make_unique_for_overwrite<Worker>());
    helpers_.reserve(config_.max_workers);
    parked_stack_.reserve(config_.max_workers);
}

int Crew::start(aicpu::Executor *executor, const Lanes &lanes, pto::hooks::PipeStates *pipe_states)
{
    executor_ = executor;
    lanes_ = lanes;
    ages_.resize(workers_.size());
    for (const auto &worker : workers_) {
        worker->pipe_states = pipe_states;
        worker->guard.set_owner(worker.get());
    }
    pto::posix::UserCodeGuard::install_handlers();
    store_relaxed(monitor_awake_, true);
    try {
        monitor_ = std::thread(&Crew::monitor_main, this);
    } catch (const std::system_error &error) {
        return error.code().value();
    }
    return 0;
}

Crew::~Crew()
{
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        for (const auto &helper : helpers_) {
            helper->awake = true;
            helper->wake.notify_one();
        }
        monitor_wake_.notify_one();
    }
    if (monitor_.joinable())
        monitor_.join();
    for (const auto &helper : helpers_)
        helper->thread.join();
}

/// The owner's step, before it looks for what others have stored.
void Crew::set_state(RunState state)
{
    if (!has_process_barrier_) {
        state_.store(state, std::memory_order_seq_cst);
        return;
    }
    // The others' barrier orders this and what is loaded next; compilers must not exchange them.
    store_release(state_, uint32_t{state});
    std::atomic_signal_fence(std::memory_order_seq_cst);
}

/// The step of all others, between a sequentially consistent store and a look at the state.
void Crew::settle() const
{
    if (has_process_barrier_)
        pto::posix::process_barrier();
}

void Crew::begin_run(uint64_t timeout_ns)
{
    store_relaxed(timeout_ns_, timeout_ns);
    store_relaxed(run_number_, load_relaxed(run_number_) + 1);
    set_state(kRunning); // S2
    if (!monitor_awake_.load(std::memory_order_seq_cst))
        wake_monitor();
}

/// A timer that wakes it when the run has lasted a while would be no cheaper: both take a call of the system.
void Crew::wake_monitor()
{
    const std::lock_guard lock(mutex_);
    store_relaxed(monitor_awake_, true);
    monitor_wake_.notify_one();
}

void Crew::end_run()
{
    // F1: whoever has seen that the run is abandoned sees that the device is faulted.
    const bool abandoned = load_acquire(executor_->engine().abandoned);
    set_state(abandoned ? kAborting : kIdle);
    if (claim_.load(std::memory_order_seq_cst) != kNone && is_claimed()) // S3
        return;
    if (abandoned) {
        await_helpers();
        return evict();
    }
    while (visitors() != 0) // S1
        pause_briefly();
}

/// For the owner that has ended its run while the monitor asks. True: the monitor has aborted the run, and is done.
bool Crew::is_claimed()
{
    while (load_acquire(claim_) == kAsked)
        sched_yield();
    if (load_acquire(claim_) == kNone)
        return false;
    while (load_acquire(claim_) == kTaken) // ends the session once nobody is left in it
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    store_release(state_, uint32_t{kIdle});
    return true;
}

void Crew::note_kernel_time(uint64_t elapsed_ns)
{
    const uint64_t mean = load_relaxed(kernel_ns_);
    store_relaxed(kernel_ns_, (mean * 3 + elapsed_ns) / 4);
}

void Crew::work_ready(uint32_t count)
{
    const uint64_t kernel_ns = load_relaxed(kernel_ns_);
    if (load_relaxed(ordinary_) >= config_.helpers || kernel_ns < tuning::kSharedKernelNs)
        return;
    const uint64_t waiting = load_relaxed(waiting_ns_) + count * kernel_ns;
    store_relaxed(waiting_ns_, waiting);
    if (waiting < tuning::kWakeWorkNs)
        return;
    store_relaxed(waiting_ns_, uint64_t{0});
    wake_helpers(1, config_.helpers, Duty::kAnything);
}

void Crew::await_idle_helpers(uint32_t index, uint32_t count) const
{
    // One block for each thread that takes any work.
    const uint32_t usual = kCoresPerCluster * (1 + config_.helpers) - 1;
    const uint32_t started = load_acquire(started_);
    if (started < usual)
        return;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::nanoseconds(tuning::kIdleHelperWaitNs);
    for (;;) {
        uint32_t needed = count + lanes_.pending(lanes_.self);
        for (uint32_t i = 1; i <= started && needed > 0; i++)
            needed -= i == index || workers_[i]->is_running() ? 0 : 1;
        if (needed == 0 || std::chrono::steady_clock::now() >= deadline)
            return;
        sched_yield();
    }
}

uint32_t Crew::seekers() const
{
    const pto::posix::UserCodeOwner *caller = pto::posix::UserCodeGuard::current_owner();
    uint32_t count = 0;
    for (uint32_t i = 1, last = load_acquire(started_); i <= last; i++) {
        const Worker &worker = *workers_[i];
        // L1: what waits is there already, so one that does not seek any more comes back for it.
        if (worker.is_seeking.load(std::memory_order_seq_cst) && !worker.is_running() && &worker != caller)
            count++;
    }
    return count;
}

void Crew::summon(uint32_t count)
{
    wake_helpers(count, config_.max_workers - 1, Duty::kLanes);
}

/// Wakes parked helpers, then starts new threads while fewer than `limit` exist.
void Crew::wake_helpers(uint32_t count, uint32_t limit, Duty duty)
{
    const pto::posix::UserCodeGuard::Shield shield;
    const std::lock_guard lock(mutex_);
    for (; count > 0 && !stopping_; count--) {
        if (parked_stack_.empty() && (helpers_.size() >= limit || !start_helper()))
            return;
        const uint32_t index = parked_stack_.back();
        Helper &helper = *helpers_[index];
        parked_stack_.pop_back();
        helper.is_ordinary = duty == Duty::kAnything;
        if (helper.is_ordinary)
            ordinary_.fetch_add(1, std::memory_order_relaxed);
        workers_[index + 1]->is_seeking.store(true, std::memory_order_seq_cst); // L1
        helper.awake = true;
        helper.wake.notify_one();
    }
}

/// Starts a thread, which waits to be woken. False: the system has none; fewer helpers are slower, not wrong.
bool Crew::start_helper()
{
    helpers_.push_back(std::make_unique<Helper>());
    const auto index = static_cast<uint32_t>(helpers_.size());
    try {
        helpers_.back()->thread = std::thread(&Crew::helper_main, this, index);
    } catch (const std::system_error &) {
        helpers_.pop_back();
        return false;
    }
    store_release(started_, index);
    parked_stack_.push_back(index - 1);
    return true;
}

/// Sleeps until it is woken; at once when instances wait that somebody may have left to this helper. False: the crew
/// stops.
bool Crew::park(uint32_t index, std::unique_lock<std::mutex> &lock)
{
    Helper &helper = *helpers_[index - 1];
    std::atomic<bool> &is_seeking = workers_[index]->is_seeking;
    is_seeking.store(false, std::memory_order_seq_cst); // L1
    // What waits is looked at first: who sees it sees the state of the run that it belongs to.
    if (lanes_.pending(lanes_.self) != 0 && is_on() && !load_relaxed(executor_->engine().abandoned)) {
        is_seeking.store(true, std::memory_order_seq_cst); // L1
        return !stopping_;
    }
    if (helper.is_ordinary)
        ordinary_.fetch_sub(1, std::memory_order_relaxed);
    helper.is_ordinary = false;
    helper.awake = false;
    parked_stack_.push_back(index - 1);
    helper.wake.wait(lock, [&] { return helper.awake || stopping_; });
    return !stopping_;
}

/// A helper that was woken for one instance takes other work too, unless enough do.
bool Crew::enlist(Helper &helper)
{
    uint32_t count = load_relaxed(ordinary_);
    while (!helper.is_ordinary && count < config_.helpers)
        helper.is_ordinary = ordinary_.compare_exchange_weak(count, count + 1, std::memory_order_relaxed);
    return helper.is_ordinary;
}

engine::Gate *Crew::gate()
{
    return has_process_barrier_ ? &gate_ : nullptr;
}

/// From here on the owner that comes to its gate knows of the calling thread, whatever it did before.
void Crew::announce()
{
    gate_.visitors.fetch_add(1, std::memory_order_seq_cst); // S1
    settle();
}

/// Waits until the owner is not alone any more. False: the run is over or aborted.
bool Crew::pass_gate()
{
    for (uint32_t round = 0; load_acquire(gate_.closed); round++) { // E1
        if (!is_on())
            return false;
        if (round < tuning::kOwnerPauseRounds)
            pause_briefly();
        else
            sched_yield();
    }
    return true;
}

void Crew::depart()
{
    gate_.visitors.fetch_sub(1, std::memory_order_seq_cst); // S1, E2
}

void Crew::helper_main(uint32_t index)
{
    pthread_setname_np(pthread_self(), "pto-helper");
    // A caller that is bound to one processor must not keep its helpers there.
    if (CPU_COUNT(&processors_) > 0)
        sched_setaffinity(0, sizeof processors_, &processors_);
    workers_[index]->guard.bind();
    Helper *helper = nullptr;
    {
        std::unique_lock lock(mutex_);
        helper = helpers_[index - 1].get();
        helper->wake.wait(lock, [&] { return helper->awake || stopping_; });
    }
    for (;;) {
        announce();
        if (state_.load(std::memory_order_seq_cst) != kIdle && pass_gate()) { // S1
            executor_->engine().engage(index);
            help(index, *helper);
        }
        depart();
        std::unique_lock lock(mutex_);
        if (stopping_ || !park(index, lock))
            break;
    }
    pto::posix::UserCodeGuard::rebind(nullptr);
}

/// Steps the scheduler until there has been nothing to do for a while, the run ends, or a kernel is aborted.
void Crew::help(uint32_t index, Helper &helper)
{
    if (sigsetjmp(workers_[index]->guard.landing, 0) != 0)
        return note_landing(index);
    const engine::Engine &engine = executor_->engine();
    for (uint32_t idle = 0; idle < tuning::kHelperIdleRounds;) {
        if (load_relaxed(state_) == kIdle || load_relaxed(engine.abandoned))
            return;
        if (take_work(index, helper)) {
            idle = 0;
            if (load_relaxed(owner_sleeps_))
                wake_owner();
        } else {
            idle++;
            pause_briefly();
        }
    }
    executor_->scheduler().flush(index);
}

/// One unit of the work that is this helper's to do; false: there is none.
bool Crew::take_work(uint32_t index, Helper &helper)
{
    aicpu::Scheduler &scheduler = executor_->scheduler();
    if (helper.is_ordinary)
        return scheduler.step(index);
    if (lanes_.run_one(lanes_.self, index)) {
        if (!enlist(helper))
            scheduler.flush(index); // what this instance made ready is for others
        return true;
    }
    return enlist(helper);
}

void Crew::wake_owner()
{
    const pto::posix::UserCodeGuard::Shield shield;
    const std::lock_guard lock(mutex_);
    owner_wake_.notify_one();
}

void Crew::owner_relax(uint32_t round)
{
    if (round < tuning::kOwnerPauseRounds)
        return pause_briefly();
    if (round < tuning::kOwnerYieldRounds) {
        sched_yield();
        return;
    }
    const pto::posix::UserCodeGuard::Shield shield;
    std::unique_lock lock(mutex_);
    store_relaxed(owner_sleeps_, true);
    owner_wake_.wait_for(lock, std::chrono::nanoseconds(tuning::kOwnerSleepNs));
    store_relaxed(owner_sleeps_, false);
}

} // namespace pto::inline PTO_ARCH::sim
