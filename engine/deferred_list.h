// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_DEFERRED_LIST_H
#define PTO_ENGINE_DEFERRED_LIST_H

#include "engine/base/carver.h"
#include "engine/port.h"
#include "engine/task.h"

namespace pto::inline PTO_ARCH::engine {

/// Tasks whose kernels have returned but whose counters have not arrived yet. Any thread adds, any thread polls, one at
/// a time; both are rare beside the hot path, which looks at one word.
class DeferredList {
public:
    struct Entry {
        uint64_t counter; ///< Address of a 32-bit counter.
        uint32_t expected;
        uint32_t slot;
    };

    void layout(Carver &carver, uint32_t capacity)
    {
        entries_ = carver.take<Entry>(capacity);
        capacity_ = capacity;
    }

    void reset()
    {
        store_relaxed(count_, 0u);
        store_relaxed(locked_, false);
        cursor_ = 0;
    }

    bool is_empty() const { return load_relaxed(count_) == 0; }
    uint32_t count() const { return load_relaxed(count_); }
    uint32_t capacity() const { return capacity_; }

    /// False when another thread is at it.
    bool try_lock()
    {
        bool unlocked = false;
        return !load_relaxed(locked_) && cas_strong_acq_rel(locked_, unlocked, true); // D6
    }
    void unlock() { store_release(locked_, false); } // D6

    /// Under the lock. False when the list is full.
    bool add(const Entry &entry)
    {
        const uint32_t count = load_relaxed(count_);
        if (count == capacity_)
            return false;
        entries_[count] = entry;
        store_relaxed(count_, count + 1);
        return true;
    }

    /// Under the lock: looks at up to kLook entries in turn and takes out one that has arrived, or any with `all`.
    bool take_arrived(bool all, const Port &port, Entry *out)
    {
        const uint32_t count = load_relaxed(count_);
        for (uint32_t i = 0; i < kLook && i < count; i++) {
            cursor_ = cursor_ + 1 < count ? cursor_ + 1 : 0;
            const Entry &entry = entries_[cursor_];
            // Whoever counts writes its data first and the counter with release.
            port.see(entry.counter, sizeof(uint32_t));
            const auto *counter = reinterpret_cast<const std::atomic<uint32_t> *>(entry.counter);
            if (!all && load_acquire(*counter) < entry.expected)
                continue;
            *out = entry;
            entries_[cursor_] = entries_[count - 1];
            store_relaxed(count_, count - 1);
            return true;
        }
        return false;
    }

    /// Under the lock: any entry, nullptr when there is none.
    const Entry *any() const { return load_relaxed(count_) == 0 ? nullptr : &entries_[0]; }

private:
    static constexpr uint32_t kLook = 32; ///< Bounds the time of one poll.

    Entry *entries_ = nullptr;
    uint32_t capacity_ = 0;
    uint32_t cursor_ = 0;
    std::atomic<uint32_t> count_{0};
    std::atomic<bool> locked_{false};
};

} // namespace pto::inline PTO_ARCH::engine

#endif
