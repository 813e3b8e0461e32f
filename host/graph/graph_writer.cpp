// SPDX-License-Identifier: Apache-2.0
#include "host/graph/graph_writer.h"

#include <algorithm>
#include <cstring>
#include <xxhash.h>

namespace pto::inline PTO_ARCH::hostgraph {

using engine::kNone;
using engine::TaskSlot;

void GraphWriter::begin(const wire::ArgsView &args, host::Recording *out)
{
    args_ = args;
    out_ = out;
    numbered_ = 0;
    tensors_.clear();
    sizes_ = {};
    is_all_tasks_ = true;
    append(wire::GraphHeader{wire::kGraphMagic, wire::kGraphVersion, args.tensor_count, args.scalar_count, {}});
}

/// An instance addresses words of its payload with 32 bits.
void GraphWriter::write_sizes()
{
    if (out_ == nullptr || out_->size_bytes() < sizeof(wire::GraphHeader) || !is_all_tasks_ ||
        sizes_.payload_lines > UINT32_MAX / 8)
        return;
    auto *image = reinterpret_cast<std::byte *>(out_->image.data());
    std::memcpy(image + offsetof(wire::GraphHeader, sizes), &sizes_, sizeof sizes_);
    std::memcpy(&out_->header, image, sizeof out_->header);
}

void GraphWriter::end()
{
    write_sizes();
    out_ = nullptr;
    const auto free = [](auto &container) {
        std::remove_reference_t<decltype(container)>(container.get_allocator()).swap(container);
    };
    free(positions_);
    free(first_edge_);
    free(producers_);
    free(halves_);
    free(tensors_);
}

template <class Item> void GraphWriter::append(const Item &item)
{
    static_assert(sizeof(Item) % sizeof(uint64_t) == 0);
    uint64_t words[sizeof(Item) / sizeof(uint64_t)];
    std::memcpy(words, &item, sizeof item);
    append_words(words, std::size(words));
}

void GraphWriter::append_words(const uint64_t *words, std::size_t count)
{
    out_->image.insert(out_->image.end(), words, words + count);
}

void GraphWriter::append_halves(const uint32_t *halves, std::size_t count)
{
    for (std::size_t i = 0; i < count; i += 2) {
        const uint64_t high = i + 1 < count ? halves[i + 1] : 0;
        out_->image.push_back(high << 32 | halves[i]);
    }
}

/// An address that lies in an argument belongs to it, wherever the argument is in the next run.
GraphWriter::Place GraphWriter::place_of(uint64_t address, uint64_t size_bytes) const
{
    if (address - engine_.heap_base < engine_.heap_bytes)
        return {wire::kBaseHeap, address - engine_.heap_base};
    for (uint32_t i = 0; i < args_.tensor_count; i++) {
        const pto_tensor &argument = args_.tensors[i];
        if (address >= argument.addr && address - argument.addr + size_bytes <= argument.size_bytes)
            return {i, address - argument.addr};
    }
    // Arguments that overlap are one buffer: it may have bytes that no single argument holds.
    for (uint32_t i = 0; i < args_.tensor_count; i++)
        if (address - args_.tensors[i].addr < args_.tensors[i].size_bytes)
            return {i, address - args_.tensors[i].addr};
    return {wire::kBaseAbsolute, address};
}

void GraphWriter::write_element(wire::GraphItem kind, uint64_t address, uint32_t size_bytes, uint64_t bits)
{
    const Place place = place_of(address, size_bytes);
    is_all_tasks_ = false;
    append(wire::ElementItem{kind, static_cast<uint8_t>(size_bytes), 0, place.base, place.offset, bits});
}

void GraphWriter::write_barrier()
{
    numbered_ = 0;
    is_all_tasks_ = false;
    append(wire::ElementItem{wire::GraphItem::kBarrier, 0, 0, wire::kBaseAbsolute, 0, 0});
}

void GraphWriter::write_guard(uint64_t address, uint32_t size_bytes, uint64_t bits)
{
    out_->guards.push_back({out_->size_bytes(), bits});
    write_element(wire::GraphItem::kGuard, address, size_bytes, bits);
}

void GraphWriter::write_store(uint64_t address, uint32_t size_bytes, uint64_t bits)
{
    write_element(wire::GraphItem::kStore, address, size_bytes, bits);
}

void GraphWriter::write_fill(uint64_t address, uint64_t count, uint32_t size_bytes, uint64_t bits)
{
    const Place place = place_of(address, count * size_bytes);
    is_all_tasks_ = false;
    append(wire::FillItem{{wire::GraphItem::kFill, static_cast<uint8_t>(size_bytes), 0, place.base, place.offset, bits},
                          count});
}

/// Word offset of an item with this descriptor. Most tasks use descriptors that others have used before.
uint32_t GraphWriter::tensor_offset(const pto_tensor &tensor)
{
    const Place place = place_of(tensor.addr, tensor.size_bytes);
    pto_tensor relative = tensor;
    relative.addr = place.offset;
    relative.buffer = place.base;
    relative.owner = PTO_NO_TASK;
    const uint64_t hash = XXH3_64bits(&relative, sizeof relative);
    for (auto [at, end] = tensors_.equal_range(hash); at != end; ++at) {
        const auto *item = reinterpret_cast<const std::byte *>(out_->image.data() + at->second);
        if (std::memcmp(item + offsetof(wire::TensorItem, descriptor), &relative, sizeof relative) == 0)
            return at->second;
    }
    const auto offset = static_cast<uint32_t>(out_->image.size());
    wire::TensorItem item{};
    item.kind = wire::GraphItem::kTensor;
    std::memcpy(item.descriptor, &relative, sizeof relative);
    append(item);
    tensors_.emplace(hash, offset);
    return offset;
}

/// Turns the lists of consumers that producers have into lists of producers. Consumers that are not written together
/// with their producers are behind a barrier.
void GraphWriter::find_producers(const std::pmr::vector<uint32_t> &slots)
{
    engine::TaskStore &tasks = engine_.tasks;
    const auto count = static_cast<uint32_t>(slots.size());
    uint32_t highest = 0;
    for (const uint32_t slot : slots)
        highest = std::max(highest, slot);
    positions_.assign(highest + 1, kNone);
    for (uint32_t i = 0; i < count; i++)
        positions_[slots[i]] = i;
    const auto for_each_edge = [&](auto &&visit) {
        for (uint32_t i = 0; i < count; i++)
            for (uint32_t at = tasks[slots[i]].edge_head; at != kNone; at = tasks.edges()[at].next) {
                const uint32_t consumer = tasks.edges()[at].consumer;
                if (consumer <= highest && positions_[consumer] != kNone)
                    visit(i, positions_[consumer]);
            }
    };
    first_edge_.assign(count + 1, 0);
    for_each_edge([&](uint32_t, uint32_t consumer) { first_edge_[consumer + 1]++; });
    for (uint32_t i = 0; i < count; i++)
        first_edge_[i + 1] += first_edge_[i];
    producers_.resize(first_edge_[count]);
    for_each_edge([&](uint32_t producer, uint32_t consumer) { producers_[first_edge_[consumer]++] = producer; });
    for (uint32_t i = count; i > 0; i--) // filling has moved each start to the next one
        first_edge_[i] = first_edge_[i - 1];
    first_edge_[0] = 0;
}

void GraphWriter::write_tasks(const std::pmr::vector<uint32_t> &slots)
{
    find_producers(slots);
    for (uint32_t i = 0; i < slots.size(); i++)
        write_task(engine_.tasks[slots[i]], producers_.data() + first_edge_[i], first_edge_[i + 1] - first_edge_[i]);
    numbered_ += static_cast<uint32_t>(slots.size());
    out_->max_numbered = std::max(out_->max_numbered, numbered_);
}

void GraphWriter::write_task(TaskSlot &slot, const uint32_t *producers, uint32_t producer_count)
{
    engine::PayloadPool &payload = engine_.tasks.payload;
    uint32_t offsets[PTO_KERNEL_MAX_TENSORS];
    for (uint32_t i = 0; i < slot.tensor_count; i++)
        offsets[i] = tensor_offset(payload.tensors(slot.payload)[i]);
    const bool has_predicate = (slot.flags & engine::kHasPredicate) != 0;
    wire::TaskItem item{};
    item.kind = wire::GraphItem::kTask;
    item.shape = static_cast<uint8_t>(slot.shape);
    item.lane_mask = slot.lane_mask;
    item.flags = slot.flags;
    item.tensor_count = slot.tensor_count;
    item.scalar_count = slot.scalar_count;
    item.run_scalars = slot.run_scalars;
    item.block_num = slot.block_num;
    item.producer_count = producer_count;
    for (uint32_t lane = 0; lane < kCoresPerCluster; lane++)
        item.func_id[lane] = slot.func_id[lane];
    item.predicate_words = has_predicate ? engine::kPredicateWords : 0;
    append(item);
    if (slot.scalar_count > 0)
        append_words(payload.scalars(slot), slot.scalar_count);
    if (has_predicate) {
        engine::Predicate predicate = payload.predicate(slot);
        const Place place = place_of(predicate.address, pto_dtype_size(predicate.dtype));
        predicate.address = place.offset;
        predicate.buffer = place.base;
        append(predicate);
    }
    sizes_.tasks++;
    sizes_.edges += producer_count;
    sizes_.payload_lines += wire::payload_lines(item);
    sizes_.places += item.tensor_count + item.scalar_count + (has_predicate ? 1 : 0);
    halves_.assign(offsets, offsets + slot.tensor_count);
    halves_.insert(halves_.end(), producers, producers + producer_count);
    append_halves(halves_.data(), halves_.size());
}

} // namespace pto::inline PTO_ARCH::hostgraph
