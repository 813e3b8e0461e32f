// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_GRAPH_RECORDER_IMPL_H
#define PTO_HOST_GRAPH_RECORDER_IMPL_H

#include "engine/graph_builder.h"
#include "host/graph/graph_writer.h"
#include "host/graph_recorder.h"
#include "posix/user_code.h"

namespace pto::inline PTO_ARCH::hostgraph {

/// Builds task graphs on the host: an engine of its own, with the capacities of the device's, in which tasks are not
/// run but written down. They stay in flight until the builder has to wait for something; then all of them are written,
/// with their edges, and a barrier behind them, and count as complete.
class Recorder final : public host::GraphRecorder {
public:
    /// nullptr: the system has no memory for it.
    static host::GraphRecorder *create(const host::DeviceLayout &layout, std::pmr::memory_resource *memory)
    {
        return create(layout, memory, wire::kMaxGraphBytes);
    }
    /// Graphs may have this many bytes at most.
    static host::GraphRecorder *create(const host::DeviceLayout &layout, std::pmr::memory_resource *memory,
                                       uint64_t max_graph_bytes);
    static void destroy(host::GraphRecorder *recorder);

    Recorder(const host::DeviceLayout &layout, std::pmr::memory_resource *memory, uint64_t max_graph_bytes);
    ~Recorder();
    Recorder(const Recorder &) = delete;
    Recorder &operator=(const Recorder &) = delete;

    std::size_t record(const host::RecordRequest &request, host::RecordingRun *run, host::Recording *out,
                       wire::ErrorRecord *error) override;
    pto_status find_program(const pto::posix::LoadedImage &image, const host::DeviceOrch &orch, OrchProgram *out,
                            host::DeviceFailure *failure) const override;

private:
    bool map_arena();
    void note_results(const host::RecordRequest &request);
    void orchestrate();
    void fail_landing(const pto::posix::Fault &fault, bool has_stalled, uint64_t elapsed_ns);
    bool complete_ready();
    void write_all();
    void fail_memory();
    void check_size();
    template <class Write> void write_down(Write &&write);

    // The engine's port.
    static bool work(void *self);
    static void relax(void *, uint32_t) {}
    static void work_ready(void *, uint32_t) {}
    static void log(void *self, int32_t level, const char *message);
    static uint64_t load(void *self, uint64_t address, uint32_t size_bytes);
    static void store(void *self, uint64_t address, uint32_t size_bytes, uint64_t bits);
    static void fill(void *self, uint64_t address, uint64_t count, uint32_t size_bytes, uint64_t bits);

    uint64_t load_element(uint64_t address, uint32_t size_bytes);

    std::pmr::memory_resource *const memory_;
    const host::DeviceLayout layout_;
    const engine::Geometry geometry_;
    const uint64_t max_graph_bytes_;
    void *arena_ = nullptr;
    std::size_t arena_bytes_ = 0;
    engine::Engine engine_;
    engine::GraphBuilder builder_;
    GraphWriter writer_;
    std::pmr::vector<uint32_t> order_; ///< Slots of the tasks that are written together.

    pto::posix::UserCodeGuard guard_;

    // The recording that is under way.
    const host::RecordRequest *request_ = nullptr;
    host::RecordingRun *run_ = nullptr;
    host::Recording *out_ = nullptr;
    std::size_t run_until_ = 0; ///< Words of the image that have been run.
};

} // namespace pto::inline PTO_ARCH::hostgraph

#endif
