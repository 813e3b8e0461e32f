// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_VISITOR_H
#define PTO_HOST_VISITOR_H

#include "engine/base/atomics.h"

#include <cstdint>

namespace pto::host {

/// Threads that can have a visitor at a time.
inline constexpr uint32_t kMaxVisitors = 256;

/// Where a thread says in which slot of a table it is, for others to read: a plain store instead of a count that all
/// threads share. Whoever wants a slot for himself closes it, lets posix::process_barrier order that on all threads,
/// and looks: a thread that has not been seen by then sees that the slot is closed.
class alignas(64) Visitor {
public:
    /// The calling thread's. nullptr: this system has no such barrier, or the thread came when there was none left.
    static Visitor *own()
    {
        Visitor *visitor = own_;
        return visitor != nullptr ? visitor : find_own();
    }

    /// Whether a thread is in a slot, or looks whether it is open.
    static bool any_in(uint32_t slot);

    bool is_inside() const { return load_relaxed(place_) != 0; }
    /// What is loaded next tells whether the slot is open. From a thread that is not inside already.
    void enter(uint32_t slot)
    {
        store_release(place_, slot + 1);                     // H2, for the slot that it was in before
        std::atomic_signal_fence(std::memory_order_seq_cst); // the others' barrier does the rest
    }
    void leave() { store_release(place_, 0u); } // H2: pairs with any_in

private:
    class Tenancy;

    static Visitor *find_own();

    static Visitor all_[kMaxVisitors];
    static thread_local Visitor *own_ __attribute__((tls_model("initial-exec")));

    std::atomic<uint32_t> place_{0}; ///< Slot + 1; 0: nowhere.
    std::atomic<bool> is_taken_{false};
};

} // namespace pto::host

#endif
