// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_POSIX_USER_CODE_H
#define PTO_POSIX_USER_CODE_H

#include "posix/signal_stack.h"

#include <atomic>
#include <csetjmp>
#include <csignal>
#include <cstdint>
#include <pthread.h>

namespace pto::posix {

/// What user code did that no program may, as the system tells it.
struct Fault {
    int signal;       ///< SIGSEGV, SIGBUS, SIGFPE or SIGILL; 0: there was none
    int code;         ///< The signal's si_code.
    uint64_t address; ///< What was accessed (SIGSEGV, SIGBUS), or the instruction.
    bool is_overflow; ///< It was the end of the thread's stack.
};

class Watchdog;

/// Whoever runs user code on a thread. What that code calls finds it there; only they know what it is.
class UserCodeOwner {
protected:
    ~UserCodeOwner() = default;
};

/// Ends user code (a kernel, an orchestration) that never returns or that faults: a signal, sent by another thread or
/// raised by the fault, has a handler that jumps out of it. What the user code held stays held, so the device is
/// unusable afterwards; but neither the thread is lost, which may be the caller's own, nor the process.
///
/// Use: `if (sigsetjmp(guard.landing, 0) == 0) { guard.arm(); user_code(); guard.disarm(); } else { left }`, on the
/// thread that the guard was bound to. Between disarm and arm the thread cannot be interrupted, and its faults are
/// those of the host program.
class UserCodeGuard {
public:
    // Ignored by default and unused by nearly every program, so that a late signal does no harm.
    static constexpr int kRequestSignal = SIGURG;

    sigjmp_buf landing;

    /// Installs the process-wide handlers, again if somebody else has replaced them. What is not ours goes to the
    /// action that was there before.
    static void install_handlers();

    /// Makes this the guard of the calling thread and returns the one it had. A thread without an alternate stack for
    /// signals gets one, until it ends: the handler of a stack that has overflowed needs it.
    UserCodeGuard *bind();
    static void rebind(UserCodeGuard *guard);

    /// Who runs the bound thread's user code; before it is bound.
    void set_owner(const UserCodeOwner *owner) { owner_ = owner; }
    /// That of the calling thread's guard; nullptr: it has none.
    static const UserCodeOwner *current_owner();

    void arm() { set_state(kArmed); }
    void disarm() { set_state(kIdle); }
    bool is_armed() const { return state_.load(std::memory_order_relaxed) == kArmed; }

    /// Asks the bound thread to leave its user code, now or as soon as it enters some. Any thread.
    void request_abort();
    /// The same from a handler on the bound thread, which then looks for itself.
    void request_abort_here() { requested_.store(true, std::memory_order_relaxed); }
    /// A timer that sends this thread kRequestSignal; nullptr: none.
    void set_watchdog(Watchdog *watchdog) { watchdog_.store(watchdog, std::memory_order_relaxed); }
    /// What made the bound thread leave its user code, once; `signal` 0: a request did.
    Fault take_fault();
    bool abort_requested() const { return requested_.load(std::memory_order_relaxed); }
    void clear() { requested_.store(false, std::memory_order_relaxed); }

    /// Keeps the bound thread from being interrupted inside the library's own code that user code called into.
    class Shield {
    public:
        Shield();
        ~Shield();
        Shield(const Shield &) = delete;
        Shield &operator=(const Shield &) = delete;

    private:
        UserCodeGuard *guard_;
        bool was_armed_;
    };

private:
    enum State : int { kIdle, kArmed };

    void set_state(State state)
    {
        std::atomic_signal_fence(std::memory_order_seq_cst);
        state_.store(state, std::memory_order_relaxed);
        std::atomic_signal_fence(std::memory_order_seq_cst);
    }
    void leave(const void *context);
    static void on_request(int signal, siginfo_t *info, void *context);
    static void on_fault(int signal, siginfo_t *info, void *context);

    pthread_t thread_{};
    const UserCodeOwner *owner_ = nullptr;
    const SignalStack *stack_ = nullptr; ///< The bound thread's.
    Fault fault_{};
    std::atomic<bool> bound_{false};
    std::atomic<int> state_{kIdle};
    std::atomic<bool> requested_{false};
    std::atomic<Watchdog *> watchdog_{nullptr};
};

} // namespace pto::posix

#endif
