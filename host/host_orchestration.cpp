// SPDX-License-Identifier: Apache-2.0
#include "host/host_orchestration.h"

namespace pto::host {
namespace {

/// Graphs that are kept unless the callable says otherwise.
constexpr uint32_t kDefaultGraphLimit = 16;

} // namespace

HostOrchestration::HostOrchestration(Allocator &allocator, const DeviceInterface &device, Device *handle,
                                     uint32_t graph_limit)
    : ids(device, handle), shape(&allocator), known(&allocator),
      graphs(&allocator, graph_limit == 0 ? kDefaultGraphLimit : graph_limit), allocator_(allocator), device_(device),
      handle_(handle), kernels_(&allocator)
{
}

HostOrchestration::~HostOrchestration()
{
    if (loaded_.handle != nullptr)
        pto::posix::unload_image(loaded_);
}

pto_status HostOrchestration::load(const DeviceOrch &orch, const void *bytes, const GraphRecorder &recorder,
                                   DeviceFailure *failure)
{
    const pto_status status =
        pto::posix::load_image(bytes, orch.image_bytes, &loaded_, failure->message, sizeof failure->message);
    return status != PTO_OK ? status : recorder.find_program(loaded_, orch, &program_, failure);
}

std::pmr::list<HostGraph> HostOrchestration::new_graph()
{
    std::pmr::list<HostGraph> graph(&allocator_);
    graph.emplace_back(&allocator_, device_, handle_);
    return graph;
}

} // namespace pto::host
