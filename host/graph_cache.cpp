// SPDX-License-Identifier: Apache-2.0
#include "host/graph_cache.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <numeric>

namespace pto::host {
namespace {

constexpr std::size_t kDescriptorWords = sizeof(pto_tensor) / sizeof(uint64_t);
constexpr std::size_t kDescribedWords = kDescriptorWords + 2; ///< With the anchor and the distance from it.

/// Argument numbers by address.
void sort_by_address(const wire::ArgsView &args, uint16_t *order)
{
    std::iota(order, order + args.tensor_count, uint16_t{0});
    std::sort(order, order + args.tensor_count,
              [&](uint16_t a, uint16_t b) { return args.tensors[a].addr < args.tensors[b].addr; });
}

/// For each argument the first of those that it hangs together with by overlaps, maybe over others: from there its
/// distance is part of the shape, so that all of them lie in each other as they did.
void find_anchors(const wire::ArgsView &args, uint16_t *anchors)
{
    uint16_t order[PTO_MAX_RUN_TENSORS];
    sort_by_address(args, order);
    for (uint32_t first = 0; first < args.tensor_count;) {
        uint64_t end = 0;
        uint32_t last = first;
        uint16_t anchor = order[first];
        for (; last < args.tensor_count && (last == first || args.tensors[order[last]].addr < end); last++) {
            const pto_tensor &tensor = args.tensors[order[last]];
            end = std::max(end, tensor.addr + tensor.size_bytes);
            anchor = std::min(anchor, order[last]);
        }
        for (; first < last; first++)
            anchors[order[first]] = anchor;
    }
}

/// Whether every guard of the graph up to the number of known elements has the known value.
bool agrees(const HostGraph &graph, const std::pmr::vector<uint64_t> &known)
{
    const std::pmr::vector<GraphGuard> &guards = graph.recording.guards;
    if (guards.size() < known.size())
        return false;
    for (std::size_t i = 0; i < known.size(); i++)
        if (guards[i].bits != known[i])
            return false;
    return true;
}

/// Whether what the graph depends on beside the shape is as it was.
bool agrees(const HostGraph &graph, const wire::ArgsView &args)
{
    for (const GraphScalar &scalar : graph.recording.scalars)
        if (args.scalars[scalar.index] != scalar.value)
            return false;
    for (std::size_t i = 0; i < graph.recording.addresses.size(); i++)
        if (args.tensors[i].addr != graph.recording.addresses[i])
            return false;
    return true;
}

} // namespace

void describe_arguments(const wire::ArgsView &args, GraphShape *shape)
{
    uint16_t anchors[PTO_MAX_RUN_TENSORS];
    anchors[0] = 0;
    if (args.tensor_count > 1)
        find_anchors(args, anchors);
    shape->resize(args.tensor_count * kDescribedWords);
    uint64_t *words = shape->data();
    for (uint32_t i = 0; i < args.tensor_count; i++, words += kDescribedWords) {
        const pto_tensor &tensor = args.tensors[i];
        // All of the descriptor but where it is: orchestrations and kernels can read every field.
        std::memcpy(words, &tensor, sizeof tensor);
        words[offsetof(pto_tensor, addr) / sizeof(uint64_t)] = 0;
        std::memset(reinterpret_cast<std::byte *>(words) + offsetof(pto_tensor, buffer), 0, sizeof tensor.buffer);
        words[kDescriptorWords] = anchors[i];
        words[kDescriptorWords + 1] = tensor.addr - args.tensors[anchors[i]].addr;
    }
}

/// The device buffer grows by doubling, because a recording that reads elements is sent piece by piece.
pto_status HostGraph::upload(DeviceFailure *failure)
{
    const std::size_t size = recording.size_bytes();
    if (size > image_.capacity_bytes()) {
        pto_status status = image_.grow(std::max<std::size_t>(size, 2 * image_.capacity_bytes()), failure);
        if (status == PTO_ERROR_OUT_OF_DEVICE_MEMORY)
            status = image_.grow(size, failure);
        if (status != PTO_OK)
            return status;
        uploaded_bytes_ = 0;
    }
    const auto *bytes = reinterpret_cast<const std::byte *>(recording.image.data());
    const pto_status status = device_.copy_to(handle_, image_.address() + uploaded_bytes_, bytes + uploaded_bytes_,
                                              size - uploaded_bytes_, failure);
    if (status == PTO_OK)
        uploaded_bytes_ = size;
    else
        blame(failure, "the copy of the task graph to the device failed");
    return status;
}

void HostGraph::seal()
{
    recording.image.clear();
    recording.image.shrink_to_fit();
}

void HostGraph::reserve_instance()
{
    if (recording.header.sizes.tasks == 0)
        return;
    DeviceFailure failure{};
    const wire::InstanceHeader empty{};
    if (instance_.grow(wire::instance_bytes(recording.header), &failure) == PTO_OK &&
        device_.copy_to(handle_, instance_.address(), &empty, sizeof empty, &failure) != PTO_OK)
        instance_.reset();
}

HostGraph *GraphCache::find(const GraphShape &shape, const wire::ArgsView &args,
                            const std::pmr::vector<uint64_t> &known)
{
    for (auto at = graphs_.begin(); at != graphs_.end(); ++at) {
        if (at->shape != shape || !agrees(*at, args) || !agrees(*at, known))
            continue;
        graphs_.splice(graphs_.begin(), graphs_, at);
        return &*at;
    }
    return nullptr;
}

void GraphCache::add(std::pmr::list<HostGraph> &&graph)
{
    size_bytes_.fetch_add(graph.front().device_bytes(), std::memory_order_relaxed);
    graphs_.splice(graphs_.begin(), graph);
    while (graphs_.size() > limit_)
        drop_last();
}

bool GraphCache::drop_last()
{
    if (graphs_.empty())
        return false;
    size_bytes_.fetch_sub(graphs_.back().device_bytes(), std::memory_order_relaxed);
    graphs_.pop_back();
    return true;
}

} // namespace pto::host
