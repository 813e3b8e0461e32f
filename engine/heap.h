// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_HEAP_H
#define PTO_ENGINE_HEAP_H

#include "engine/base/carver.h"
#include "engine/base/hot.h"
#include "engine/index_pool.h"

namespace pto::inline PTO_ARCH::engine {

/// Device-heap allocator: two-level segregated fit, O(1) for both operations, for one thread. Memory that was given
/// back is used first; the rest, from `top_` on, is cut off in order. What it hands out is never touched; its books are
/// kept outside, in the arena, so that the memory may be anywhere.
class Heap {
public:
    static constexpr uint32_t kGranuleBytes = 1024; ///< Size unit and alignment of every allocation.

    void layout(Carver &carver, uint32_t max_blocks) { blocks_.layout(carver, max_blocks); }

    /// Forgets all allocations and manages [base, base + size_bytes), whose base is a multiple of kGranuleBytes.
    void reset(uint64_t base, uint64_t size_bytes);

    /// Block index, kNone when no free block is large enough. `size_bytes` > 0.
    PTO_HOT uint32_t allocate(uint64_t size_bytes)
    {
        const uint64_t granules = (size_bytes - 1) / kGranuleBytes + 1;
        if (granules > capacity_ - used_)
            return kNone;
        const uint32_t size = static_cast<uint32_t>(granules);
        const uint32_t index = first_bitmap_ == 0 ? extend(size) : reuse(size);
        if (index == kNone)
            return kNone;
        used_ += blocks_[index].size;
        peak_ = used_ > peak_ ? used_ : peak_;
        return index;
    }
    void release(uint32_t block);

    uint64_t address(uint32_t block) const { return base_ + uint64_t{blocks_[block].start} * kGranuleBytes; }
    uint64_t size_bytes(uint32_t block) const { return uint64_t{blocks_[block].size} * kGranuleBytes; }
    uint64_t capacity_bytes() const { return uint64_t{capacity_} * kGranuleBytes; }
    uint64_t used_bytes() const { return uint64_t{used_} * kGranuleBytes; }
    uint64_t peak_bytes() const { return uint64_t{peak_} * kGranuleBytes; }

private:
    static constexpr uint32_t kSubBits = 3;
    static constexpr uint32_t kSubCount = 1u << kSubBits;
    static constexpr uint32_t kClassCount = 32 - kSubBits + 1; ///< One for sizes below kSubCount, one per power of two.

    struct Block {
        uint32_t start; ///< In granules, like size.
        uint32_t size;
        uint32_t prev_address; ///< Neighbours in memory.
        uint32_t next_address;
        uint32_t prev_free; ///< Neighbours in the class's list.
        uint32_t next_free;
        bool is_free;

        uint32_t &pool_next() { return next_free; }
    };
    struct Class {
        uint32_t first;
        uint32_t second;
    };

    static Class class_of(uint32_t size);
    static Class next_class(Class of)
    {
        return of.second + 1 < kSubCount ? Class{of.first, of.second + 1} : Class{of.first + 1, 0};
    }
    uint32_t find_free(uint32_t size) const;
    uint32_t reuse(uint32_t size);
    /// A new block from the memory that no block has.
    PTO_HOT uint32_t extend(uint32_t size)
    {
        const uint32_t index = size <= capacity_ - top_ ? blocks_.allocate() : kNone;
        if (index == kNone)
            return kNone;
        blocks_[index] = {top_, size, last_, kNone, kNone, kNone, false};
        if (last_ != kNone)
            blocks_[last_].next_address = index;
        last_ = index;
        top_ += size;
        return index;
    }
    uint32_t first_at_or_above(Class from) const;
    void link(uint32_t index);
    void unlink(uint32_t index);
    void absorb_next(uint32_t index);
    void split(uint32_t index, uint32_t size);

    IndexPool<Block> blocks_;
    uint64_t base_ = 0;
    uint32_t capacity_ = 0;
    uint32_t used_ = 0;
    uint32_t peak_ = 0;
    uint32_t top_ = 0;      ///< From here on everything is free, and in no block.
    uint32_t last_ = kNone; ///< The block before it.
    uint32_t first_bitmap_ = 0;
    uint8_t second_bitmap_[kClassCount] = {};
    uint32_t heads_[kClassCount][kSubCount] = {};
};

} // namespace pto::inline PTO_ARCH::engine

#endif
