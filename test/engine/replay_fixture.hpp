// SPDX-License-Identifier: Apache-2.0
// Graph images that are made by hand, and a run of them on an engine whose tasks only say what they are.
#ifndef PTO_TEST_ENGINE_REPLAY_FIXTURE_HPP
#define PTO_TEST_ENGINE_REPLAY_FIXTURE_HPP

#include "graph_fixture.hpp"

#include "engine/graph_instance.h"
#include "engine/graph_replay.h"

namespace pto::test {

using pto::engine::GraphInstance;
using pto::engine::GraphReplay;

/// Of a run: each four numbers or more.
inline constexpr uint32_t kArguments = 2;
inline constexpr uint32_t kScalars = 2; ///< Of a run.

/// An image that grows item by item.
class Image {
public:
    explicit Image(uint32_t tensor_count = kArguments, uint32_t scalar_count = kScalars)
    {
        append(wire::GraphHeader{wire::kGraphMagic, wire::kGraphVersion, tensor_count, scalar_count, {}});
    }

    template <class Item> std::size_t append(const Item &item)
    {
        const std::size_t offset = bytes();
        words_.resize(words_.size() + sizeof item / sizeof(uint64_t));
        std::memcpy(reinterpret_cast<std::byte *>(words_.data()) + offset, &item, sizeof item);
        return offset;
    }
    std::size_t element(wire::GraphItem kind, uint32_t base, uint64_t address, uint8_t size, uint64_t bits)
    {
        return append(wire::ElementItem{kind, size, 0, base, address, bits});
    }
    void barrier() { element(wire::GraphItem::kBarrier, wire::kBaseAbsolute, 0, 0, 0); }
    /// Word offset of a descriptor of four numbers.
    uint32_t tensor(uint32_t base, uint64_t address)
    {
        wire::TensorItem item{};
        item.kind = wire::GraphItem::kTensor;
        pto_tensor tensor = plain(PTO_INT32, {4});
        tensor.addr = address;
        tensor.buffer = base;
        std::memcpy(item.descriptor, &tensor, sizeof tensor);
        return static_cast<uint32_t>(append(item) / sizeof(uint64_t));
    }
    struct Task {
        std::vector<uint32_t> tensors;
        std::vector<uint64_t> scalars;
        std::vector<uint32_t> producers;
        uint16_t run_scalars = 0;
        uint8_t flags = 0;
        const pto::engine::Predicate *predicate = nullptr;
        uint8_t lane_mask = 1u << pto::engine::kLaneAiv0;
        uint32_t block_num = 1;
        int16_t func_id = kAivFunc; ///< Of the first AIV.
    };
    void task(const Task &task)
    {
        wire::TaskItem item{};
        item.kind = wire::GraphItem::kTask;
        item.shape = static_cast<uint8_t>(pto::engine::shape_of(task.lane_mask));
        item.lane_mask = task.lane_mask;
        item.flags = task.flags;
        item.tensor_count = static_cast<uint8_t>(task.tensors.size());
        item.scalar_count = static_cast<uint8_t>(task.scalars.size());
        item.run_scalars = task.run_scalars;
        item.block_num = task.block_num;
        item.producer_count = static_cast<uint32_t>(task.producers.size());
        item.func_id[0] = (task.lane_mask & 1) != 0 ? int16_t{kAicFunc} : int16_t{PTO_NO_KERNEL};
        item.func_id[1] = task.func_id;
        item.func_id[2] = (task.lane_mask & 4) != 0 ? int16_t{kOtherAivFunc} : int16_t{PTO_NO_KERNEL};
        item.predicate_words = task.predicate == nullptr ? 0 : pto::engine::kPredicateWords;
        const std::size_t begin = append(item);
        for (const uint64_t scalar : task.scalars)
            append(scalar);
        if (task.predicate != nullptr)
            append(*task.predicate);
        std::vector<uint32_t> halves = task.tensors;
        halves.insert(halves.end(), task.producers.begin(), task.producers.end());
        halves.resize((halves.size() + 1) / 2 * 2);
        for (std::size_t i = 0; i < halves.size(); i += 2)
            append(uint64_t{halves[i + 1]} << 32 | halves[i]);
        assert_int_equal(bytes() - begin, wire::task_item_bytes(item));
        sizes_.tasks++;
        sizes_.edges += item.producer_count;
        sizes_.payload_lines += wire::payload_lines(item);
        sizes_.places += item.tensor_count + item.scalar_count + (task.predicate != nullptr ? 1 : 0);
    }
    /// Writes sizes into the header, so that the image has an instance; returns the header.
    wire::GraphHeader &complete()
    {
        auto &header = *reinterpret_cast<wire::GraphHeader *>(words_.data());
        header.sizes = sizes_;
        return header;
    }

    std::size_t bytes() const { return words_.size() * sizeof(uint64_t); }
    uint64_t address() const { return reinterpret_cast<uint64_t>(words_.data()); }

private:
    std::vector<uint64_t> words_;
    wire::GraphSizes sizes_{};
};

/// Device memory for the instance of a graph, all zero, with what must not be touched behind it.
class InstanceMemory {
public:
    explicit InstanceMemory(uint64_t bytes) : bytes_(bytes), memory_(bytes + kBehind)
    {
        std::memset(end(), 0x5a, kBehind);
    }
    explicit InstanceMemory(Image &image) : InstanceMemory(wire::instance_bytes(image.complete())) {}
    ~InstanceMemory()
    {
        for (uint32_t i = 0; i < kBehind; i++)
            assert_int_equal(end()[i], 0x5a);
    }
    InstanceMemory(const InstanceMemory &) = delete;
    InstanceMemory &operator=(const InstanceMemory &) = delete;

    uint64_t bytes() const { return bytes_; }
    uint64_t address() const { return memory_.address(); }
    wire::InstanceHeader &header() const { return *static_cast<wire::InstanceHeader *>(memory_.get()); }

private:
    static constexpr uint32_t kBehind = 256;

    unsigned char *end() const { return static_cast<unsigned char *>(memory_.get()) + bytes_; }

    uint64_t bytes_;
    Arena memory_;
};

/// What one task was, as its kernel saw it.
struct Seen {
    uint32_t ordinal;
    std::vector<uint64_t> addresses;
    std::vector<uint64_t> scalars;
    std::vector<std::string> descriptors; ///< Bytes of the tensors.
    std::vector<uint64_t> rest;           ///< Everything else that a kernel, or who starts it, can see.

    bool operator==(const Seen &) const = default;
};

class Replayer {
public:
    explicit Replayer(const Geometry &geometry = Geometry::of_tasks(16))
        : memory_(kHeapBytes), arguments_(4096), arena_(Engine::layout_bytes(geometry)), replay_(engine)
    {
        engine.layout(arena_.get(), geometry);
        engine.heap_base = memory_.address();
        engine.heap_bytes = kHeapBytes;
        engine.port = {this, work, relax, work_ready, nullptr, nullptr, nullptr, nullptr};
        for (uint32_t i = 0; i < kArguments; i++) {
            tensors_[i] = plain(PTO_INT32, {4});
            tensors_[i].addr = arguments_.address() + i * 1024;
        }
    }

    void run(const Image &image, std::size_t begin = sizeof(wire::GraphHeader), uint64_t first_task = 0)
    {
        std::vector<uint64_t> ids(1000);
        wire::LaunchBlock launch = launch_of(image);
        launch.graph_begin = begin;
        launch.graph_ids = reinterpret_cast<uint64_t>(ids.data());
        launch.first_task = first_task;
        engine.reset(2);
        seen.clear();
        report = {};
        replay_.run(launch, {tensors_, scalars, kArguments, kScalars}, &report);
        engine.fill_report(&report);
    }
    /// The whole image by way of its instance; false: it has none.
    bool run_instance(const Image &image, const InstanceMemory &memory)
    {
        wire::LaunchBlock launch = launch_of(image);
        launch.graph_instance = memory.address();
        launch.graph_instance_bytes = memory.bytes();
        engine.reset(2);
        GraphInstance instance(launch, engine.heap_base);
        if (!instance.exists())
            return false;
        instance.lend_to(engine);
        seen.clear();
        report = {};
        replay_.run_instance(instance, launch, {tensors_, scalars, kArguments, kScalars}, &report);
        engine.fill_report(&report);
        instance.give_back(engine);
        return true;
    }
    static wire::LaunchBlock launch_of(const Image &image)
    {
        wire::LaunchBlock launch{};
        launch.graph = image.address();
        launch.graph_bytes = image.bytes();
        launch.graph_begin = sizeof(wire::GraphHeader);
        return launch;
    }
    /// The ordinals in the order in which the tasks ran.
    std::vector<uint32_t> order() const
    {
        std::vector<uint32_t> ordinals;
        for (const Seen &task : seen)
            ordinals.push_back(task.ordinal);
        return ordinals;
    }
    uint64_t argument(uint32_t index) const { return tensors_[index].addr; }
    /// The argument is elsewhere from now on, where nothing may be read.
    void move_argument(uint32_t index, uint64_t address) { tensors_[index].addr = address; }
    uint64_t heap() const { return memory_.address(); }
    int32_t &number(uint32_t index, uint32_t at) { return reinterpret_cast<int32_t *>(tensors_[index].addr)[at]; }

    Engine engine{};
    wire::ReportBlock report{};
    uint64_t scalars[kScalars] = {4711, 815};
    uint64_t &scalar = scalars[0];
    std::vector<Seen> seen;
    std::function<void(TaskSlot &)> kernel;
    std::function<void(uint32_t)> on_ready = [](uint32_t) {}; ///< Others are told of ready tasks.
    uint32_t waits = 0;

private:
    /// Runs the oldest ready task, so that nothing but the edges keeps the others from running first.
    static void relax(void *, uint32_t) { fail_msg("the replay waits although nothing can run"); }
    static void work_ready(void *self, uint32_t count) { static_cast<Replayer *>(self)->on_ready(count); }
    static bool work(void *self)
    {
        auto &replayer = *static_cast<Replayer *>(self);
        std::vector<uint32_t> ready;
        for (pto::engine::ReadyQueue &queue : replayer.engine.ready)
            for (uint32_t at = queue.pop(&replayer.engine.tasks[0]); at != kNone;
                 at = queue.pop(&replayer.engine.tasks[0]))
                ready.push_back(at);
        if (ready.empty())
            return false;
        replayer.waits++;
        for (std::size_t i = 1; i < ready.size(); i++)
            replayer.engine.push_ready(replayer.engine.tasks[ready[i]]);
        replayer.complete(replayer.engine.tasks[ready[0]]);
        return true;
    }
    std::vector<uint64_t> rest_of(TaskSlot &slot)
    {
        std::vector<uint64_t> rest{
            static_cast<uint64_t>(slot.shape), slot.lane_mask, slot.flags, slot.block_num, slot.next_block,
            load_relaxed(slot.lanes_left)};
        for (const int16_t func_id : slot.func_id)
            rest.push_back(static_cast<uint64_t>(func_id));
        if ((slot.flags & pto::engine::kHasPredicate) != 0) {
            const pto::engine::Predicate &predicate = engine.tasks.payload.predicate(slot);
            rest.insert(rest.end(), {predicate.address, predicate.value, predicate.op, predicate.dtype});
        }
        return rest;
    }
    void complete(TaskSlot &slot)
    {
        Seen task{slot.ordinal, {}, {}, {}, rest_of(slot)};
        for (uint32_t i = 0; i < slot.tensor_count; i++) {
            const pto_tensor &tensor = engine.tasks.payload.tensors(slot.payload)[i];
            task.addresses.push_back(tensor.addr);
            task.descriptors.emplace_back(reinterpret_cast<const char *>(&tensor), sizeof tensor);
        }
        for (uint32_t i = 0; i < slot.scalar_count; i++)
            task.scalars.push_back(engine.tasks.payload.scalars(slot)[i]);
        seen.push_back(task);
        if (kernel)
            kernel(slot);
        if (TaskSlot *next = engine.complete(1, slot); next != nullptr)
            engine.push_ready(*next);
    }

    Arena memory_;
    Arena arguments_;
    Arena arena_;
    GraphReplay replay_;
    pto_tensor tensors_[kArguments];
};

} // namespace pto::test

#endif
