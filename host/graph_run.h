// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_GRAPH_RUN_H
#define PTO_HOST_GRAPH_RUN_H

#include "host/host_orchestration.h"

namespace pto::host {

/// Runs a part of a graph on the device.
class GraphLauncher {
public:
    virtual void launch_graph(const wire::LaunchBlock &block, wire::ReportBlock *report) = 0;
    virtual void log(int32_t level, const char *message) = 0;

protected:
    ~GraphLauncher() = default;
};

/// One run of a callable whose graphs are built on the host: replays a graph that fits, or records one. An
/// orchestration that reads elements makes a graph in pieces, each of which holds for what has been read; a replay that
/// finds another value goes on in a graph that has it, or in one that is recorded from there on.
class GraphRun final : private RecordingRun {
public:
    /// `block` is the launch without a graph; `args` the arguments as the device has them.
    /// `report`, of nothing yet, adds up all launches.
    GraphRun(HostOrchestration &orch, const DeviceInterface &device, Device *handle, GraphLauncher &launcher,
             const wire::LaunchBlock &block, const wire::ArgsView &args, wire::ReportBlock &report);

    /// How long the orchestration may take, as for one on the device.
    struct Limits {
        uint64_t stall_ns;
        uint64_t total_ns; ///< 0: none
    };

    void run(GraphRecorder &recorder, const Limits &limits);

    bool has_recorded() const { return has_recorded_; }
    /// The graph that was recorded is one to replay.
    bool has_kept() const { return has_kept_; }
    /// The orchestration had to be taken off its thread: nobody knows what it held.
    bool has_faulted() const { return has_faulted_; }
    /// Time that the orchestration took.
    uint64_t build_ns() const { return build_ns_; }

private:
    HostGraph *replay(HostGraph *graph);
    void record(GraphRecorder &recorder, const Limits &limits);
    bool launch(HostGraph &graph, std::size_t begin, wire::ReportBlock *report);
    pto_status upload(DeviceFailure *failure);
    void add(const wire::ReportBlock &report);
    void note_peaks(const Recording &recording);
    void fail(pto_status status, const char *message);

    bool run_from(const Recording &recording, std::size_t begin, wire::ErrorRecord *error) override;
    bool read(uint64_t address, uint32_t size_bytes, uint64_t *bits, wire::ErrorRecord *error) override;
    void log(int32_t level, const char *message) override { launcher_.log(level, message); }

    HostOrchestration &orch_;
    const DeviceInterface &device_;
    Device *handle_;
    GraphLauncher &launcher_;
    const wire::LaunchBlock &block_;
    const wire::ArgsView args_;
    wire::ReportBlock &total_;
    HostGraph *recording_ = nullptr; ///< The graph that is being recorded.
    uint64_t device_ns_ = 0;         ///< Time on the device while recording.
    uint64_t build_ns_ = 0;
    bool has_recorded_ = false;
    bool has_kept_ = false;
    bool has_faulted_ = false;
};

} // namespace pto::host

#endif
