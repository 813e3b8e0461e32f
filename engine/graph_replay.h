// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_GRAPH_REPLAY_H
#define PTO_ENGINE_GRAPH_REPLAY_H

#include "engine/graph_instance.h"
#include "engine/graph_owner.h"
#include "engine/wire/args_image.h"
#include "engine/wire/graph_image.h"

namespace pto::inline PTO_ARCH::engine {

/// Puts the tasks of a graph that was built on the host into the engine: what depends on what, and where outputs lie,
/// is known already. Runs on the owner thread, like the builder.
class GraphReplay : private GraphOwner {
public:
    explicit GraphReplay(Engine &engine) : GraphOwner(engine) {}

    /// Replays from `launch.graph_begin` to the end of the image, or to a guard that does not hold, and waits for what
    /// was started. The report gets the place and the element.
    void run(const wire::LaunchBlock &launch, const wire::ArgsView &args, wire::ReportBlock *report);
    /// The same by way of the graph's instance, which the engine has been lent.
    void run_instance(GraphInstance &instance, const wire::LaunchBlock &launch, const wire::ArgsView &args,
                      wire::ReportBlock *report);

private:
    uint64_t address_of(uint32_t base, uint64_t offset) const;
    uint64_t replay_item(uint64_t at, wire::ReportBlock *report);
    uint64_t replay_task(uint64_t at);
    void fill_tensors(const uint32_t *offsets, TaskSlot &slot);
    uint32_t add_edges(const uint32_t *producers, uint32_t count, uint32_t consumer);

    uint64_t image_ = 0;
    wire::ArgsView args_{};
    TaskId *ids_ = nullptr; ///< Of the tasks since the last barrier, by number.
    uint32_t count_ = 0;
};

} // namespace pto::inline PTO_ARCH::engine

#endif
