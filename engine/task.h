// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_TASK_H
#define PTO_ENGINE_TASK_H

#include "engine/arch/arch.h"
#include "engine/base/atomics.h"
#include "pto/orch.h"

#include <cstddef>
#include <cstdint>

namespace pto::inline PTO_ARCH::engine {

/// "No index" in every pool of the engine.
inline constexpr uint32_t kNone = UINT32_MAX;

/// Slot and generation in one word: the id of a task is never that of another task, so that a stale one is told apart.
struct TaskId {
    uint64_t bits;

    static constexpr TaskId of(uint32_t slot, uint32_t generation)
    {
        return {static_cast<uint64_t>(generation) << 32 | slot};
    }
    static constexpr TaskId none() { return {PTO_NO_TASK}; }
    constexpr uint32_t slot() const { return static_cast<uint32_t>(bits); }
    constexpr uint32_t generation() const { return static_cast<uint32_t>(bits >> 32); }
    constexpr bool operator==(const TaskId &) const = default;
};

/// Cores of a cluster, in the order of their ids.
enum Lane : uint32_t { kLaneAic = 0, kLaneAiv0 = 1, kLaneAiv1 = 2 };

/// What a task needs in order to start: decides its ready queue.
enum class Shape : uint8_t {
    kAic,    ///< one matrix core
    kAiv,    ///< one vector core, either of a cluster
    kMix,    ///< several cores of one cluster at once
    kNoCore, ///< none: the task only joins dependencies
};
inline constexpr uint32_t kShapeCount = 4;

/// Bits of `TaskSlot::flags`.
enum TaskFlag : uint8_t {
    kSyncStart = 1,    ///< All blocks start together.
    kHasPredicate = 2, ///< The payload ends with a Predicate.
    kUndecided = 4,    ///< Nobody has looked at the predicate yet.
    kHoldsBuffers = 8, ///< The buffers of its tensors are counted.
    kJoin = 16,        ///< Not a task of the orchestration: joins those of a manual scope.
};

/// `TaskSlot::fan_out` holds the index of the newest edge or one of these.
inline constexpr uint32_t kFanOutOpen = kNone;
inline constexpr uint32_t kFanOutClosed = kNone - 1; ///< The task is complete: no edge is needed any more.

/// `TaskSlot::fan_in` while the task is being submitted: keeps completions from starting it before all edges are known.
inline constexpr uint32_t kFanInBias = 1u << 30;

/// One task. A cache line that every stage of its life touches; its arguments are in the payload pool.
///
///   free -> building (owner fills it, adds edges) -> waiting (fan_in > 0) -> ready (in a queue) -> running -> complete
///   (fan_out closed) -> retired (on the way back to the owner) -> free
struct alignas(64) TaskSlot {
    // Written by the completing workers.
    std::atomic<uint32_t> fan_in;  ///< Producers still to complete; D1: acq_rel, pairs with itself and the ready queue.
    std::atomic<uint32_t> fan_out; ///< Edges to consumers; D2: owner pushes with release, completion swaps acq_rel.
    std::atomic<uint32_t> lanes_left; ///< Kernel instances still to complete; acq_rel when there are several.
    std::atomic<uint32_t> next;       ///< Link of the ready queue, then of the retired stack.

    // Written by the owner while building, read by everyone after the ready queue's acquire.
    uint32_t generation; ///< Owner only.
    uint32_t mark;       ///< Owner only: generation of the last consumer that got an edge from here.
    uint32_t payload;    ///< Index in the payload pool, in lines.
    uint32_t ordinal;    ///< Number of the task in its run.
    int16_t func_id[3];  ///< By lane; -1: the lane is not used.
    Shape shape;
    uint8_t lane_mask;
    uint8_t tensor_count;
    uint8_t scalar_count;
    uint8_t payload_class;
    uint8_t flags; ///< Set of TaskFlag. kUndecided: by the worker that holds the task.
    uint32_t block_num;

    // Written by the worker that holds the task.
    uint32_t next_block;  ///< First block that is not started yet.
    uint32_t edge_head;   ///< The closed list, for the owner to reclaim.
    uint16_t run_scalars; ///< Scalars that are arguments of the run, as a set of indices. Owner only.
    uint16_t reserved;
};
static_assert(sizeof(TaskSlot) == 64 && offsetof(TaskSlot, generation) == 16 && offsetof(TaskSlot, next_block) == 48);

/// By the set of lanes that a task uses.
inline Shape shape_of(uint32_t lane_mask)
{
    constexpr Shape kShapes[] = {Shape::kNoCore, Shape::kAic, Shape::kAiv, Shape::kMix,
                                 Shape::kAiv,    Shape::kMix, Shape::kMix, Shape::kMix};
    return kShapes[lane_mask];
}

inline uint32_t lane_count(uint32_t lane_mask)
{
    constexpr uint32_t kBitCounts = 0x32212110; // one hexadecimal digit per mask; popcount would be in libgcc
    return kBitCounts >> 4 * lane_mask & 0xf;
}
inline uint32_t lane_count(const TaskSlot &slot)
{
    return lane_count(slot.lane_mask);
}

/// "The consumer waits for the task whose list this edge is in."
struct Edge {
    uint32_t consumer;
    uint32_t next;

    uint32_t &pool_next() { return next; }
};

} // namespace pto::inline PTO_ARCH::engine

#endif
