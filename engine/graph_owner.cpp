// SPDX-License-Identifier: Apache-2.0
#include "engine/graph_owner.h"

#include "engine/graph_wait.h"

namespace pto::inline PTO_ARCH::engine {

void GraphOwner::wait_for_all()
{
    end_submitting();
    for (uint32_t round = 0; !load_relaxed(engine_.abandoned);) {
        if (engine_.port.work(engine_.port.self)) {
            round = 0;
            continue;
        }
        if (engine_.outstanding() == 0)
            return;
        engine_.port.relax(engine_.port.self, round++);
    }
}

wire::ErrorRecord GraphOwner::task_error(pto_status status) const
{
    wire::ErrorRecord record = error_record(status);
    record.task = ordinal();
    return record;
}

/// Blocks of one size are not made from those of others; but while nobody has one, all of them can be laid out anew.
bool GraphOwner::take_payload_anew(TaskSlot *slot, uint32_t size_class)
{
    PayloadPool &pool = engine_.tasks.payload;
    if (pool.live() != 0)
        return false;
    pool.reset();
    slot->payload = pool.allocate(size_class);
    return slot->payload != kNone;
}

} // namespace pto::inline PTO_ARCH::engine
