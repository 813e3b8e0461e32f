// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_AICPU_COHORT_H
#define PTO_AICPU_COHORT_H

#include "aicpu/core_pool.h"

namespace pto::inline PTO_ARCH::aicpu {

/// Collects cores for one task whose blocks start together. It keeps those that it has until it has them all, and while
/// it collects nobody else may start: so every cohort that fits on the chip gets its turn. One at a time, since two
/// that hold half of the chip each would wait for ever.
class Cohort {
public:
    void reset()
    {
        store_relaxed(locked_, false);
        store_relaxed(collecting_, false);
        slot_ = nullptr;
        count_ = 0;
    }

    /// Whether a task is collecting: others leave the cores alone then.
    bool is_collecting() const { return load_relaxed(collecting_); }

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
        store_relaxed(collecting_, true);
    }

    void end()
    {
        slot_ = nullptr;
        store_relaxed(collecting_, false);
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
    std::atomic<bool> collecting_{false};
    engine::TaskSlot *slot_ = nullptr;
    uint32_t count_ = 0;
    uint8_t places_[kMaxCores] = {};
};

} // namespace pto::inline PTO_ARCH::aicpu

#endif
