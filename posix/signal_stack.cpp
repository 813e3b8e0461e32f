// SPDX-License-Identifier: Apache-2.0
#include "posix/signal_stack.h"

#include <csignal>
#include <cstddef>
#include <pthread.h>
#include <sys/mman.h>

namespace pto::posix {
namespace {

constexpr std::size_t kBytes = std::size_t{64} << 10;

/// How far from the end of its stack a function that overflows it may touch first.
constexpr uint64_t kSlackBytes = uint64_t{64} << 10;

} // namespace

void SignalStack::install()
{
    if (is_installed_)
        return;
    is_installed_ = true;
    measure();
    stack_t present{};
    if (sigaltstack(nullptr, &present) != 0 || (present.ss_flags & SS_DISABLE) == 0)
        return;
    void *memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED)
        return;
    stack_t stack{};
    stack.ss_sp = memory;
    stack.ss_size = kBytes;
    if (sigaltstack(&stack, nullptr) == 0)
        memory_ = memory;
    else
        munmap(memory, kBytes);
}

void SignalStack::measure()
{
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return;
    void *lowest = nullptr;
    std::size_t size = 0;
    std::size_t guard = 0;
    if (pthread_attr_getstack(&attributes, &lowest, &size) == 0 &&
        pthread_attr_getguardsize(&attributes, &guard) == 0) {
        overflow_begin_ = reinterpret_cast<uint64_t>(lowest) - guard - kSlackBytes;
        overflow_bytes_ = 2 * (guard + kSlackBytes);
    }
    pthread_attr_destroy(&attributes);
}

SignalStack::~SignalStack()
{
    if (memory_ == nullptr)
        return;
    stack_t present{};
    if (sigaltstack(nullptr, &present) == 0 && present.ss_sp == memory_) {
        stack_t none{};
        none.ss_flags = SS_DISABLE;
        sigaltstack(&none, nullptr);
    }
    munmap(memory_, kBytes);
}

} // namespace pto::posix
