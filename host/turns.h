// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_TURNS_H
#define PTO_HOST_TURNS_H

#include <condition_variable>
#include <cstdint>

namespace pto::host {

class Run;
struct Submission;

/// A place in the order in which runs and copies of a context take effect.
struct Turn {
    Turn *next = nullptr;
    Turn *previous = nullptr;
    Run *run = nullptr; ///< nullptr: a copy, from or into `address`.
    uint64_t address = 0;
    Submission *submission = nullptr; ///< Taken by the context's runner; nullptr: by the thread of the call.
    bool is_ready = true;             ///< The runner may take it: nobody is staging it.
    /// Where the thread of the call waits until it is the first; nullptr: it does not.
    std::condition_variable *arrived = nullptr;
};

/// The order of the calls: the first one has the device, all others wait. The context's lock guards it.
class TurnQueue {
public:
    Turn *first() const { return first_; }
    /// Those that are runs.
    uint32_t run_count() const { return run_count_; }

    void push(Turn &turn)
    {
        turn.previous = last_;
        turn.next = nullptr;
        (last_ == nullptr ? first_ : last_->next) = &turn;
        last_ = &turn;
        run_count_ += turn.run != nullptr ? 1 : 0;
    }

    void remove(Turn &turn)
    {
        (turn.previous == nullptr ? first_ : turn.previous->next) = turn.next;
        (turn.next == nullptr ? last_ : turn.next->previous) = turn.previous;
        run_count_ -= turn.run != nullptr ? 1 : 0;
    }

private:
    Turn *first_ = nullptr;
    Turn *last_ = nullptr;
    uint32_t run_count_ = 0;
};

} // namespace pto::host

#endif
