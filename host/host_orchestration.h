// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_HOST_ORCHESTRATION_H
#define PTO_HOST_HOST_ORCHESTRATION_H

#include "host/allocator.h"
#include "host/graph_cache.h"
#include "posix/image_loader.h"

namespace pto::host {

/// What a callable has whose graphs are built on the host: its orchestration, loaded here, and the graphs that it has
/// made so far.
class HostOrchestration {
public:
    HostOrchestration(Allocator &allocator, const DeviceInterface &device, Device *handle, uint32_t graph_limit);
    ~HostOrchestration();
    HostOrchestration(const HostOrchestration &) = delete;
    HostOrchestration &operator=(const HostOrchestration &) = delete;

    pto_status load(const DeviceOrch &orch, const void *bytes, const GraphRecorder &recorder, DeviceFailure *failure);
    void set_kernels(std::pmr::vector<wire::KernelEntry> &&kernels) { kernels_ = std::move(kernels); }

    const OrchProgram &program() const { return program_; }
    const std::pmr::vector<wire::KernelEntry> &kernels() const { return kernels_; }

    // For the run whose turn it is.

    std::pmr::list<HostGraph> new_graph();
    DeviceBuffer ids;                 ///< Scratch memory of replays.
    GraphShape shape;                 ///< Of the run's arguments.
    std::pmr::vector<uint64_t> known; ///< Elements that the run has read so far.
    GraphCache graphs;

private:
    Allocator &allocator_;
    const DeviceInterface &device_;
    Device *handle_;
    pto::posix::LoadedImage loaded_{};
    OrchProgram program_{};
    std::pmr::vector<wire::KernelEntry> kernels_; ///< By func id: what tasks are checked against.
};

} // namespace pto::host

#endif
