// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_SIM_CREW_H
#define PTO_SIM_CREW_H

#include "aicpu/executor.h"
#include "aicpu/stall.h"
#include "posix/user_code.h"
#include "sim/hooks/kernel_hooks.h"

#include <bit>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <sched.h>
#include <thread>
#include <vector>

namespace pto::inline PTO_ARCH::sim {

/// One thread that runs kernels: the caller of the run (worker 0) or a helper.
struct alignas(64) Worker final : pto::hooks::KernelHost {
    pto::posix::UserCodeGuard guard;
    std::atomic<uint64_t> kernel{0}; ///< An aicpu::RunningKernel: in one word, so that nobody sees half of it.
    std::atomic<uint64_t> steps{0};  ///< One for each kernel that began and each that ended: odd while one is running.
    uint32_t until_timed = 0;        ///< Kernels before the next one that is timed.
    /// A helper that is awake and has no instance of a block: it will look for one before it sleeps. L1
    std::atomic<bool> is_seeking{false};

    aicpu::CompletionSlab completions; ///< Of the kernel on this thread.

    // What the kernel on this thread is told of itself.
    pto_local_context local{0, 1, completions.context(PTO_NO_TASK)};
    pto_global_context global{};

    aicpu::RunningKernel running() const { return std::bit_cast<aicpu::RunningKernel>(load_relaxed(kernel)); }
    bool is_running() const { return load_acquire(steps) % 2 == 1; }
    void begin(aicpu::RunningKernel which)
    {
        store_relaxed(kernel, std::bit_cast<uint64_t>(which));
        store_release(steps, load_relaxed(steps) + 1);
    }
    void end() { store_release(steps, load_relaxed(steps) + 1); }

    bool place(pto::hooks::KernelPlace *out) const override
    {
        if (load_relaxed(steps) % 2 == 0) // its own thread asks
            return false;
        *out = {static_cast<uint32_t>(running().core) / kCoresPerCluster, static_cast<uint32_t>(global.sub_block_id)};
        return true;
    }
};

/// The threads of one chip. The thread that runs a callable does its work; helpers sleep until there is enough of it to
/// be worth waking them; a monitor watches a run that takes long. Nothing runs between runs.
///
/// As many helpers as the chip was opened with take any work. Instances that others need cannot wait for one of them to
/// become free: a further helper is woken for each, or started if none is left, that runs such instances only. So the
/// threads that ever ran a kernel are few, which matters to kernels with much thread-local memory.
///
/// A helper may touch the executor only inside a session: it announces itself as a visitor of the gate, then checks
/// that a run is on. The owner ends the run first and then waits for the number of visitors to fall to zero. So one of
/// the two always sees the other (S1). Inside, it waits until the gate is open.
///
/// Every such pair - a store, then a load of what the other side stores - has the owner on one side, which comes there
/// in every run, and a thread that seldom does on the other. Where the system has a barrier that takes effect on all
/// threads, the rare side pays for both, and the owner's store is a plain one.
class Crew {
public:
    struct Config {
        uint32_t helpers;     ///< Helpers that ordinary work may wake.
        uint32_t max_workers; ///< Owner, helpers, and replacements for threads whose kernels block.
        uint64_t stall_timeout_ns;
    };

    explicit Crew(const Config &config);
    ~Crew();
    Crew(const Crew &) = delete;
    Crew &operator=(const Crew &) = delete;

    /// Started instances that others need and no thread has taken yet. The chip's; outlives the crew.
    struct Lanes {
        void *self;
        uint32_t (*pending)(void *self);             ///< Their number; in one order with `is_seeking`.
        bool (*run_one)(void *self, uint32_t index); ///< False: there was none.
    };

    /// Starts the monitor. Every kernel will find `pipe_states`. Returns the system's number of what went wrong, 0 if
    /// nothing did. The executor and the states belong to the chip and outlive the crew.
    int start(aicpu::Executor *executor, const Lanes &lanes, pto::hooks::PipeStates *pipe_states);

    Worker &worker(uint32_t index) { return *workers_[index]; }
    /// By which the owner knows whether it is alone. nullptr: this system has no way to tell.
    engine::Gate *gate();

    /// The owner's run begins and ends. `end_run` returns when no helper touches the executor any more.
    void begin_run(uint64_t timeout_ns);
    void end_run();

    /// Ready tasks have appeared: wakes a helper if that pays.
    void work_ready(uint32_t count);
    /// Before `count` instances are offered: lets threads that are about to leave their kernels do so, rather than
    /// start further ones. Returns after a while in any case, because those kernels may wait for these instances.
    void await_idle_helpers(uint32_t index, uint32_t count) const;
    /// Helpers that will come for waiting instances by themselves. The caller is none, whatever it is.
    uint32_t seekers() const;
    /// Instances are waiting that others need, `count` more than there are seekers: wakes as many helpers at once.
    void summon(uint32_t count);
    /// The owner has nothing to do: lets time pass.
    void owner_relax(uint32_t round);
    /// A helper has completed something that the owner may wait for.
    void wake_owner();

    /// The calling worker's user code was left by a jump.
    void note_landing(uint32_t index);

    /// Feeds the estimate that work_ready uses.
    void note_kernel_time(uint64_t elapsed_ns);

    /// False once user code has faulted or a run had to be aborted.
    bool is_healthy() const { return !load_relaxed(faulted_); }
    /// True when a thread could not be brought out of its kernel: the chip must not be freed.
    bool has_lost_threads() const { return lost_threads_; }

private:
    /// kAborting: user code has faulted, and its owner clears up.
    enum RunState : uint32_t { kIdle, kRunning, kAborting };

    /// Whether the monitor ends the run. It asks, looks whether the run is still on, and takes it or not; the owner
    /// that has ended its run finds out whether it was asked.
    ///
    ///     kNone -> kAsked -> kTaken -> kNone
    ///       ^--------'
    enum Claim : uint32_t { kNone, kAsked, kTaken };

    /// What the monitor remembers between looks.
    struct Watch {
        std::chrono::steady_clock::time_point last_look;
        uint64_t run = 0;
        uint64_t progress = 0;
        uint64_t ended = 0;      ///< Kernels.
        uint64_t quiet_ns = 0;   ///< Time without progress.
        uint64_t running_ns = 0; ///< Time in this run.
        uint64_t faulted_ns = 0; ///< Time since user code faulted.
        uint64_t waiting_ns = 0; ///< Time without progress since helpers were last woken.
        uint64_t longest_ns = 0; ///< A kernel has taken, as far as looks can tell; halved with each run.
        uint32_t boost = 1;
    };

    /// What the monitor remembers of one worker's kernel.
    struct KernelAge {
        uint64_t steps = 0;
        uint64_t age_ns = 0;
    };

    struct Helper {
        std::thread thread;
        std::condition_variable wake;
        bool awake = false;
        bool is_ordinary = false; ///< Takes any work. Written by who wakes it, then by itself.
    };

    /// What a helper is woken for.
    enum class Duty { kLanes, kAnything };

    uint32_t visitors() const { return gate_.visitors.load(std::memory_order_seq_cst); }
    void set_state(RunState state);
    void settle() const;
    bool is_claimed();
    bool claim(const Watch &watch);
    bool is_on() const { return load_relaxed(state_) == kRunning && load_relaxed(claim_) != kTaken; }
    void sleep_until_run(std::unique_lock<std::mutex> &lock);
    void wake_monitor();
    void announce();
    bool pass_gate();
    void depart();
    void helper_main(uint32_t index);
    void help(uint32_t index, Helper &helper);
    bool take_work(uint32_t index, Helper &helper);
    bool enlist(Helper &helper);
    bool park(uint32_t index, std::unique_lock<std::mutex> &lock);
    void wake_helpers(uint32_t count, uint32_t limit, Duty duty);
    bool start_helper();
    void monitor_main();
    void look(Watch *watch);
    uint64_t progress() const;
    uint64_t ended() const;
    void note_ages(Watch *watch, uint64_t elapsed_ns);
    void replace_blocked(Watch *watch, uint64_t elapsed_ns);
    void abort_run(const Watch &watch, bool stalled);
    aicpu::StallView view_stall(const Watch &watch, bool stalled);
    void look_at_kernels(aicpu::StallView *view) const;
    std::chrono::nanoseconds fault_grace() const;
    void await_helpers() const;
    void evict();

    const Config config_;
    cpu_set_t processors_{}; ///< Of the thread that opened the chip: helpers may run there, whoever wakes them.
    const bool has_process_barrier_;
    aicpu::Executor *executor_ = nullptr;
    Lanes lanes_{};
    std::vector<std::unique_ptr<Worker>> workers_;

    alignas(64) std::atomic<uint32_t> state_{kIdle}; ///< S1, S2, S3. Written by the owner, and by who ends its run.
    std::atomic<uint32_t> claim_{kNone};             ///< S3
    std::atomic<uint64_t> run_number_{0};
    std::atomic<uint64_t> timeout_ns_{0};
    engine::Gate gate_;                 ///< S1
    std::atomic<uint32_t> ordinary_{0}; ///< Helpers that are awake and take any work.
    std::atomic<uint32_t> started_{0};  ///< Helpers that there are: the first workers after the owner.
    std::atomic<uint64_t> kernel_ns_;
    std::atomic<uint64_t> waiting_ns_{0}; ///< Estimated work since the last wake.
    std::atomic<bool> owner_sleeps_{false};
    std::atomic<bool> monitor_awake_{false}; ///< S2
    std::atomic<bool> faulted_{false};
    bool lost_threads_ = false;

    std::mutex mutex_; ///< Guards what follows.
    std::vector<std::unique_ptr<Helper>> helpers_;
    std::vector<uint32_t> parked_stack_; ///< The last to park is the first to be woken: its cache is warmest.
    std::condition_variable owner_wake_;
    std::condition_variable monitor_wake_;
    std::thread monitor_;
    std::vector<KernelAge> ages_; ///< The monitor's own, by worker.
    bool stopping_ = false;
};

} // namespace pto::inline PTO_ARCH::sim

#endif
