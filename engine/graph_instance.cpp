// SPDX-License-Identifier: Apache-2.0
#include "engine/graph_instance.h"

#include "engine/base/memory.h"

namespace pto::inline PTO_ARCH::engine {

/// How far the making of an instance is.
struct GraphInstance::Fill {
    uint32_t tasks = 0;
    uint32_t lines = 0;
    uint32_t edges = 0;
    uint32_t places = 0;
    uint32_t joins = 0;
};

GraphInstance::GraphInstance(const wire::LaunchBlock &launch, uint64_t heap_base)
{
    graph_ = reinterpret_cast<const wire::GraphHeader *>(launch.graph);
    if (launch.graph == 0 || launch.graph_instance == 0 || launch.graph_begin != sizeof(wire::GraphHeader) ||
        !wire::is_graph(*graph_, launch.graph_bytes) || graph_->sizes.tasks == 0 ||
        launch.graph_instance_bytes < wire::instance_bytes(*graph_))
        return;
    const wire::GraphSizes &sizes = graph_->sizes;
    graph_bytes_ = launch.graph_bytes;
    heap_base_ = heap_base;
    header_ = reinterpret_cast<wire::InstanceHeader *>(launch.graph_instance);
    slots_ = reinterpret_cast<TaskSlot *>(header_ + 1);
    payload_ = reinterpret_cast<std::byte *>(slots_ + sizes.tasks);
    states_ = reinterpret_cast<State *>(payload_ + uint64_t{sizes.payload_lines} * PayloadPool::kLineBytes);
    places_ = reinterpret_cast<Place *>(states_ + sizes.tasks);
    edges_ = reinterpret_cast<Edge *>(places_ + sizes.places);
    filled_in_ = reinterpret_cast<uint64_t *>(edges_ + sizes.edges);
}

void GraphInstance::lend_to(Engine &engine) const
{
    // The host says by its zeros that the memory is another graph's now.
    engine.port.see(reinterpret_cast<uint64_t>(header_), sizeof *header_);
    engine.tasks.lend(slots_, graph_->sizes.tasks, payload_, edges_, graph_->sizes.edges);
}

void GraphInstance::give_back(const Engine &engine) const
{
    engine.port.show(reinterpret_cast<uint64_t>(header_), wire::instance_bytes(*graph_));
}

void GraphInstance::make()
{
    const auto image = reinterpret_cast<uint64_t>(graph_);
    if (header_->graph == image)
        return;
    Fill fill;
    uint64_t at = image + sizeof(wire::GraphHeader);
    while (at < image + graph_bytes_) {
        const auto &item = *reinterpret_cast<const wire::TaskItem *>(at);
        if (item.kind == wire::GraphItem::kTask)
            make_task(item, &fill);
        at += item.kind == wire::GraphItem::kTask ? wire::task_item_bytes(item) : sizeof(wire::TensorItem);
    }
    for (uint32_t i = 0; i < graph_->tensor_count + graph_->scalar_count; i++)
        filled_in_[i] = 0;
    for (uint32_t i = 0; i < fill.places; i++) // as if all arguments were 0
        memcpy(payload_ + places_[i].word * sizeof(uint64_t), &places_[i].offset, sizeof(uint64_t));
    header_->joins = fill.joins;
    header_->places = fill.places;
    header_->graph = image;
}

void GraphInstance::make_task(const wire::TaskItem &item, Fill *fill)
{
    const uint32_t index = fill->tasks++;
    TaskSlot &slot = slots_[index];
    slot.generation = index + 1;
    slot.mark = 0;
    slot.payload = fill->lines;
    slot.ordinal = index - fill->joins;
    for (uint32_t lane = 0; lane < kCoresPerCluster; lane++)
        slot.func_id[lane] = item.func_id[lane];
    slot.shape = static_cast<Shape>(item.shape);
    slot.lane_mask = item.lane_mask;
    slot.tensor_count = item.tensor_count;
    slot.scalar_count = item.scalar_count;
    slot.payload_class = 0;
    slot.flags = static_cast<uint8_t>(item.flags & ~kHoldsBuffers);
    slot.block_num = item.block_num;
    slot.run_scalars = 0;
    states_[index] = {item.producer_count, kFanOutOpen, item.block_num * lane_count(slot), kNone};
    make_arguments(item, slot, fill);
    fill->lines += wire::payload_lines(item);
    fill->joins += (item.flags & kJoin) != 0 ? 1 : 0;
    add_edges(wire::producers_of(item), item.producer_count, index, fill);
}

void GraphInstance::put_address(uint64_t *word, uint32_t base, uint64_t offset, Fill *fill)
{
    if (base < graph_->tensor_count)
        places_[fill->places++] = {static_cast<uint32_t>(word - reinterpret_cast<uint64_t *>(payload_)), base, offset};
    else
        *word = base == wire::kBaseHeap ? heap_base_ + offset : offset;
}

void GraphInstance::make_arguments(const wire::TaskItem &item, const TaskSlot &slot, Fill *fill)
{
    auto *tensors = reinterpret_cast<pto_tensor *>(payload_ + uint64_t{slot.payload} * PayloadPool::kLineBytes);
    const uint32_t *offsets = wire::tensors_of(item);
    for (uint32_t i = 0; i < item.tensor_count; i++) {
        const auto &tensor =
            *reinterpret_cast<const wire::TensorItem *>(reinterpret_cast<const uint64_t *>(graph_) + offsets[i]);
        memcpy(&tensors[i], tensor.descriptor, sizeof(pto_tensor));
        put_address(&tensors[i].addr, tensors[i].buffer, tensors[i].addr, fill);
        tensors[i].buffer = 0;
    }
    const uint64_t *words = wire::scalars_of(item);
    auto *scalars = reinterpret_cast<uint64_t *>(tensors + item.tensor_count);
    memcpy(scalars, words, (std::size_t{item.scalar_count} + item.predicate_words) * sizeof(uint64_t));
    for (uint32_t i = 0; i < item.scalar_count; i++)
        if ((item.run_scalars >> i & 1) != 0)
            places_[fill->places++] = {static_cast<uint32_t>(&scalars[i] - reinterpret_cast<uint64_t *>(payload_)),
                                       kScalarBase | static_cast<uint32_t>(scalars[i]), 0};
    if (item.predicate_words == 0)
        return;
    auto &predicate = *reinterpret_cast<Predicate *>(scalars + item.scalar_count);
    put_address(&predicate.address, predicate.buffer, predicate.address, fill);
}

void GraphInstance::add_edges(const uint32_t *producers, uint32_t count, uint32_t consumer, Fill *fill)
{
    for (uint32_t i = 0; i < count; i++) {
        State &producer = states_[producers[i]];
        edges_[fill->edges] = {consumer, producer.fan_out};
        producer.fan_out = fill->edges++;
    }
}

void GraphInstance::fill_in(const wire::ArgsView &args)
{
    bool same = true;
    for (uint32_t i = 0; i < args.tensor_count; i++) {
        same = same && filled_in_[i] == args.tensors[i].addr;
        filled_in_[i] = args.tensors[i].addr;
    }
    uint64_t *scalars = filled_in_ + args.tensor_count;
    for (uint32_t i = 0; i < args.scalar_count; i++) {
        same = same && scalars[i] == args.scalars[i];
        scalars[i] = args.scalars[i];
    }
    if (same)
        return;
    for (uint32_t i = 0; i < header_->places; i++) {
        const Place &place = places_[i];
        const uint64_t base = place.base >= kScalarBase ? scalars[place.base & ~kScalarBase] : filled_in_[place.base];
        reinterpret_cast<uint64_t *>(payload_)[place.word] = base + place.offset;
    }
}

} // namespace pto::inline PTO_ARCH::engine
