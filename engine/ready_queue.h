// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_READY_QUEUE_H
#define PTO_ENGINE_READY_QUEUE_H

#include "engine/task.h"

namespace pto::inline PTO_ARCH::engine {

/// Tasks that wait for nothing but a core, any number of them, for any number of threads. A stack: the newest task's
/// inputs are the warmest. The tag in the head's upper half changes with every operation, so that a head that went away
/// and came back is not mistaken for one that stayed.
class alignas(64) ReadyQueue {
public:
    void reset() { store_relaxed(head_, uint64_t{kNone}); }

    bool is_empty() const { return static_cast<uint32_t>(load_relaxed(head_)) == kNone; }

    void push(TaskSlot *slots, uint32_t index, Sharing sharing = Sharing::kShared)
    {
        uint64_t head = load_relaxed(head_);
        if (sharing == Sharing::kAlone) {
            store_relaxed(slots[index].next, static_cast<uint32_t>(head));
            store_relaxed(head_, tagged(head, index));
            return;
        }
        do {
            store_relaxed(slots[index].next, static_cast<uint32_t>(head));
        } while (!cas_release(head_, head, tagged(head, index))); // D4: pairs with pop
    }

    /// kNone when the queue is empty.
    uint32_t pop(TaskSlot *slots, Sharing sharing = Sharing::kShared)
    {
        uint64_t head = load_acquire(head_);
        if (sharing == Sharing::kAlone) {
            const uint32_t first = static_cast<uint32_t>(head);
            if (first != kNone)
                store_relaxed(head_, tagged(head, load_relaxed(slots[first].next)));
            return first;
        }
        for (;;) {
            const uint32_t index = static_cast<uint32_t>(head);
            if (index == kNone)
                return kNone;
            // The slot may be taken and reused by another thread meanwhile; then the tag has moved on and this fails.
            const uint32_t next = load_relaxed(slots[index].next);
            if (cas_strong_acq_rel(head_, head, tagged(head, next))) // D4
                return index;
        }
    }

private:
    static constexpr uint64_t tagged(uint64_t old_head, uint32_t index) { return ((old_head >> 32) + 1) << 32 | index; }

    std::atomic<uint64_t> head_{kNone};
};

} // namespace pto::inline PTO_ARCH::engine

#endif
