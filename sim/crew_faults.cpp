// SPDX-License-Identifier: Apache-2.0
// User code that was left by a jump: what is told of it, and how the run ends on all threads.
#include "sim/crew.h"
#include "sim/fault_record.h"
#include "sim/tuning.h"

namespace pto::inline PTO_ARCH::sim {

/// The calling thread has left its user code by a jump. If that code faulted, the run is over: no task is started any
/// more, kernels that run may finish, and those that wait for what will not come are taken out after a while.
void Crew::note_landing(uint32_t index)
{
    Worker &worker = *workers_[index];
    const pto::posix::Fault fault = worker.guard.take_fault();
    if (fault.signal != 0) {
        store_relaxed(faulted_, true); // F1: before abandoned, which end_run acquires
        const aicpu::RunningKernel kernel = worker.running();
        executor_->abandon(fault_record(fault, worker.is_running() ? &kernel : nullptr, executor_->engine()));
    }
    if (worker.is_running())
        worker.end();
}

/// How long kernels that run beside one that faulted may take to finish.
std::chrono::nanoseconds Crew::fault_grace() const
{
    const uint64_t grace = tuning::kFaultGraceNs;
    return std::chrono::nanoseconds(config_.stall_timeout_ns < grace ? config_.stall_timeout_ns : grace);
}

/// Lets the helpers finish what they run, for a while.
void Crew::await_helpers() const
{
    const auto deadline = std::chrono::steady_clock::now() + fault_grace();
    while (visitors() != 0 && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

/// Takes all threads out of their user code and ends the session. For the one who set the state to kAborting.
void Crew::evict()
{
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::nanoseconds(tuning::kAbortGraceNs);
    bool armed = true;
    while ((armed || visitors() != 0) && std::chrono::steady_clock::now() < deadline) {
        armed = false;
        for (const auto &worker : workers_) {
            armed = armed || worker->guard.is_armed();
            worker->guard.request_abort();
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    lost_threads_ = armed || visitors() != 0;
    store_release(state_, uint32_t{kIdle});
}

} // namespace pto::inline PTO_ARCH::sim
