// SPDX-License-Identifier: Apache-2.0
#include "posix/user_code.h"

#include "posix/watchdog.h"

#include <mutex>
#include <ucontext.h>

namespace pto::posix {
namespace {

constexpr int kAbortSignal = UserCodeGuard::kRequestSignal;
constexpr int kSignals[] = {kAbortSignal, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
constexpr std::size_t kSignalCount = sizeof kSignals / sizeof kSignals[0];

// In the static block of each thread: a handler must not meet memory that is allocated at the first access.
__attribute__((tls_model("initial-exec"))) thread_local UserCodeGuard *current_guard = nullptr;
struct sigaction previous_actions[kSignalCount];

struct sigaction &previous_action(int signal)
{
    std::size_t i = 0;
    while (kSignals[i] != signal)
        i++;
    return previous_actions[i];
}

/// Whether an instruction of this thread raised the signal; signals that are sent have a code of 0 or less.
bool is_raised_here(const siginfo_t &info)
{
    return info.si_code > 0;
}

/// What would have happened without the handler here. A fault happens again when this returns, so giving the signal its
/// default action is enough to let it end the process where it should.
void pass_on_default(int signal, const siginfo_t &info)
{
    if (signal == kAbortSignal)
        return; // ignored by default
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, nullptr);
    if (!is_raised_here(info))
        raise(signal);
}

void pass_on(int signal, siginfo_t *info, void *context)
{
    struct sigaction &previous = previous_action(signal);
    const struct sigaction action = previous;
    const bool has_info = (action.sa_flags & SA_SIGINFO) != 0;
    if (!has_info && action.sa_handler == SIG_IGN && !is_raised_here(*info))
        return;
    if (!has_info && (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN))
        return pass_on_default(signal, *info);
    // A handler for one signal only; the system keeps such a promise by itself for those that it calls.
    if ((action.sa_flags & SA_RESETHAND) != 0) {
        previous = {};
        previous.sa_handler = SIG_DFL;
    }
    sigset_t blocked = action.sa_mask;
    if ((action.sa_flags & SA_NODEFER) == 0)
        sigaddset(&blocked, signal);
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, &blocked, &mask);
    if (has_info)
        action.sa_sigaction(signal, info, context);
    else
        action.sa_handler(signal);
    pthread_sigmask(SIG_SETMASK, &mask, nullptr);
}

} // namespace

void UserCodeGuard::on_request(int signal, siginfo_t *info, void *context)
{
    UserCodeGuard *guard = current_guard;
    if (info->si_code == SI_TIMER && guard != nullptr) {
        Watchdog *watchdog = guard->watchdog_.load(std::memory_order_relaxed);
        if (watchdog != nullptr && watchdog == info->si_value.sival_ptr)
            watchdog->tick();
    }
    if (guard == nullptr || !guard->abort_requested())
        return pass_on(signal, info, context);
    if (guard->is_armed())
        guard->leave(context);
}

void UserCodeGuard::on_fault(int signal, siginfo_t *info, void *context)
{
    UserCodeGuard *guard = current_guard;
    if (guard == nullptr || !guard->is_armed() || !is_raised_here(*info))
        return pass_on(signal, info, context);
    const auto address = reinterpret_cast<uint64_t>(info->si_addr);
    guard->fault_ = {signal, info->si_code, address, signal == SIGSEGV && guard->stack_->is_overflow(address)};
    guard->leave(context);
}

void UserCodeGuard::install_handlers()
{
    static std::once_flag once;
    std::call_once(once, [] {
        for (std::size_t i = 0; i < kSignalCount; i++) {
            struct sigaction action {};
            action.sa_sigaction = kSignals[i] == kAbortSignal ? on_request : on_fault;
            // SA_NODEFER: the handler is left by a jump, which must not leave the signal blocked.
            action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART | SA_ONSTACK;
            sigemptyset(&action.sa_mask);
            // Known before it is replaced: the new handler may be called at once.
            sigaction(kSignals[i], nullptr, &previous_actions[i]);
            sigaction(kSignals[i], &action, nullptr);
        }
    });
}

UserCodeGuard *UserCodeGuard::bind()
{
    thread_local SignalStack stack;
    stack.install();
    stack_ = &stack;
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

Fault UserCodeGuard::take_fault()
{
    const Fault fault = fault_;
    fault_ = {};
    return fault;
}

void UserCodeGuard::leave(const void *context)
{
    // The jump passes by whatever would restore the mask of signals after the handler.
    pthread_sigmask(SIG_SETMASK, &static_cast<const ucontext_t *>(context)->uc_sigmask, nullptr);
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
