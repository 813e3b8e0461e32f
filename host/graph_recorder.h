// SPDX-License-Identifier: Apache-2.0
// What the host knows of a builder of task graphs: it runs an orchestration ahead of the device and writes down what it
// submits. There is one per arch, because it is the same builder that the executor has; nothing here depends on that.
#ifndef PTO_HOST_GRAPH_RECORDER_H
#define PTO_HOST_GRAPH_RECORDER_H

#include "engine/wire/args_image.h"
#include "engine/wire/graph_image.h"
#include "engine/wire/run_blocks.h"
#include "host/device.h"
#include "posix/image_loader.h"

#include <memory_resource>
#include <vector>

namespace pto::host {

/// An element that the orchestration read: the graph behind `offset` holds for this value only.
struct GraphGuard {
    std::size_t offset; ///< Of the guard's item in the image.
    uint64_t bits;
};

/// A scalar argument that the orchestration read: the graph holds for this value only.
struct GraphScalar {
    uint32_t index;
    uint64_t value;
};

/// A task graph as the orchestration made it.
struct Recording {
    explicit Recording(std::pmr::memory_resource *memory)
        : image(memory), guards(memory), scalars(memory), addresses(memory)
    {
    }

    std::pmr::vector<uint64_t> image; ///< In the format of engine/wire/graph_image.h.
    std::pmr::vector<GraphGuard> guards;
    std::pmr::vector<GraphScalar> scalars;
    /// Where the tensor arguments were, if the graph depends on that because the orchestration has made a tensor from
    /// an address; else empty.
    std::pmr::vector<uint64_t> addresses;
    wire::GraphHeader header{}; ///< Of the image, once it is complete. Sizes of 0: the graph has no instance.
    uint32_t max_numbered = 0;  ///< Most tasks between two barriers: the replay keeps an id of each.
    uint32_t peak_map_entries = 0;
    uint32_t peak_scope_depth = 0;
    uint64_t peak_heap_bytes = 0;

    std::size_t size_bytes() const { return image.size() * sizeof(uint64_t); }
};

/// What a recording asks of its run.
class RecordingRun {
public:
    /// Runs what is recorded, from this offset on. False: it failed, and `error` says why.
    virtual bool run_from(const Recording &recording, std::size_t begin, wire::ErrorRecord *error) = 0;
    /// Reads an element; likewise.
    virtual bool read(uint64_t address, uint32_t size_bytes, uint64_t *bits, wire::ErrorRecord *error) = 0;
    virtual void log(int32_t level, const char *message) = 0;

protected:
    ~RecordingRun() = default;
};

/// What to record.
struct RecordRequest {
    OrchProgram program;
    wire::ArgsView args; ///< With device addresses.
    const wire::KernelEntry *kernels;
    uint32_t kernel_count;
    /// Elements that the orchestration has read in this very run already, in their order: what it submits until the
    /// last of them has been executed.
    const uint64_t *known;
    std::size_t known_count;
    uint64_t stall_timeout_ns;
    uint64_t timeout_ns; ///< 0: none
};

/// One recording at a time.
class GraphRecorder {
public:
    /// Runs the orchestration. The record's status is PTO_OK when `out` is complete. Returns the offset up to which it
    /// has been run; the rest is left to the caller.
    virtual std::size_t record(const RecordRequest &request, RecordingRun *run, Recording *out,
                               wire::ErrorRecord *error) = 0;

    /// Finds and checks the orchestration in a shared object that is loaded here.
    virtual pto_status find_program(const posix::LoadedImage &image, const DeviceOrch &orch, OrchProgram *out,
                                    DeviceFailure *failure) const = 0;

protected:
    ~GraphRecorder() = default;
};

/// Makes recorders for one arch. nullptr: the system has no memory for it.
struct GraphRecorderFactory {
    const char *arch;
    GraphRecorder *(*create)(const DeviceLayout &layout, std::pmr::memory_resource *memory);
    void (*destroy)(GraphRecorder *recorder);
};

/// The factory for an arch of this library.
const GraphRecorderFactory &graph_recorder_factory(const char *arch);

} // namespace pto::host

#endif
