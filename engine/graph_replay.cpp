// SPDX-License-Identifier: Apache-2.0
#include "engine/graph_replay.h"

#include "engine/element.h"
#include "engine/graph_wait.h"

namespace pto::inline PTO_ARCH::engine {
namespace {

template <class Item> const Item &item_at(uint64_t address)
{
    return *reinterpret_cast<const Item *>(address);
}

} // namespace

uint64_t GraphReplay::address_of(uint32_t base, uint64_t offset) const
{
    if (base < args_.tensor_count)
        return args_.tensors[base].addr + offset;
    return base == wire::kBaseHeap ? engine_.heap_base + offset : offset;
}

void GraphReplay::run(const wire::LaunchBlock &launch, const wire::ArgsView &args, wire::ReportBlock *report)
{
    image_ = launch.graph;
    engine_.first_ordinal = launch.first_task;
    args_ = args;
    ids_ = reinterpret_cast<TaskId *>(launch.graph_ids);
    count_ = 0;
    const uint64_t end = launch.graph + launch.graph_bytes;
    uint64_t at = launch.graph + launch.graph_begin;
    while (at < end && !is_over()) {
        const uint64_t next = replay_item(at, report);
        if (next == at)
            break;
        at = next;
    }
    report->graph_end = at - launch.graph;
    wait_for_all();
}

void GraphReplay::run_instance(GraphInstance &instance, const wire::LaunchBlock &launch, const wire::ArgsView &args,
                               wire::ReportBlock *report)
{
    instance.make();
    instance.fill_in(args);
    engine_.first_ordinal = launch.first_task;
    end_submitting();
    uint32_t count = 0;
    instance.start(engine_, [&](TaskSlot &slot) {
        engine_.push_ready(slot, engine_.gate.sharing());
        count++;
    });
    engine_.port.work_ready(engine_.port.self, count);
    report->graph_end = launch.graph_bytes;
    wait_for_all();
}

/// Returns the address of the next item, of this one if it is a guard that does not hold.
uint64_t GraphReplay::replay_item(uint64_t at, wire::ReportBlock *report)
{
    const wire::ElementItem &item = item_at<wire::ElementItem>(at);
    switch (item.kind) {
    case wire::GraphItem::kTask: return replay_task(at);
    case wire::GraphItem::kTensor: return at + sizeof(wire::TensorItem);
    case wire::GraphItem::kBarrier:
        quiesce();
        count_ = 0;
        break;
    case wire::GraphItem::kStore:
        write_element(engine_.port, address_of(item.base, item.address), item.size_bytes, item.bits);
        break;
    case wire::GraphItem::kFill:
        write_elements(engine_.port, address_of(item.base, item.address), item_at<wire::FillItem>(at).count,
                       item.size_bytes, item.bits);
        return at + sizeof(wire::FillItem);
    case wire::GraphItem::kGuard:
        report->graph_element = read_element(engine_.port, address_of(item.base, item.address), item.size_bytes);
        if (report->graph_element != item.bits)
            return at;
        break;
    }
    return at + sizeof(wire::ElementItem);
}

void GraphReplay::fill_tensors(const uint32_t *offsets, TaskSlot &slot)
{
    pto_tensor *tensors = engine_.tasks.payload.tensors(slot.payload);
    for (uint32_t i = 0; i < slot.tensor_count; i++) {
        const wire::TensorItem &item = item_at<wire::TensorItem>(image_ + uint64_t{offsets[i]} * sizeof(uint64_t));
        memcpy(&tensors[i], item.descriptor, sizeof(pto_tensor));
        tensors[i].addr = address_of(tensors[i].buffer, tensors[i].addr);
        tensors[i].buffer = 0;
    }
}

uint32_t GraphReplay::add_edges(const uint32_t *producers, uint32_t count, uint32_t consumer)
{
    uint32_t edges = 0;
    for (uint32_t i = 0; i < count; i++) {
        TaskSlot *producer = engine_.tasks.find_live(ids_[producers[i]]);
        if (producer == nullptr)
            continue;
        const TaskStore::Push pushed = engine_.tasks.push_edge(*producer, consumer, engine_.gate.sharing());
        edges += pushed == TaskStore::Push::kAdded ? 1 : 0;
        if (pushed == TaskStore::Push::kExhausted)
            quiesce(); // with nothing in flight, nothing is left to wait for
    }
    return edges;
}

/// Submits one task; returns the address of the next item.
uint64_t GraphReplay::replay_task(uint64_t at)
{
    const wire::TaskItem &item = item_at<wire::TaskItem>(at);
    engine_.drain_retired();
    TaskShape shape{{item.func_id[0], item.func_id[1], item.func_id[2]},
                    item.lane_mask,
                    item.tensor_count,
                    item.scalar_count,
                    item.block_num,
                    item.flags & ~uint32_t{kHoldsBuffers}};
    const uint64_t next = at + wire::task_item_bytes(item);
    TaskSlot *slot = take_slot(shape);
    if (slot == nullptr)
        return next;
    const uint64_t *words = wire::scalars_of(item);
    uint64_t *scalars = engine_.tasks.payload.scalars(*slot);
    memcpy(scalars, words, (std::size_t{item.scalar_count} + item.predicate_words) * sizeof(uint64_t));
    for (uint32_t i = 0; i < item.scalar_count; i++)
        if ((item.run_scalars >> i & 1) != 0)
            scalars[i] = args_.scalars[scalars[i]];
    if (item.predicate_words != 0) {
        Predicate &predicate = engine_.tasks.payload.predicate(*slot);
        predicate.address = address_of(predicate.buffer, predicate.address);
    }
    fill_tensors(wire::tensors_of(item), *slot);
    ids_[count_++] = engine_.tasks.id_of(*slot);
    const uint32_t edges = add_edges(wire::producers_of(item), item.producer_count, engine_.tasks.index_of(*slot));
    engine_.joins += (item.flags & kJoin) != 0 ? 1 : 0;
    start(*slot, edges);
    return next;
}

} // namespace pto::inline PTO_ARCH::engine
