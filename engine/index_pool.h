// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_INDEX_POOL_H
#define PTO_ENGINE_INDEX_POOL_H

#include "engine/base/carver.h"
#include "engine/task.h"

namespace pto::inline PTO_ARCH::engine {

/// A pool of equal records addressed by index, for one thread. Free records are linked through `T::pool_next()`. Fresh
/// records are handed out in order, so memory is touched up to the high-water mark only, and a reset costs nothing.
template <class T> class IndexPool {
public:
    void layout(Carver &carver, uint32_t capacity)
    {
        own_ = carver.take<T>(capacity);
        records_ = own_;
        capacity_ = capacity;
    }

    void reset() { records_ = own_, clear(), peak_ = 0; }
    /// Until the next reset: records that are somebody else's, all of them in use.
    void lend(T *records, uint32_t count) { records_ = records, used_ = peak_ = count; }
    /// Takes all records back; the peak stays.
    void clear() { bump_ = 0, used_ = 0, free_head_ = kNone; }

    /// kNone when the pool is exhausted.
    uint32_t allocate()
    {
        uint32_t index = free_head_;
        if (index != kNone)
            free_head_ = records_[index].pool_next();
        else if (bump_ < capacity_)
            index = bump_++;
        else
            return kNone;
        used_++;
        peak_ = used_ > peak_ ? used_ : peak_;
        return index;
    }

    void release(uint32_t index)
    {
        records_[index].pool_next() = free_head_;
        free_head_ = index;
        used_--;
    }

    T &operator[](uint32_t index) { return records_[index]; }
    const T &operator[](uint32_t index) const { return records_[index]; }

    uint32_t capacity() const { return capacity_; }
    uint32_t used() const { return used_; }
    uint32_t peak() const { return peak_; }
    uint32_t available() const { return capacity_ - used_; }
    bool ever_used(uint32_t index) const { return index < bump_; }

private:
    T *records_ = nullptr;
    T *own_ = nullptr;
    uint32_t capacity_ = 0;
    uint32_t bump_ = 0;
    uint32_t used_ = 0;
    uint32_t peak_ = 0;
    uint32_t free_head_ = kNone;
};

} // namespace pto::inline PTO_ARCH::engine

#endif
