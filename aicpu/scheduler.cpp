// SPDX-License-Identifier: Apache-2.0
#include "aicpu/scheduler.h"

namespace pto::inline PTO_ARCH::aicpu {

using engine::Shape;
using engine::TaskSlot;

namespace {

/// Kept tasks that a worker runs before it looks whether others are waiting.
constexpr uint32_t kPassedOver = 8;

} // namespace

void Scheduler::reset(uint32_t cluster_count, const wire::KernelEntry *kernels)
{
    kernels_ = kernels;
    // All cores are idle at the end of a run, but for one that was abandoned, and that is the device's last.
    if (cores_.cluster_count() != cluster_count)
        cores_.reset(cluster_count);
    cohort_.reset();
    for (uint32_t i = 0, count = load_relaxed(engine_.engaged); i < count; i++)
        kept_[i].slot = nullptr; // those of other workers are empty: they are all at the end of a run
}

bool Scheduler::has_ready() const
{
    if (cohort_.is_collecting())
        return true;
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
    engine_.push_ready(*kept, engine_.sharing(worker));
    port_.work_ready(port_.self, 1);
}

/// The task is complete; keeps one that it makes ready.
PTO_HOT void Scheduler::finish(uint32_t worker, TaskSlot &slot)
{
    TaskSlot *next = engine_.complete(worker, slot);
    if (next == nullptr)
        return;
    // A cohort is started by whoever finds its cores, not by whoever completed its last producer.
    if (kept_[worker].slot == nullptr && (next->flags & engine::kSyncStart) == 0) {
        kept_[worker].slot = next;
        return;
    }
    engine_.push_ready(*next);
    port_.work_ready(port_.self, 1);
}

void Scheduler::complete(uint32_t worker, TaskSlot &slot)
{
    finish(worker, slot);
}

void Scheduler::count_down(uint32_t worker, TaskSlot &slot, uint32_t instances)
{
    if (fetch_sub_acq_rel(slot.lanes_left, instances, engine_.sharing(worker)) == instances)
        complete(worker, slot);
}

PTO_HOT void Scheduler::end_lane(uint32_t worker, const LaneRun &run)
{
    cores_.release(run.core);
    std::atomic<uint64_t> &kernels = engine_.counts[worker].kernels;
    store_relaxed(kernels, load_relaxed(kernels) + 1);
    TaskSlot &slot = *run.slot;
    const bool alone = slot.block_num == 1 && slot.shape != Shape::kMix && load_acquire(slot.lanes_left) == 1;
    if (alone)
        return finish(worker, slot);
    count_down(worker, slot, 1);
}

void Scheduler::lane_done(uint32_t worker, const LaneRun &run)
{
    end_lane(worker, run);
}

/// False: the task's predicate does not hold, and it is complete.
PTO_HOT bool Scheduler::is_to_run(uint32_t worker, TaskSlot &slot)
{
    return (slot.flags & engine::kUndecided) == 0 || decide(worker, slot);
}

/// Looks at the predicate, once.
bool Scheduler::decide(uint32_t worker, TaskSlot &slot)
{
    slot.flags = static_cast<uint8_t>(slot.flags & ~engine::kUndecided);
    if (engine::holds(engine_.tasks.payload.predicate(slot), engine_.port))
        return true;
    std::atomic<uint64_t> &skipped = engine_.counts[worker].skipped;
    store_relaxed(skipped, load_relaxed(skipped) + 1);
    complete(worker, slot);
    return false;
}

/// The next block to run. The others go back before it runs: it may take long, or wait for them.
PTO_HOT uint32_t Scheduler::take_block(uint32_t worker, TaskSlot &slot)
{
    const uint32_t block = slot.next_block++;
    if (block + 1 < slot.block_num) {
        engine_.push_ready(slot, engine_.sharing(worker));
        port_.work_ready(port_.self, 1);
    }
    return block;
}

PTO_HOT bool Scheduler::start(uint32_t worker, TaskSlot &slot)
{
    if (engine_.error.is_set()) {
        discard(worker, slot);
        return true;
    }
    if (!is_to_run(worker, slot))
        return true;
    if (slot.shape == Shape::kNoCore) {
        complete(worker, slot);
        return true;
    }
    if (slot.shape == Shape::kMix)
        return start_mix(worker, slot);
    const uint32_t core = cores_.claim_one(slot.shape, worker, engine_.sharing(worker));
    if (core == kNoCore) {
        engine_.push_ready(slot, engine_.sharing(worker));
        return false;
    }
    const uint32_t lane = slot.lane_mask >> 1; // of the masks with one bit
    const uint64_t entry = kernels_[slot.func_id[lane]].entry;
    const LaneRun run = {&slot, entry, take_block(worker, slot), lane, core};
    if (port_.start(port_.self, worker, &run, 1))
        end_lane(worker, run);
    return true;
}

/// Nothing is kept afterwards: a worker that finds no work may be away for long.
PTO_HOT bool Scheduler::take_kept(uint32_t worker, uint32_t closed)
{
    TaskSlot *kept = kept_[worker].slot;
    if (kept == nullptr)
        return false;
    if ((Cohort::lanes_of(*kept) & closed) != 0) {
        flush(worker);
        return false;
    }
    kept_[worker].slot = nullptr;
    note_passed_over(worker);
    return start(worker, *kept);
}

/// A worker that follows one task with the next leaves those in the queues waiting: they are work for somebody else,
/// however few they are.
PTO_HOT void Scheduler::note_passed_over(uint32_t worker)
{
    if (++kept_[worker].in_a_row % kPassedOver == 0)
        tell_of_passed_over();
}

void Scheduler::tell_of_passed_over()
{
    if (has_ready())
        port_.work_ready(port_.self, kPassedOver);
}

/// First the tasks that need most cores at once, which are the hardest to place. A shape whose cores are all taken does
/// not hold up the others.
PTO_HOT bool Scheduler::take_ready(uint32_t worker, uint32_t closed)
{
    struct Candidate {
        Shape shape;
        uint32_t lanes; ///< That its tasks may need.
    };
    static constexpr Candidate kOrder[] = {
        {Shape::kMix, 1u << engine::kLaneAic | 1u << engine::kLaneAiv0 | 1u << engine::kLaneAiv1},
        {Shape::kAic, 1u << engine::kLaneAic},
        {Shape::kAiv, 1u << engine::kLaneAiv0 | 1u << engine::kLaneAiv1},
        {Shape::kNoCore, 0}};
    for (const Candidate &candidate : kOrder) {
        engine::ReadyQueue &queue = engine_.ready[static_cast<uint32_t>(candidate.shape)];
        if (queue.is_empty() || (candidate.lanes & closed) != 0)
            continue;
        const uint32_t index = queue.pop(&engine_.tasks[0], engine_.sharing(worker));
        if (index != engine::kNone && start(worker, engine_.tasks[index]))
            return true;
    }
    return false;
}

PTO_HOT bool Scheduler::step_once(uint32_t worker)
{
    if (load_relaxed(*port_.under_way) != 0 && port_.poll(port_.self, worker))
        return true;
    if (!engine_.deferred.is_empty() && poll_deferred(worker))
        return true;
    if ((cohort_.is_collecting() || !engine_.ready[engine::kCohortQueue].is_empty()) && step_cohort(worker))
        return true;
    // While a cohort collects cores, those of their types that become idle are for it alone; its turn ends when the
    // kernels that run there have.
    const uint32_t closed = cohort_.closed_lanes();
    return take_kept(worker, closed) || take_ready(worker, closed);
}

uint32_t Scheduler::steps(uint32_t worker, uint32_t limit)
{
    uint32_t count = 0;
    while (count < limit && step_once(worker))
        count++;
    return count;
}

/// Makes the instances of one block, which has its cores: `place` is a cluster for a MIX task, else a core.
uint32_t Scheduler::fill_runs(TaskSlot &slot, uint32_t place, uint32_t block, LaneRun *runs) const
{
    uint32_t count = 0;
    for (uint32_t lane = 0; lane < kCoresPerCluster; lane++) {
        if ((slot.lane_mask >> lane & 1) == 0)
            continue;
        const uint32_t core = slot.shape == Shape::kMix ? core_id(place, lane) : place;
        runs[count++] = {&slot, kernels_[slot.func_id[lane]].entry, block, lane, core};
    }
    return count;
}

bool Scheduler::start_mix(uint32_t worker, TaskSlot &slot)
{
    const uint32_t cluster = cores_.claim_lanes(slot.lane_mask, worker);
    if (cluster == kNoCore) {
        engine_.push_ready(slot);
        return false;
    }
    LaneRun runs[kCoresPerCluster];
    const uint32_t count = fill_runs(slot, cluster, slot.next_block, runs);
    take_block(worker, slot);
    if (port_.start(port_.self, worker, runs, count))
        end_lane(worker, runs[0]);
    return true;
}

/// Lets the task that collects cores take what is idle, and starts it once it has them all.
bool Scheduler::step_cohort(uint32_t worker)
{
    engine::ReadyQueue &queue = engine_.ready[engine::kCohortQueue];
    if ((!cohort_.is_collecting() && queue.is_empty()) || !cohort_.try_lock())
        return false;
    if (cohort_.slot() == nullptr) {
        const uint32_t index = queue.pop(&engine_.tasks[0]);
        if (index == engine::kNone) {
            cohort_.unlock();
            return false;
        }
        TaskSlot &next = engine_.tasks[index];
        if (!engine_.error.is_set() && !is_to_run(worker, next)) {
            cohort_.unlock();
            return true;
        }
        cohort_.begin(next);
    }
    TaskSlot &slot = *cohort_.slot();
    if (engine_.error.is_set()) {
        cohort_.give_back(cores_);
        cohort_.end();
        cohort_.unlock();
        discard(worker, slot);
        return true;
    }
    if (!cohort_.collect(cores_)) {
        cohort_.unlock();
        return false;
    }
    start_cohort(worker, slot);
    return true;
}

/// Starts all blocks: the first one on this worker, once the others have been handed out.
void Scheduler::start_cohort(uint32_t worker, TaskSlot &slot)
{
    LaneRun runs[kCoresPerCluster];
    slot.next_block = slot.block_num;
    for (uint32_t block = 1; block < slot.block_num; block++) {
        const uint32_t count = fill_runs(slot, cohort_.place(block), block, runs);
        port_.offer(port_.self, worker, runs, count);
    }
    const uint32_t count = fill_runs(slot, cohort_.place(0), 0, runs);
    cohort_.end();
    cohort_.unlock();
    flush(worker); // the block may take long
    if (port_.start(port_.self, worker, runs, count))
        end_lane(worker, runs[0]);
}

/// After an error: counts the blocks that will not start as done, so that the run drains.
void Scheduler::discard(uint32_t worker, TaskSlot &slot)
{
    if (slot.shape == Shape::kNoCore)
        return complete(worker, slot);
    count_down(worker, slot, (slot.block_num - slot.next_block) * engine::lane_count(slot));
}

bool Scheduler::is_sound(const pto_completion &completion) const
{
    return completion.completion_type == PTO_COMPLETION_COUNTER && completion.addr % sizeof(uint32_t) == 0 &&
           completion.addr >= engine_.memory_base &&
           completion.addr - engine_.memory_base <= engine_.memory_bytes - sizeof(uint32_t);
}

namespace {

wire::ErrorRecord lane_error(pto_status status, const LaneRun &run)
{
    wire::ErrorRecord record = engine::error_record(status);
    record.task = run.slot->ordinal;
    record.func_id = run.slot->func_id[run.lane];
    record.core = static_cast<int32_t>(run.core);
    return record;
}

} // namespace

void Scheduler::lane_overflowed(const LaneRun &run)
{
    wire::ErrorRecord record = lane_error(PTO_ERROR_INVALID_COMPLETION, run);
    record.resource = wire::Resource::kCompletions;
    record.available = PTO_KERNEL_MAX_COMPLETIONS;
    record.needed = PTO_KERNEL_MAX_COMPLETIONS + 1;
    engine_.error.set(record, "task %u: kernel %d deferred its completion to more than %u counters", run.slot->ordinal,
                      record.func_id, PTO_KERNEL_MAX_COMPLETIONS);
}

__attribute__((noinline, cold)) void Scheduler::refuse_completion(const LaneRun &run, const pto_completion &completion)
{
    const wire::ErrorRecord record = lane_error(PTO_ERROR_INVALID_COMPLETION, run);
    engine_.error.set(record, "task %u: kernel %d deferred its completion to type %d at 0x%llx, no counter",
                      run.slot->ordinal, record.func_id, completion.completion_type,
                      static_cast<unsigned long long>(completion.addr));
}

__attribute__((noinline, cold)) void Scheduler::refuse_deferral(const LaneRun &run)
{
    wire::ErrorRecord record = lane_error(PTO_ERROR_CAPACITY, run);
    record.resource = wire::Resource::kCompletions;
    record.available = engine_.deferred.capacity();
    record.needed = engine_.deferred.capacity() + 1;
    engine_.error.set(record, "task %u: %u deferred completions are pending, which is the most", run.slot->ordinal,
                      engine_.deferred.capacity());
}

void Scheduler::lane_returned(uint32_t worker, const LaneRun &run, const CompletionSlab &slab)
{
    const uint32_t count = slab.count;
    if (slab.error != 0 || count > PTO_KERNEL_MAX_COMPLETIONS)
        lane_overflowed(run);
    if (count == 0 || count > PTO_KERNEL_MAX_COMPLETIONS)
        return lane_done(worker, run);
    lane_deferred(worker, run, slab.entries, count);
}

void Scheduler::lane_deferred(uint32_t worker, const LaneRun &run, const pto_completion *entries, uint32_t count)
{
    TaskSlot &slot = *run.slot;
    engine::DeferredList &deferred = engine_.deferred;
    for (uint32_t i = 0; i < count && !engine_.error.is_set(); i++) {
        if (!is_sound(entries[i])) {
            refuse_completion(run, entries[i]);
            break;
        }
        while (!deferred.try_lock()) {
            if (load_relaxed(engine_.abandoned))
                return; // whoever has the lock may have been taken out of its work
            port_.relax(port_.self, worker, 0);
        }
        slot.lanes_left.fetch_add(1, std::memory_order_relaxed); // before anyone can count it down
        const bool added = deferred.add({entries[i].addr, entries[i].expected_value, engine_.tasks.index_of(slot)});
        if (!added)
            slot.lanes_left.fetch_sub(1, std::memory_order_relaxed);
        deferred.unlock();
        if (!added)
            refuse_deferral(run);
    }
    lane_done(worker, run);
}

/// Counts tasks down whose counters have arrived; after an error all of them, since what they wait for may never run.
bool Scheduler::poll_deferred(uint32_t worker)
{
    engine::DeferredList &deferred = engine_.deferred;
    if (deferred.is_empty() || !deferred.try_lock())
        return false;
    engine::DeferredList::Entry arrived;
    const bool any = deferred.take_arrived(engine_.error.is_set(), engine_.port, &arrived);
    deferred.unlock();
    if (any)
        count_down(worker, engine_.tasks[arrived.slot], 1);
    return any;
}

} // namespace pto::inline PTO_ARCH::aicpu
