// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_GRAPH_GRAPH_WRITER_H
#define PTO_HOST_GRAPH_GRAPH_WRITER_H

#include "engine/engine.h"
#include "engine/wire/graph_image.h"
#include "host/graph_recorder.h"

#include <unordered_map>

namespace pto::inline PTO_ARCH::hostgraph {

/// Writes what a builder has put into an engine as a graph image. All of it may throw std::bad_alloc.
class GraphWriter {
public:
    GraphWriter(engine::Engine &engine, std::pmr::memory_resource *memory)
        : engine_(engine), positions_(memory), first_edge_(memory), producers_(memory), halves_(memory),
          tensors_(memory)
    {
    }

    /// Begins an image. `args` are those that the builder was begun with.
    void begin(const wire::ArgsView &args, host::Recording *out);
    /// Gives back what was needed for writing.
    void end();

    /// Writes tasks that are complete but not taken back yet, in this order, which must be one that runs.
    void write_tasks(const std::pmr::vector<uint32_t> &slots);
    /// What is behind may depend on nothing before.
    void write_barrier();
    void write_guard(uint64_t address, uint32_t size_bytes, uint64_t bits);
    void write_store(uint64_t address, uint32_t size_bytes, uint64_t bits);
    void write_fill(uint64_t address, uint64_t count, uint32_t size_bytes, uint64_t bits);

private:
    struct Place {
        uint32_t base; ///< wire::GraphBase
        uint64_t offset;
    };

    Place place_of(uint64_t address, uint64_t size_bytes) const;
    template <class Item> void append(const Item &item);
    void append_words(const uint64_t *words, std::size_t count);
    void write_sizes();
    void append_halves(const uint32_t *halves, std::size_t count);
    void write_element(wire::GraphItem kind, uint64_t address, uint32_t size_bytes, uint64_t bits);
    void write_task(engine::TaskSlot &slot, const uint32_t *producers, uint32_t producer_count);
    uint32_t tensor_offset(const pto_tensor &tensor);
    void find_producers(const std::pmr::vector<uint32_t> &slots);

    engine::Engine &engine_;
    wire::ArgsView args_{};
    host::Recording *out_ = nullptr;
    uint32_t numbered_ = 0; ///< Tasks since the last barrier.
    wire::GraphSizes sizes_{};
    bool is_all_tasks_ = true;

    // Of the tasks that are written together: number by slot, and the producers of each, as one list after the other.
    std::pmr::vector<uint32_t> positions_;
    std::pmr::vector<uint32_t> first_edge_;
    std::pmr::vector<uint32_t> producers_;
    std::pmr::vector<uint32_t> halves_; ///< Tail of the item that is being written.

    std::pmr::unordered_multimap<uint64_t, uint32_t> tensors_; ///< Word offsets of tensor items, by hash of content.
};

} // namespace pto::inline PTO_ARCH::hostgraph

#endif
