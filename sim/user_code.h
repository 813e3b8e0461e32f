// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_SIM_USER_CODE_H
#define PTO_SIM_USER_CODE_H

#include <atomic>
#include <csetjmp>
#include <csignal>
#include <cstdint>
#include <pthread.h>

namespace pto::posix {

/// Lets another thread end user code (a kernel, an orchestration) that never returns: the thread that runs it is sent a
/// signal whose handler jumps out of it. What the user code held stays held, so the device is unusable afterwards; but
/// the thread is not lost, which matters because it is the caller's own.
///
/// Use: `if (sigsetjmp(guard.landing, 0) == 0) { guard.arm(); user_code(); guard.disarm(); } else { aborted }`, on the
/// thread that the guard was bound to. Between disarm and arm the thread cannot be interrupted.
class UserCodeGuard {
public:
    sigjmp_buf landing;

    /// Installs the process-wide handler once; a previous handler is called for signals that are not ours.
    static void install_handler();

    /// Makes this the guard of the calling thread and returns the one it had.
    UserCodeGuard *bind();
    static void rebind(UserCodeGuard *guard);

    void arm() { set_state(kArmed); }
    void disarm() { set_state(kIdle); }
    bool is_armed() const { return state_.load(std::memory_order_relaxed) == kArmed; }

    /// Asks the bound thread to leave its user code, now or as soon as it enters some. Any thread.
    void request_abort();
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
    void leave();
    static void handle(int signal, siginfo_t *info, void *context);

    pthread_t thread_{};
    std::atomic<bool> bound_{false};
    std::atomic<int> state_{kIdle};
    std::atomic<bool> requested_{false};
};

} // namespace pto::posix

#endif
