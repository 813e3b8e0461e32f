// SPDX-License-Identifier: Apache-2.0
#include "posix/user_code.h"

#include "posix/static_thread_local.h"
#include "posix/watchdog.h"

#include <mutex>
#include <ucontext.h>

namespace pto::posix {
namespace {

constexpr int kAbortSignal = UserCodeGuard::kRequestSignal;
constexpr int kSignals[] = {kAbortSignal, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
constexpr std::size_t kSignalCount = sizeof kSignals / sizeof kSignals[0];

/// An action that ours has taken the place of. Never freed: a handler may be reading it.
struct Replaced {
    struct sigaction action;
    const Replaced *older;
};
constexpr Replaced kDefault{};
std::atomic<const Replaced *> replaced[kSignalCount];

// Static, because a handler must not meet memory that is allocated at the first access.
PTO_STATIC_THREAD_LOCAL UserCodeGuard *current_guard = nullptr;
/// While a signal is passed on: what it is about, and how deep in the stack.
PTO_STATIC_THREAD_LOCAL const void *passed_context = nullptr;
PTO_STATIC_THREAD_LOCAL uintptr_t passed_frame = 0;
PTO_STATIC_THREAD_LOCAL const SignalStack *current_stack = nullptr;

__attribute__((noinline)) const SignalStack *install_stack()
{
    thread_local SignalStack stack;
    stack.install();
    return &stack;
}

std::atomic<const Replaced *> &replaced_by(int signal)
{
    std::size_t i = 0;
    while (kSignals[i] != signal)
        i++;
    return replaced[i];
}

/// Whether an instruction of this thread raised the signal; signals that are sent have a code of 0 or less.
bool is_raised_here(const siginfo_t &info)
{
    return info.si_code > 0;
}

/// What would have happened without any handler. A fault happens again when this returns, so giving the signal its
/// default action is enough to let it end the process where it should.
void pass_on_default(int signal, const siginfo_t &info)
{
    if (signal == kAbortSignal)
        return; // ignored by default
    sigaction(signal, &kDefault.action, nullptr);
    if (!is_raised_here(info))
        raise(signal);
}

void call(const struct sigaction &action, int signal, siginfo_t *info, void *context)
{
    sigset_t blocked = action.sa_mask;
    if ((action.sa_flags & SA_NODEFER) == 0)
        sigaddset(&blocked, signal);
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, &blocked, &mask);
    if ((action.sa_flags & SA_SIGINFO) != 0)
        action.sa_sigaction(signal, info, context);
    else
        action.sa_handler(signal);
    pthread_sigmask(SIG_SETMASK, &mask, nullptr);
}

/// What would have happened without the handler here.
void pass_on(int signal, siginfo_t *info, void *context)
{
    std::atomic<const Replaced *> &place = replaced_by(signal);
    const struct sigaction &action = place.load(std::memory_order_acquire)->action; // G1
    const bool is_function =
        (action.sa_flags & SA_SIGINFO) != 0 || (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN);
    if (!is_function && action.sa_handler == SIG_IGN && !is_raised_here(*info))
        return;
    // Two handlers that each found the other in place would pass it on for ever. A signal that comes after one that was
    // left by a jump may have its context in the same place, but this function's frame then is not below that one's.
    const auto frame = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
    if (!is_function || (context == passed_context && frame < passed_frame))
        return pass_on_default(signal, *info);
    // A handler for one signal only; the system keeps such a promise by itself for those that it calls.
    if ((static_cast<unsigned>(action.sa_flags) & SA_RESETHAND) != 0)
        place.store(&kDefault, std::memory_order_release); // G1
    passed_context = context;
    passed_frame = frame;
    call(action, signal, info, context);
    passed_context = nullptr;
}

} // namespace

void UserCodeGuard::on_request(int signal, siginfo_t *info, void *context)
{
    UserCodeGuard *guard = current_guard;
    if (info->si_code == SI_TIMER && guard != nullptr) {
        Watchdog *watchdog = guard->watchdog_.load(std::memory_order_relaxed);
        if (watchdog != nullptr && watchdog == info->si_value.sival_ptr) {
            watchdog->tick();
            if (!guard->abort_requested())
                return; // the timer is this library's: it is nobody else's business
        }
    }
    if (guard == nullptr || !guard->abort_requested())
        return pass_on(signal, info, context);
    if (!guard->is_armed())
        return;
    // Before all else: requests keep coming, and each that found the thread armed would begin to leave anew, one on top
    // of the other. Under AddressSanitizer that takes long, begins before the call, and takes a lock.
    guard->disarm();
    guard->leave(context);
}

void UserCodeGuard::on_fault(int signal, siginfo_t *info, void *context)
{
    UserCodeGuard *guard = current_guard;
    if (guard == nullptr || !guard->is_armed() || !is_raised_here(*info))
        return pass_on(signal, info, context);
    guard->disarm(); // as above
    const auto address = reinterpret_cast<uint64_t>(info->si_addr);
    guard->fault_ = {signal, info->si_code, address, signal == SIGSEGV && guard->stack_->is_overflow(address)};
    guard->leave(context);
}

void UserCodeGuard::install_handlers()
{
    static std::mutex mutex;
    const std::lock_guard lock(mutex);
    for (std::size_t i = 0; i < kSignalCount; i++) {
        struct sigaction action {};
        action.sa_sigaction = kSignals[i] == kAbortSignal ? on_request : on_fault;
        // SA_NODEFER: the handler is left by a jump, which must not leave the signal blocked.
        action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART | SA_ONSTACK;
        sigemptyset(&action.sa_mask);
        struct sigaction present {};
        sigaction(kSignals[i], nullptr, &present);
        const Replaced *last = replaced[i].load(std::memory_order_relaxed);
        const bool is_known = last != nullptr && last->action.sa_sigaction == present.sa_sigaction &&
                              last->action.sa_flags == present.sa_flags;
        // Known before it is replaced: the new handler may be called at once.
        if (present.sa_sigaction != action.sa_sigaction && !is_known)
            replaced[i].store(new Replaced{present, last}, std::memory_order_release); // G1
        sigaction(kSignals[i], &action, nullptr);
    }
}

UserCodeGuard *UserCodeGuard::bind()
{
    if (current_stack == nullptr)
        current_stack = install_stack();
    stack_ = current_stack;
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

const UserCodeOwner *UserCodeGuard::current_owner()
{
    return current_guard == nullptr ? nullptr : current_guard->owner_;
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
