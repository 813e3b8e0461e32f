// SPDX-License-Identifier: Apache-2.0
// A task graph that was built ahead of its run, as the host sends it to the executor: a header and a stream of items in
// the order in which the orchestration made them. Addresses are relative to a base, so that the same image serves runs
// with other tensors. Items are made of 64-bit words; offsets are from the start of the image, in bytes unless they say
// that they are in words.
//
//   header | item | item | ...
//
// Tasks are numbered from 0 again after each barrier, because nothing behind it depends on anything before it.
#ifndef PTO_ENGINE_WIRE_GRAPH_IMAGE_H
#define PTO_ENGINE_WIRE_GRAPH_IMAGE_H

#include "pto/orch.h"

#include <cstddef>
#include <cstdint>

namespace pto::wire {

inline constexpr uint32_t kGraphMagic = 0x48505247; // "GRPH"
inline constexpr uint32_t kGraphVersion = 2;

/// Larger images are not made: tasks name tensor items by 32-bit word offsets.
inline constexpr uint64_t kMaxGraphBytes = uint64_t{UINT32_MAX} * sizeof(uint64_t);

struct GraphHeader {
    uint32_t magic;
    uint32_t version;
    uint32_t tensor_count; ///< Arguments of the runs that it is for.
    uint32_t scalar_count;
};
static_assert(sizeof(GraphHeader) == 16);

/// What an address is relative to: the tensor argument of this number, or one of these.
enum GraphBase : uint32_t {
    kBaseHeap = PTO_MAX_RUN_TENSORS, ///< The engine's heap.
    kBaseAbsolute,                   ///< Nothing.
};

enum class GraphItem : uint8_t {
    kTensor,  ///< A descriptor that tasks refer to: TensorItem
    kTask,    ///< TaskItem
    kBarrier, ///< Everything before is complete before anything behind begins: ElementItem, of which only `kind` counts
    kStore,   ///< The orchestration wrote an element: ElementItem
    kGuard,   ///< The orchestration read an element; what is behind holds for this value only: ElementItem
};

/// A descriptor. `addr` is relative, `buffer` its GraphBase.
struct TensorItem {
    GraphItem kind;
    uint8_t reserved[7];
    uint8_t descriptor[sizeof(pto_tensor)]; ///< Bytes, because items are aligned to words only.
};
static_assert(sizeof(TensorItem) == 136 && offsetof(TensorItem, descriptor) == 8);

struct ElementItem {
    GraphItem kind;
    uint8_t size_bytes; ///< Of the element.
    uint16_t reserved;
    uint32_t base; ///< GraphBase
    uint64_t address;
    uint64_t bits;
};
static_assert(sizeof(ElementItem) == 24 && offsetof(ElementItem, bits) == 16);

/// A task. Behind it, in this order: scalars (of those in `run_scalars`, the number of the run's argument), predicate
/// words if there is one, word offsets of tensor items, numbers of producers; filled up to whole words.
struct TaskItem {
    GraphItem kind;
    uint8_t shape;
    uint8_t lane_mask;
    uint8_t flags; ///< Set of engine TaskFlag.
    uint8_t tensor_count;
    uint8_t scalar_count;
    uint16_t run_scalars;
    uint32_t block_num;
    uint32_t producer_count;
    int16_t func_id[3];
    uint16_t predicate_words;
};
static_assert(sizeof(TaskItem) == 24 && offsetof(TaskItem, func_id) == 16);

constexpr std::size_t task_item_bytes(const TaskItem &task)
{
    const std::size_t half_words = std::size_t{task.tensor_count} + task.producer_count;
    return sizeof(TaskItem) + (std::size_t{task.scalar_count} + task.predicate_words) * sizeof(uint64_t) +
           (half_words + half_words % 2) * sizeof(uint32_t);
}

} // namespace pto::wire

#endif
