// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_GRAPH_OWNER_H
#define PTO_ENGINE_GRAPH_OWNER_H

#include "engine/engine.h"

namespace pto::inline PTO_ARCH::engine {

/// What a task asks for, before it has a slot. Only ever in registers: members are as wide as what they come from.
struct TaskShape {
    int16_t func_id[kCoresPerCluster]; ///< By lane; PTO_NO_KERNEL: the lane is not used.
    uint32_t lane_mask;
    uint32_t tensor_count;
    uint32_t scalar_count;
    uint32_t block_num;
    uint32_t flags; ///< Set of TaskFlag.
};

/// The thread that puts tasks into the engine and takes back what completed ones held. Who decides which tasks these
/// are is up to the derived class: a builder that runs an orchestration, or a replay of a graph that was built before.
class GraphOwner {
public:
    explicit GraphOwner(Engine &engine) : engine_(engine) {}

    /// Nothing more is submitted: completed tasks need not be taken back.
    void end_submitting() { store_relaxed(engine_.recycling, false); }
    /// Waits until every task is complete, after the last has been submitted.
    void wait_for_all();

protected:
    /// A slot and payload for a task of this shape, its fixed fields filled in. Waits while the engine is full; nullptr
    /// when the run is over or there can never be room, which is latched.
    inline TaskSlot *take_slot(const TaskShape &shape);
    /// Lets a filled task go; `edges` are those that were pushed to it.
    inline void start(TaskSlot &slot, uint32_t edges);

    template <class Try>
    inline bool wait_for(const char *name, wire::Resource resource, uint64_t needed, Try &&attempt);
    /// Waits until nothing is in flight. False: the run is over.
    bool quiesce();

    bool is_over() const { return engine_.error.is_set(); }
    /// Number of the task that is being submitted. Joins are the engine's own and have none.
    unsigned long long ordinal() const
    {
        return engine_.first_ordinal + load_relaxed(engine_.submitted) - engine_.joins;
    }
    wire::ErrorRecord task_error(pto_status status) const;

    Engine &engine_;

private:
    template <class Try> bool wait_long(const char *name, wire::Resource resource, uint64_t needed, Try &&attempt);
    bool take_payload(TaskSlot *slot, uint32_t size_class)
    {
        slot->payload = engine_.tasks.payload.allocate(size_class);
        return slot->payload != kNone || take_payload_anew(slot, size_class);
    }
    bool take_payload_anew(TaskSlot *slot, uint32_t size_class);
    void report_deadlock(const char *name, wire::Resource resource, uint64_t needed);
};

} // namespace pto::inline PTO_ARCH::engine

#endif
