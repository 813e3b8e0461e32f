// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_POSIX_SIGNAL_STACK_H
#define PTO_POSIX_SIGNAL_STACK_H

#include <cstdint>

namespace pto::posix {

/// The alternate stack that signals of one thread are handled on, for a thread that has none of its own, and where the
/// thread's ordinary stack ends.
class SignalStack {
public:
    SignalStack() = default;
    ~SignalStack();
    SignalStack(const SignalStack &) = delete;
    SignalStack &operator=(const SignalStack &) = delete;

    /// Gives the calling thread a stack unless it has one. Costs something the first time only. Without memory for it
    /// the thread does without: a stack that overflows then ends the process.
    void install();

    /// Whether an address is about where the ordinary stack ends. For handlers of signals.
    bool is_overflow(uint64_t address) const { return address - overflow_begin_ < overflow_bytes_; }

private:
    void measure();

    void *memory_ = nullptr;
    bool is_installed_ = false;
    uint64_t overflow_begin_ = 0;
    uint64_t overflow_bytes_ = 0;
};

} // namespace pto::posix

#endif
