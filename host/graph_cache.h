// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_GRAPH_CACHE_H
#define PTO_HOST_GRAPH_CACHE_H

#include "host/device_buffer.h"
#include "host/graph_recorder.h"

#include <atomic>
#include <list>

namespace pto::host {

/// What a graph depends on of the arguments of a run: everything about the tensors but where they are, and how those
/// that overlap lie in each other.
using GraphShape = std::pmr::vector<uint64_t>;

/// Describes arguments; `shape` keeps its capacity.
void describe_arguments(const wire::ArgsView &args, GraphShape *shape);

/// A host-built graph on the device.
class HostGraph {
public:
    HostGraph(std::pmr::memory_resource *memory, const DeviceInterface &device, Device *handle)
        : shape(memory), recording(memory), device_(device), handle_(handle), image_(device, handle),
          instance_(device, handle)
    {
    }

    /// Sends what has been recorded since the last call.
    pto_status upload(DeviceFailure *failure);
    /// Nothing more is recorded: the host's copy of the image is not needed any more.
    void seal();
    /// Memory for the executor to lay the graph out in, for replays. Without any they take longer.
    void reserve_instance();

    uint64_t address() const { return image_.address(); }
    uint64_t instance_address() const { return instance_.address(); }
    uint64_t instance_bytes() const { return instance_.capacity_bytes(); }
    uint64_t device_bytes() const { return size_bytes() + instance_bytes(); }
    std::size_t size_bytes() const { return uploaded_bytes_; }

    GraphShape shape;
    Recording recording;

private:
    const DeviceInterface &device_;
    Device *handle_;
    DeviceBuffer image_;
    DeviceBuffer instance_;
    std::size_t uploaded_bytes_ = 0;
};

/// The graphs of one callable. When there are too many, the least recently used one leaves. For one thread at a time,
/// but for the gauge.
class GraphCache {
public:
    GraphCache(std::pmr::memory_resource *memory, uint32_t limit) : graphs_(memory), limit_(limit) {}

    /// A graph for these arguments, in which the first elements that the orchestration reads have these values. nullptr
    /// when there is none. It counts as used.
    HostGraph *find(const GraphShape &shape, const wire::ArgsView &args, const std::pmr::vector<uint64_t> &known);

    /// A list with one graph goes in and comes out empty, so that this cannot fail.
    void add(std::pmr::list<HostGraph> &&graph);

    /// Gives up the least recently used graph; false: there is none.
    bool drop_last();

    uint64_t size_bytes() const { return size_bytes_.load(std::memory_order_relaxed); }

private:
    std::pmr::list<HostGraph> graphs_; ///< The most recently used one first.
    const uint32_t limit_;
    std::atomic<uint64_t> size_bytes_{0};
};

} // namespace pto::host

#endif
