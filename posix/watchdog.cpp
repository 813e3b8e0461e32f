// SPDX-License-Identifier: Apache-2.0
#include "posix/watchdog.h"

#include <algorithm>
#include <sys/syscall.h>
#include <unistd.h>

namespace pto::posix {
namespace {

/// Ticks per limit: how exact the limit is kept.
constexpr uint64_t kTicks = 16;
constexpr uint64_t kShortestTickNs = 1'000'000;

uint64_t tick_of(const Watchdog::Limits &limits)
{
    const uint64_t limit = limits.total_ns != 0 ? std::min(limits.stall_ns, limits.total_ns) : limits.stall_ns;
    return std::max(limit / kTicks, kShortestTickNs);
}

} // namespace

Watchdog::Watchdog(UserCodeGuard &guard, const Limits &limits, const std::atomic<uint64_t> &progress)
    : guard_(guard), limits_(limits), progress_(progress), tick_ns_(tick_of(limits))
{
    guard_.clear();
    guard_.set_watchdog(this);
    struct sigevent event {};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = UserCodeGuard::kRequestSignal;
    event.sigev_value.sival_ptr = this;
    event._sigev_un._tid = static_cast<pid_t>(syscall(SYS_gettid));
    has_timer_ = timer_create(CLOCK_MONOTONIC, &event, &timer_) == 0;
    const timespec tick{static_cast<time_t>(tick_ns_ / 1'000'000'000), static_cast<long>(tick_ns_ % 1'000'000'000)};
    const itimerspec period{tick, tick};
    if (has_timer_)
        timer_settime(timer_, 0, &period, nullptr);
}

Watchdog::~Watchdog()
{
    if (has_timer_)
        timer_delete(timer_);
    guard_.set_watchdog(nullptr); // a signal that is under way finds nothing
    guard_.clear();
}

void Watchdog::tick()
{
    if (!guard_.is_armed())
        return;
    const uint64_t now = progress_.load(std::memory_order_relaxed);
    quiet_ns_ = now == seen_ ? quiet_ns_ + tick_ns_ : 0;
    total_ns_ = total_ns_ + tick_ns_;
    seen_ = now;
    if (has_stalled() || (limits_.total_ns != 0 && total_ns_ >= limits_.total_ns))
        guard_.request_abort_here();
}

} // namespace pto::posix
