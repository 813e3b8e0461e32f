// SPDX-License-Identifier: Apache-2.0
#include "host/graph_cache.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace pto::host {
namespace {

constexpr std::size_t kTensorWords = 4 + (2 * PTO_MAX_RANK + 1) / 2 + 2;

/// Where argument number `index` lies in the ones that it overlaps: the first of them and the distance, up or down.
/// Nothing but itself for one that is alone.
void describe_overlap(const wire::ArgsView &args, uint32_t index, GraphShape *shape)
{
    const pto_tensor &tensor = args.tensors[index];
    uint32_t first = index;
    for (uint32_t i = 0; i < index && first == index; i++) {
        const pto_tensor &other = args.tensors[i];
        if (tensor.addr < other.addr + other.size_bytes && other.addr < tensor.addr + tensor.size_bytes)
            first = i;
    }
    shape->push_back(first);
    shape->push_back(tensor.addr - args.tensors[first].addr);
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

bool agrees(const HostGraph &graph, const uint64_t *scalars)
{
    for (const GraphScalar &scalar : graph.recording.scalars)
        if (scalars[scalar.index] != scalar.value)
            return false;
    return true;
}

} // namespace

void describe_arguments(const wire::ArgsView &args, GraphShape *shape)
{
    shape->clear();
    shape->reserve(args.tensor_count * kTensorWords);
    for (uint32_t i = 0; i < args.tensor_count; i++) {
        const pto_tensor &tensor = args.tensors[i];
        shape->push_back(uint64_t{tensor.dtype} | uint64_t{tensor.ndims} << 8 | uint64_t{tensor.manual_dep} << 16 |
                         uint64_t{static_cast<uint32_t>(tensor.version)} << 32);
        shape->push_back(tensor.size_bytes);
        shape->push_back(tensor.start_offset);
        for (uint32_t dim = 0; dim < tensor.ndims; dim++)
            shape->push_back(uint64_t{tensor.shape[dim]} << 32 | tensor.strides[dim]);
        describe_overlap(args, i, shape);
    }
}

/// The device buffer grows by doubling, because a recording that reads elements is sent piece by piece.
pto_status HostGraph::upload(DeviceFailure *failure)
{
    const std::size_t size = recording.size_bytes();
    if (size > image_.capacity_bytes()) {
        const pto_status status = image_.grow(std::max<std::size_t>(size, 2 * image_.capacity_bytes()), failure);
        if (status != PTO_OK)
            return status;
        uploaded_bytes_ = 0;
    }
    const auto *bytes = reinterpret_cast<const std::byte *>(recording.image.data());
    const pto_status status =
        device_.copy_to(handle_, image_.address() + uploaded_bytes_, bytes + uploaded_bytes_, size - uploaded_bytes_);
    if (status == PTO_OK)
        uploaded_bytes_ = size;
    else
        std::snprintf(failure->message, sizeof failure->message, "the copy of the task graph to the device failed");
    return status;
}

void HostGraph::seal()
{
    recording.image.clear();
    recording.image.shrink_to_fit();
}

HostGraph *GraphCache::find(const GraphShape &shape, const uint64_t *scalars, const std::pmr::vector<uint64_t> &known)
{
    for (auto at = graphs_.begin(); at != graphs_.end(); ++at) {
        if (at->shape != shape || !agrees(*at, scalars) || !agrees(*at, known))
            continue;
        graphs_.splice(graphs_.begin(), graphs_, at);
        return &*at;
    }
    return nullptr;
}

void GraphCache::add(std::pmr::list<HostGraph> &&graph)
{
    size_bytes_.fetch_add(graph.front().size_bytes(), std::memory_order_relaxed);
    graphs_.splice(graphs_.begin(), graph);
    while (graphs_.size() > limit_) {
        size_bytes_.fetch_sub(graphs_.back().size_bytes(), std::memory_order_relaxed);
        graphs_.pop_back();
    }
}

} // namespace pto::host
