// SPDX-License-Identifier: Apache-2.0
#include "sim/user_code.h"

#include <mutex>
#include <ucontext.h>

namespace pto::posix {
namespace {

// Ignored by default and unused by nearly every program, so that a late signal does no harm.
constexpr int kAbortSignal = SIGURG;

thread_local UserCodeGuard *current_guard = nullptr;
struct sigaction previous_action;

} // namespace

void UserCodeGuard::handle(int signal, siginfo_t *info, void *context)
{
    UserCodeGuard *guard = current_guard;
    if (guard != nullptr && guard->abort_requested()) {
        if (guard->is_armed()) {
            // The jump passes by whatever would restore the mask of signals after the handler.
            pthread_sigmask(SIG_SETMASK, &static_cast<ucontext_t *>(context)->uc_sigmask, nullptr);
            guard->leave();
        }
        return;
    }
    if ((previous_action.sa_flags & SA_SIGINFO) != 0 && previous_action.sa_sigaction != nullptr)
        previous_action.sa_sigaction(signal, info, context);
    else if (previous_action.sa_handler != SIG_DFL && previous_action.sa_handler != SIG_IGN)
        previous_action.sa_handler(signal);
}

void UserCodeGuard::install_handler()
{
    static std::once_flag once;
    std::call_once(once, [] {
        struct sigaction action {};
        action.sa_sigaction = &UserCodeGuard::handle;
        // SA_NODEFER: the handler is left by a jump, which must not leave the signal blocked.
        action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART;
        sigemptyset(&action.sa_mask);
        sigaction(kAbortSignal, &action, &previous_action);
    });
}

UserCodeGuard *UserCodeGuard::bind()
{
    UserCodeGuard *previous = current_guard;
    thread_ = pthread_self();
    current_guard = this;
    bound_.store(true, std::memory_order_release);
    return previous;
}

void UserCodeGuard::rebind(UserCodeGuard *guard)
{
    if (current_guard != nullptr)
        current_guard->bound_.store(false, std::memory_order_release);
    current_guard = guard;
}

void UserCodeGuard::request_abort()
{
    requested_.store(true, std::memory_order_relaxed);
    if (bound_.load(std::memory_order_acquire) && is_armed())
        pthread_kill(thread_, kAbortSignal);
}

void UserCodeGuard::leave()
{
    set_state(kIdle);
    siglongjmp(landing, 1);
}

UserCodeGuard::Shield::Shield() : guard_(current_guard), was_armed_(guard_ != nullptr && guard_->is_armed())
{
    if (was_armed_)
        guard_->disarm();
}

UserCodeGuard::Shield::~Shield()
{
    if (was_armed_)
        guard_->arm();
}

} // namespace pto::posix
