// SPDX-License-Identifier: Apache-2.0
#include "aicpu/scheduler.h"

namespace pto::inline PTO_ARCH::aicpu {

using engine::Shape;
using engine::TaskSlot;

void Scheduler::reset(uint32_t cluster_count, const wire::KernelEntry *kernels)
{
    kernels_ = kernels;
    cores_.reset(cluster_count);
    for (Kept &kept : kept_)
        kept.slot = nullptr;
}

bool Scheduler::has_ready() const
{
    for (const engine::ReadyQueue &queue : engine_.ready)
        if (!queue.is_empty())
            return true;
    return false;
}

void Scheduler::flush(uint32_t worker)
{
    TaskSlot *kept = kept_[worker].slot;
    if (kept == nullptr)
        return;
    kept_[worker].slot = nullptr;
    engine_.push_ready(*kept);
    port_.work_ready(port_.self, 1);
}

bool Scheduler::step(uint32_t worker)
{
    if (port_.poll(port_.self, worker))
        return true;
    if (TaskSlot *kept = kept_[worker].slot; kept != nullptr) {
        kept_[worker].slot = nullptr;
        if (start(worker, *kept))
            return true;
    }
    // First the tasks that need most cores at once, which are the hardest to place. A shape whose cores are all taken
    // does not hold up the others.
    static constexpr Shape kOrder[] = {Shape::kMix, Shape::kAic, Shape::kAiv, Shape::kNoCore};
    for (const Shape shape : kOrder) {
        engine::ReadyQueue &queue = engine_.ready[static_cast<uint32_t>(shape)];
        if (queue.is_empty())
            continue;
        const uint32_t index = queue.pop(&engine_.tasks[0]);
        if (index != engine::kNone && start(worker, engine_.tasks[index]))
            return true;
    }
    return false;
}

/// Claims what one block needs and fills its runs; returns how many, 0 when the cores are not free.
uint32_t Scheduler::claim(const TaskSlot &slot, uint32_t worker, LaneRun *runs)
{
    uint32_t cluster = 0;
    uint32_t core = kNoCore;
    if (slot.shape == Shape::kMix)
        cluster = cores_.claim_lanes(slot.lane_mask, worker);
    else
        core = cores_.claim_one(slot.shape, worker);
    if (cluster == kNoCore || (slot.shape != Shape::kMix && core == kNoCore))
        return 0;
    uint32_t count = 0;
    for (uint32_t lane = 0; lane < kCoresPerCluster; lane++) {
        if ((slot.lane_mask >> lane & 1) == 0)
            continue;
        LaneRun &run = runs[count++];
        run.slot = nullptr;
        run.entry = kernels_[slot.func_id[lane]].entry;
        run.lane = lane;
        run.core = slot.shape == Shape::kMix ? core_id(cluster, lane) : core;
    }
    return count;
}

bool Scheduler::start(uint32_t worker, TaskSlot &slot)
{
    if (engine_.error.is_set()) {
        discard(worker, slot);
        return true;
    }
    if (slot.shape == Shape::kNoCore) {
        complete(worker, slot);
        return true;
    }
    LaneRun runs[kCoresPerCluster];
    const uint32_t count = claim(slot, worker, runs);
    if (count == 0) {
        engine_.push_ready(slot);
        return false;
    }
    const uint32_t block = slot.next_block++;
    for (uint32_t i = 0; i < count; i++) {
        runs[i].slot = &slot;
        runs[i].block = block;
    }
    // The other blocks go back before this one runs: it may take long, or wait for them.
    if (block + 1 < slot.block_num) {
        engine_.push_ready(slot);
        port_.work_ready(port_.self, 1);
    }
    port_.start(port_.self, worker, runs, count);
    return true;
}

/// After an error: counts the blocks that will not start as done, so that the run drains.
void Scheduler::discard(uint32_t worker, TaskSlot &slot)
{
    const uint32_t unstarted = (slot.block_num - slot.next_block) * engine::lane_count(slot);
    if (slot.shape == Shape::kNoCore || fetch_sub_acq_rel(slot.lanes_left, unstarted) == unstarted)
        complete(worker, slot);
}

void Scheduler::lane_done(uint32_t worker, const LaneRun &run)
{
    cores_.release(run.core);
    std::atomic<uint64_t> &kernels = engine_.counts[worker].kernels;
    store_relaxed(kernels, load_relaxed(kernels) + 1);
    TaskSlot &slot = *run.slot;
    const bool alone = slot.block_num == 1 && slot.shape != Shape::kMix;
    if (alone || fetch_sub_acq_rel(slot.lanes_left, 1) == 1)
        complete(worker, slot);
}

void Scheduler::complete(uint32_t worker, TaskSlot &slot)
{
    TaskSlot *next = engine_.complete(worker, slot);
    if (next == nullptr)
        return;
    if (kept_[worker].slot == nullptr) {
        kept_[worker].slot = next;
        return;
    }
    engine_.push_ready(*next);
    port_.work_ready(port_.self, 1);
}

} // namespace pto::inline PTO_ARCH::aicpu
