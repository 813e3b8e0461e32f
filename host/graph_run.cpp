// SPDX-License-Identifier: Apache-2.0
#include "host/graph_run.h"

#include "engine/wire/graph_image.h"
#include "host/clock.h"

#include <algorithm>
#include <cstdio>

namespace pto::host {

GraphRun::GraphRun(HostOrchestration &orch, const DeviceInterface &device, Device *handle, GraphLauncher &launcher,
                   const wire::LaunchBlock &block, const wire::ArgsView &args, wire::ReportBlock &report)
    : orch_(orch), device_(device), handle_(handle), launcher_(launcher), block_(block), args_(args), total_(report)
{
}

void GraphRun::run(GraphRecorder &recorder, const Limits &limits)
{
    try {
        orch_.known.clear();
        describe_arguments(args_, &orch_.shape);
        HostGraph *graph = orch_.graphs.find(orch_.shape, args_, orch_.known);
        if (graph != nullptr)
            graph = replay(graph);
        if (graph == nullptr && total_.error.status == PTO_OK)
            record(recorder, limits);
    } catch (const std::bad_alloc &) {
        fail(PTO_ERROR_OUT_OF_HOST_MEMORY, "host memory ran out for the task graph");
    }
}

/// Replays as far as graphs are known. nullptr: the elements in `known` have been read, and no graph goes on from
/// there.
HostGraph *GraphRun::replay(HostGraph *graph)
{
    std::size_t begin = sizeof(wire::GraphHeader);
    while (graph != nullptr) {
        wire::ReportBlock report;
        wire::begin_report(&report);
        if (!launch(*graph, begin, &report) || report.graph_end == graph->size_bytes()) {
            note_peaks(graph->recording);
            return graph;
        }
        orch_.known.clear();
        for (const GraphGuard &guard : graph->recording.guards) {
            if (guard.offset == report.graph_end)
                break;
            orch_.known.push_back(guard.bits);
        }
        orch_.known.push_back(report.graph_element);
        begin = report.graph_end + sizeof(wire::ElementItem);
        graph = orch_.graphs.find(orch_.shape, args_, orch_.known);
    }
    return nullptr;
}

void GraphRun::record(GraphRecorder &recorder, const Limits &limits)
{
    std::pmr::list<HostGraph> fresh = orch_.new_graph();
    recording_ = &fresh.front();
    recording_->shape = orch_.shape;
    has_recorded_ = true;
    const std::pmr::vector<wire::KernelEntry> &kernels = orch_.kernels();
    const RecordRequest request{.program = orch_.program(),
                                .args = args_,
                                .kernels = kernels.data(),
                                .kernel_count = static_cast<uint32_t>(kernels.size()),
                                .known = orch_.known.data(),
                                .known_count = orch_.known.size(),
                                .stall_timeout_ns = limits.stall_ns,
                                .timeout_ns = limits.total_ns};
    wire::ErrorRecord error{};
    const uint64_t begin_ns = now_ns();
    const std::size_t executed = recorder.record(request, this, &recording_->recording, &error);
    build_ns_ = now_ns() - begin_ns - device_ns_;
    const Recording &recording = recording_->recording;
    note_peaks(recording);
    if (error.status != PTO_OK) {
        has_faulted_ = error.status == PTO_ERROR_TIMEOUT || error.status == PTO_ERROR_KERNEL_FAULT;
        if (total_.error.status == PTO_OK)
            total_.error = error;
        return;
    }
    if (!run_from(recording, executed, &error))
        return;
    recording_->seal();
    recording_->reserve_instance();
    orch_.graphs.add(std::move(fresh));
    has_kept_ = true;
}

/// The device memory of graphs is a cache: those that were used least recently leave if there is none for a new one.
pto_status GraphRun::upload(DeviceFailure *failure)
{
    pto_status status = recording_->upload(failure);
    while (status == PTO_ERROR_OUT_OF_DEVICE_MEMORY && orch_.graphs.drop_last())
        status = recording_->upload(failure);
    return status;
}

bool GraphRun::run_from(const Recording &recording, std::size_t begin, wire::ErrorRecord *error)
{
    const uint64_t begin_ns = now_ns();
    DeviceFailure failure{};
    const pto_status status = upload(&failure);
    if (status != PTO_OK)
        fail(status, failure.message);
    wire::ReportBlock report;
    wire::begin_report(&report);
    const bool succeeded = status == PTO_OK && (begin == recording.size_bytes() || launch(*recording_, begin, &report));
    device_ns_ += now_ns() - begin_ns;
    error->status = total_.error.status;
    if (error->status != PTO_OK)
        *error = total_.error;
    return succeeded;
}

bool GraphRun::read(uint64_t address, uint32_t size_bytes, uint64_t *bits, wire::ErrorRecord *error)
{
    *bits = 0;
    DeviceFailure failure;
    clear(&failure);
    const pto_status status = device_.copy_from(handle_, bits, address, size_bytes, &failure);
    if (status == PTO_OK)
        return true;
    blame(&failure, "the copy of an element from the device failed");
    fail(status, failure.message);
    *error = total_.error;
    return false;
}

/// False: the run has failed.
bool GraphRun::launch(HostGraph &graph, std::size_t begin, wire::ReportBlock *report)
{
    DeviceFailure failure;
    clear(&failure);
    const pto_status status = orch_.ids.grow(graph.recording.max_numbered * sizeof(uint64_t) + 1, &failure);
    if (status != PTO_OK) {
        fail(status, failure.message);
        return false;
    }
    wire::LaunchBlock block = block_;
    block.graph = graph.address();
    block.graph_bytes = graph.size_bytes();
    block.graph_begin = begin;
    block.graph_ids = orch_.ids.address();
    block.first_task = total_.tasks;
    block.graph_instance = graph.instance_address();
    block.graph_instance_bytes = graph.instance_bytes();
    launcher_.launch_graph(block, report);
    add(*report);
    return report->error.status == PTO_OK;
}

void GraphRun::add(const wire::ReportBlock &report)
{
    total_.tasks += report.tasks;
    total_.kernels += report.kernels;
    total_.skipped += report.skipped;
    total_.edges += report.edges;
    total_.peak_tasks = std::max(total_.peak_tasks, report.peak_tasks);
    total_.peak_edges = std::max(total_.peak_edges, report.peak_edges);
    if (total_.error.status == PTO_OK && report.error.status != PTO_OK)
        total_.error = report.error;
}

/// What the builder has used on the host. A graph holds for all of its run, also where the run was in others before.
void GraphRun::note_peaks(const Recording &recording)
{
    total_.peak_map_entries = recording.peak_map_entries;
    total_.peak_scope_depth = recording.peak_scope_depth;
    total_.peak_heap_bytes = recording.peak_heap_bytes;
}

void GraphRun::fail(pto_status status, const char *message)
{
    if (total_.error.status != PTO_OK)
        return;
    total_.error = wire::error_record(status);
    std::snprintf(total_.error.message, sizeof total_.error.message, "%s", message);
}

} // namespace pto::host
