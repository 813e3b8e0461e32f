// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_POSIX_WATCHDOG_H
#define PTO_POSIX_WATCHDOG_H

#include "posix/user_code.h"

#include <ctime>

namespace pto::posix {

/// Takes this thread out of user code that makes no progress, or takes too long in all, without another thread: a timer
/// sends the signal. Time counts only while the guard is armed. Lives on the thread that the guard is bound to.
class Watchdog {
public:
    struct Limits {
        uint64_t stall_ns; ///< Longest time without a change of `progress`.
        uint64_t total_ns; ///< Longest time in all; 0: none.
    };

    /// `progress` is any number that changes when the user code gets ahead.
    Watchdog(UserCodeGuard &guard, const Limits &limits, const std::atomic<uint64_t> &progress);
    ~Watchdog();
    Watchdog(const Watchdog &) = delete;
    Watchdog &operator=(const Watchdog &) = delete;

    /// Whether the user code was taken out because it stood still, not because of the total.
    bool has_stalled() const { return quiet_ns_ >= limits_.stall_ns; }
    uint64_t quiet_ns() const { return quiet_ns_; }
    uint64_t total_ns() const { return total_ns_; }

    /// From the handler of the timer's signal.
    void tick();

private:
    UserCodeGuard &guard_;
    const Limits limits_;
    const std::atomic<uint64_t> &progress_;
    const uint64_t tick_ns_;
    timer_t timer_{};
    bool has_timer_ = false;
    // Only the handler touches these while the timer runs, on the same thread.
    uint64_t seen_ = 0;
    volatile uint64_t quiet_ns_ = 0;
    volatile uint64_t total_ns_ = 0;
};

} // namespace pto::posix

#endif
