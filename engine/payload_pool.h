// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_PAYLOAD_POOL_H
#define PTO_ENGINE_PAYLOAD_POOL_H

#include "engine/base/carver.h"
#include "engine/base/memory.h"
#include "engine/predicate.h"
#include "engine/task.h"

#include <bit>

namespace pto::inline PTO_ARCH::engine {

/// Arguments of tasks: descriptors, then scalars. Blocks of 2^class lines of 64 bytes, a free list per class, fresh
/// ones from the end; for one thread.
class PayloadPool {
public:
    static constexpr uint32_t kLineBytes = 64;
    static constexpr uint32_t kClasses = 8; // 64 B .. 8 KiB: 32 tensors and 16 scalars fill 66 lines

    void layout(Carver &carver, uint32_t lines)
    {
        own_ = carver.take<Line>(lines);
        lines_ = own_;
        capacity_ = lines;
    }

    /// Until the next reset: blocks that are somebody else's, laid out by index in lines.
    void lend(std::byte *lines) { lines_ = reinterpret_cast<Line *>(lines); }

    void reset()
    {
        lines_ = own_;
        bump_ = 0;
        live_ = 0;
        for (uint32_t &head : free_head_)
            head = kNone;
    }

    static constexpr uint32_t class_of(uint32_t tensor_count, uint32_t scalar_count, bool has_predicate = false)
    {
        const uint32_t words = scalar_count + (has_predicate ? kPredicateWords : 0);
        const uint32_t bytes = tensor_count * uint32_t{sizeof(pto_tensor)} + words * uint32_t{sizeof(uint64_t)};
        const uint32_t lines = bytes == 0 ? 1 : (bytes + kLineBytes - 1) / kLineBytes;
        return static_cast<uint32_t>(std::bit_width(lines - 1));
    }

    /// kNone when the pool is exhausted.
    uint32_t allocate(uint32_t size_class)
    {
        const uint32_t index = free_head_[size_class];
        if (index != kNone) {
            free_head_[size_class] = next_of(index);
            live_++;
            return index;
        }
        const uint32_t count = 1u << size_class;
        if (capacity_ - bump_ < count)
            return kNone;
        bump_ += count;
        live_++;
        return bump_ - count;
    }

    void release(uint32_t index, uint32_t size_class)
    {
        memcpy(lines_ + index, &free_head_[size_class], sizeof(uint32_t));
        free_head_[size_class] = index;
        live_--;
    }

    pto_tensor *tensors(uint32_t index) { return reinterpret_cast<pto_tensor *>(lines_ + index); }
    uint64_t *scalars(const TaskSlot &slot)
    {
        return reinterpret_cast<uint64_t *>(tensors(slot.payload) + slot.tensor_count);
    }

    Predicate &predicate(const TaskSlot &slot)
    {
        return *reinterpret_cast<Predicate *>(scalars(slot) + slot.scalar_count);
    }

    uint32_t capacity() const { return capacity_; }
    uint32_t available() const { return capacity_ - bump_; }
    uint32_t live() const { return live_; }

private:
    struct alignas(64) Line {
        std::byte bytes[kLineBytes];
    };

    uint32_t next_of(uint32_t index) const
    {
        uint32_t next;
        memcpy(&next, lines_ + index, sizeof next);
        return next;
    }

    Line *lines_ = nullptr;
    Line *own_ = nullptr;
    uint32_t capacity_ = 0;
    uint32_t bump_ = 0;
    uint32_t live_ = 0; ///< Blocks that are handed out.
    uint32_t free_head_[kClasses] = {};
};
static_assert(PayloadPool::class_of(PTO_KERNEL_MAX_TENSORS, PTO_KERNEL_MAX_SCALARS + kPredicateWords) <
              PayloadPool::kClasses);

} // namespace pto::inline PTO_ARCH::engine

#endif
