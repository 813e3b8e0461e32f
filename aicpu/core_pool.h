// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_AICPU_CORE_POOL_H
#define PTO_AICPU_CORE_POOL_H

#include "engine/task.h"

namespace pto::inline PTO_ARCH::aicpu {

inline constexpr uint32_t kNoCore = UINT32_MAX;

/// Core ids: cluster * 3 + lane.
constexpr uint32_t core_id(uint32_t cluster, uint32_t lane)
{
    return cluster * kCoresPerCluster + lane;
}

/// Which cores are taken. Each core is a word of its own, so that taking an idle one is a single uncontended
/// compare-and-swap and giving it back a plain store. Any thread.
class CorePool {
public:
    void reset(uint32_t cluster_count)
    {
        cluster_count_ = cluster_count;
        for (std::atomic<uint32_t> &taken : taken_)
            store_relaxed(taken, 0u);
    }

    uint32_t cluster_count() const { return cluster_count_; }

    /// Takes one core of a type, looking at cluster `home` first; kNoCore when all are taken.
    uint32_t claim_one(engine::Shape shape, uint32_t home, Sharing sharing = Sharing::kShared)
    {
        uint32_t cluster = home < cluster_count_ ? home : home % cluster_count_;
        for (uint32_t i = 0; i < cluster_count_; i++) {
            if (shape == engine::Shape::kAic) {
                if (claim(core_id(cluster, engine::kLaneAic), sharing))
                    return core_id(cluster, engine::kLaneAic);
            } else {
                if (claim(core_id(cluster, engine::kLaneAiv0), sharing))
                    return core_id(cluster, engine::kLaneAiv0);
                if (claim(core_id(cluster, engine::kLaneAiv1), sharing))
                    return core_id(cluster, engine::kLaneAiv1);
            }
            cluster = cluster + 1 == cluster_count_ ? 0 : cluster + 1;
        }
        return kNoCore;
    }

    /// Takes the lanes of `lane_mask` in one cluster, all or none; returns the cluster, kNoCore when none has them
    /// idle.
    uint32_t claim_lanes(uint32_t lane_mask, uint32_t home)
    {
        for (uint32_t i = 0, cluster = home % cluster_count_; i < cluster_count_; i++) {
            if (claim_in(cluster, lane_mask))
                return cluster;
            cluster = cluster + 1 == cluster_count_ ? 0 : cluster + 1;
        }
        return kNoCore;
    }

    /// Of the cores that one block of a task needs, how many it could have now: of one type anywhere, or the lanes of
    /// `lane_mask` in the cluster that has most of them idle. A glance: others take and give back meanwhile.
    uint32_t idle_for(engine::Shape shape, uint32_t lane_mask) const
    {
        const uint32_t lanes = shape == engine::Shape::kMix   ? lane_mask
                               : shape == engine::Shape::kAic ? 1u << engine::kLaneAic
                                                              : 1u << engine::kLaneAiv0 | 1u << engine::kLaneAiv1;
        uint32_t sum = 0;
        uint32_t most = 0;
        for (uint32_t cluster = 0; cluster < cluster_count_; cluster++) {
            uint32_t idle = 0;
            for (uint32_t lane = 0; lane < kCoresPerCluster; lane++)
                idle += (lanes >> lane & 1) != 0 && load_relaxed(taken_[core_id(cluster, lane)]) == 0 ? 1 : 0;
            sum += idle;
            most = idle > most ? idle : most;
        }
        return shape == engine::Shape::kMix ? most : sum;
    }

    void release(uint32_t core) { store_release(taken_[core], 0u); } // C1: pairs with claim

    void release_lanes(uint32_t cluster, uint32_t lane_mask)
    {
        for (uint32_t lane = 0; lane < kCoresPerCluster; lane++)
            if ((lane_mask >> lane & 1) != 0)
                release(core_id(cluster, lane));
    }

private:
    bool claim(uint32_t core, Sharing sharing = Sharing::kShared)
    {
        if (load_acquire(taken_[core]) != 0) // C1
            return false;
        if (sharing == Sharing::kAlone) {
            store_relaxed(taken_[core], 1u);
            return true;
        }
        uint32_t idle = 0;
        return cas_strong_acq_rel(taken_[core], idle, 1u); // C1
    }

    bool claim_in(uint32_t cluster, uint32_t lane_mask)
    {
        for (uint32_t lane = 0; lane < kCoresPerCluster; lane++) {
            if ((lane_mask >> lane & 1) == 0 || claim(core_id(cluster, lane)))
                continue;
            while (lane-- > 0)
                if ((lane_mask >> lane & 1) != 0)
                    release(core_id(cluster, lane));
            return false;
        }
        return true;
    }

    std::atomic<uint32_t> taken_[kMaxCores];
    uint32_t cluster_count_ = 0;
};

} // namespace pto::inline PTO_ARCH::aicpu

#endif
