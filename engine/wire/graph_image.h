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
inline constexpr uint32_t kGraphVersion = 4;

/// Larger images are not made: tasks name tensor items by 32-bit word offsets.
inline constexpr uint64_t kMaxGraphBytes = uint64_t{UINT32_MAX} * sizeof(uint64_t);

/// What an instance of a graph needs room for: the graph laid out for the engine, so that a replay only sets counters
/// back. Only graphs that are tasks throughout have instances: no barriers, stores, fills and guards.
struct GraphSizes {
    uint32_t tasks; ///< 0: the graph has no instance.
    uint32_t edges;
    uint32_t payload_lines;
    uint32_t places; ///< Words of the payload that depend on the arguments of the run.
};

struct GraphHeader {
    uint32_t magic;
    uint32_t version;
    uint32_t tensor_count; ///< Arguments of the runs that it is for.
    uint32_t scalar_count;
    GraphSizes sizes;
};
static_assert(sizeof(GraphHeader) == 32);

inline bool is_graph(const GraphHeader &header, uint64_t size_bytes)
{
    return size_bytes >= sizeof header && header.magic == kGraphMagic && header.version == kGraphVersion;
}

/// The first bytes of an instance. The host makes them zero; the rest is the executor's.
struct InstanceHeader {
    uint64_t graph;  ///< Address of the image that it was made from; 0: it is still to be made.
    uint32_t joins;  ///< Tasks of the engine's own.
    uint32_t places; ///< At most as many as the sizes say.
    uint64_t reserved[6];
};
static_assert(sizeof(InstanceHeader) == 64);

inline constexpr uint32_t kInstanceSlotBytes = 64;
inline constexpr uint32_t kInstanceStateBytes = 16;
inline constexpr uint32_t kInstanceEdgeBytes = 8;
inline constexpr uint32_t kInstancePlaceBytes = 16;
inline constexpr uint32_t kPayloadLineBytes = 64;

/// Bytes of an instance: header, slots, payload, their states at the start, edges, places, and the arguments that the
/// places were filled in for.
constexpr uint64_t instance_bytes(const GraphHeader &graph)
{
    const GraphSizes &sizes = graph.sizes;
    return sizeof(InstanceHeader) + uint64_t{sizes.tasks} * (kInstanceSlotBytes + kInstanceStateBytes) +
           uint64_t{sizes.payload_lines} * kPayloadLineBytes + uint64_t{sizes.edges} * kInstanceEdgeBytes +
           uint64_t{sizes.places} * kInstancePlaceBytes +
           (uint64_t{graph.tensor_count} + graph.scalar_count) * sizeof(uint64_t);
}

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
    kFill,    ///< Elements of a new tensor get their first value: FillItem
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

struct FillItem {
    ElementItem first;
    uint64_t count; ///< Elements in a row.
};
static_assert(sizeof(FillItem) == 32 && offsetof(FillItem, count) == 24);

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

/// Lines of payload that the arguments of a task take.
constexpr uint32_t payload_lines(const TaskItem &task)
{
    const uint32_t bytes = task.tensor_count * uint32_t{sizeof(pto_tensor)} +
                           (uint32_t{task.scalar_count} + task.predicate_words) * uint32_t{sizeof(uint64_t)};
    return (bytes + kPayloadLineBytes - 1) / kPayloadLineBytes;
}

inline const uint64_t *scalars_of(const TaskItem &task)
{
    return reinterpret_cast<const uint64_t *>(&task + 1);
}
inline const uint32_t *tensors_of(const TaskItem &task)
{
    return reinterpret_cast<const uint32_t *>(scalars_of(task) + task.scalar_count + task.predicate_words);
}
inline const uint32_t *producers_of(const TaskItem &task)
{
    return tensors_of(task) + task.tensor_count;
}

} // namespace pto::wire

#endif
