// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_AICPU_COHORT_H
#define PTO_AICPU_COHORT_H

#include "aicpu/core_pool.h"

namespace pto::inline PTO_ARCH::aicpu {

/// Collects cores for one task whose blocks start together. It keeps those that it has until it has them all, and while
/// it collects nobody else may start on cores of their types: so every cohort that fits on the chip gets its turn. One
/// at a time, since two that hold half of the chip each would wait for ever.
class Cohort {
public:
    void reset()
    {
        store_relaxed(locked_, false);
        store_relaxed(closed_, 0u);
        slot_ = nullptr;
        count_ = 0;
    }

    /// Whether a task is collecting.
    bool is_collecting() const { return load_relaxed(closed_) != 0; }
    /// Lanes on which nobody else may start meanwhile; 0: none is collecting. A look from outside the lock may be late,
    /// which costs the cohort the time of one more kernel.
    uint32_t closed_lanes() const { return load_relaxed(closed_); }

    /// Lanes on which a task may come to run: a kernel on one vector core takes either of a cluster.
    static uint32_t lanes_of(const engine::TaskSlot &slot)
    {
        constexpr uint32_t kBothAiv = 1u << engine::kLaneAiv0 | 1u << engine::kLaneAiv1;
        return slot.lane_mask | ((slot.lane_mask & kBothAiv) != 0 ? kBothAiv : 0);
    }

    /// False when another thread is at it. The rest is done under this lock.
    bool try_lock()
    {
        bool unlocked = false;
        return !load_relaxed(locked_) && cas_strong_acq_rel(locked_, unlocked, true); // C2
    }
    void unlock() { store_release(locked_, false); } // C2

    engine::TaskSlot *slot() const { return slot_; }
    uint32_t place(uint32_t block) const { return places_[block]; }

    void begin(engine::TaskSlot &slot)
    {
        slot_ = &slot;
        count_ = 0;
        store_relaxed(closed_, lanes_of(slot));
    }

    void end()
    {
        slot_ = nullptr;
        store_relaxed(closed_, 0u);
    }

    /// Takes what is idle now. True once there is a place for each block: a cluster for a MIX task, else a core.
    bool collect(CorePool &cores)
    {
        while (count_ < slot_->block_num) {
            const uint32_t place = slot_->shape == engine::Shape::kMix ? cores.claim_lanes(slot_->lane_mask, count_)
                                                                       : cores.claim_one(slot_->shape, count_);
            if (place == kNoCore)
                return false;
            places_[count_++] = static_cast<uint8_t>(place);
        }
        return true;
    }

    void give_back(CorePool &cores)
    {
        while (count_ > 0) {
            const uint32_t place = places_[--count_];
            if (slot_->shape == engine::Shape::kMix)
                cores.release_lanes(place, slot_->lane_mask);
            else
                cores.release(place);
        }
    }

private:
    static_assert(kMaxCores <= UINT8_MAX);

    std::atomic<bool> locked_{false};
    std::atomic<uint32_t> closed_{0};
    engine::TaskSlot *slot_ = nullptr;
    uint32_t count_ = 0;
    uint8_t places_[kMaxCores] = {};
};

} // namespace pto::inline PTO_ARCH::aicpu

#endif
