// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_GRAPH_INSTANCE_H
#define PTO_ENGINE_GRAPH_INSTANCE_H

#include "engine/engine.h"
#include "engine/wire/args_image.h"
#include "engine/wire/graph_image.h"

namespace pto::inline PTO_ARCH::engine {

/// A graph image laid out for the engine, in device memory that the host keeps with the image: slots, arguments and
/// edges as they are when all tasks have been submitted and none has run. A replay sets the counters back, fills in
/// addresses and scalars that have changed, and makes the tasks ready that wait for nothing.
class GraphInstance {
public:
    GraphInstance() = default;
    /// The instance of a launch.
    GraphInstance(const wire::LaunchBlock &launch, uint64_t heap_base);

    /// Whether there is one: some graphs have none, and the host may lack the memory.
    bool exists() const { return header_ != nullptr; }
    /// Makes the engine use its slots. Nobody else may be at the engine.
    void lend_to(Engine &engine) const;
    /// Leaves nothing of it in caches. The host may use the memory for something else after any run, and what is
    /// written back then would end up there. Nobody else may be at the engine.
    void give_back(const Engine &engine) const;
    /// Lays the graph out unless that was done in an earlier run.
    void make();
    /// Puts in the arguments of this run.
    void fill_in(const wire::ArgsView &args);
    /// Submits all tasks. Calls ready(slot) for those that wait for nothing.
    template <class Ready> void start(Engine &engine, Ready &&ready) const;

private:
    /// The first 16 bytes of a slot.
    struct State {
        uint32_t fan_in;
        uint32_t fan_out;
        uint32_t lanes_left;
        uint32_t next;
    };
    /// A word of the payload that is an address in an argument, or a scalar of the run.
    struct Place {
        uint32_t word;
        uint32_t base; ///< wire::GraphBase, or kScalarBase and the number of the scalar.
        uint64_t offset;
    };
    static constexpr uint32_t kScalarBase = 1u << 31;
    static_assert(sizeof(TaskSlot) == wire::kInstanceSlotBytes && sizeof(State) == wire::kInstanceStateBytes &&
                  sizeof(Edge) == wire::kInstanceEdgeBytes && sizeof(Place) == wire::kInstancePlaceBytes &&
                  PayloadPool::kLineBytes == wire::kPayloadLineBytes);

    struct Fill;
    void make_task(const wire::TaskItem &item, Fill *fill);
    void make_arguments(const wire::TaskItem &item, const TaskSlot &slot, Fill *fill);
    void put_address(uint64_t *word, uint32_t base, uint64_t offset, Fill *fill);
    void add_edges(const uint32_t *producers, uint32_t count, uint32_t consumer, Fill *fill);

    const wire::GraphHeader *graph_ = nullptr;
    uint64_t graph_bytes_ = 0;
    uint64_t heap_base_ = 0;
    wire::InstanceHeader *header_ = nullptr;
    TaskSlot *slots_ = nullptr;
    std::byte *payload_ = nullptr;
    State *states_ = nullptr;
    Edge *edges_ = nullptr;
    Place *places_ = nullptr;
    uint64_t *filled_in_ = nullptr; ///< Addresses of the tensor arguments, then the scalars.
};

template <class Ready> void GraphInstance::start(Engine &engine, Ready &&ready) const
{
    const uint32_t count = graph_->sizes.tasks;
    for (uint32_t i = 0; i < count; i++) {
        const State &state = states_[i];
        TaskSlot &slot = slots_[i];
        store_relaxed(slot.fan_in, state.fan_in);
        store_relaxed(slot.fan_out, state.fan_out);
        store_relaxed(slot.lanes_left, state.lanes_left);
        slot.next_block = 0;
        if ((slot.flags & kHasPredicate) != 0)
            slot.flags = static_cast<uint8_t>(slot.flags | kUndecided);
    }
    engine.joins = header_->joins;
    store_relaxed(engine.submitted, uint64_t{count});
    for (uint32_t i = count; i-- > 0;) // the queues are stacks: the first task comes first
        if (states_[i].fan_in == 0)
            ready(slots_[i]);
}

} // namespace pto::inline PTO_ARCH::engine

#endif
