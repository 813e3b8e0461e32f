// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_GRAPH_WAIT_H
#define PTO_ENGINE_GRAPH_WAIT_H

#include "engine/graph_owner.h"

namespace pto::inline PTO_ARCH::engine {

/// Waits until `attempt` succeeds, letting tasks complete in between. False: the run is over, or this can never
/// succeed, which is latched as PTO_ERROR_DEADLOCK or PTO_ERROR_CAPACITY.
template <class Try>
bool GraphOwner::wait_for(const char *name, wire::Resource resource, uint64_t needed, Try &&attempt)
{
    if (attempt())
        return true;
    for (uint32_t round = 0;;) {
        const bool busy = engine_.port.work(engine_.port.self);
        // In this order: what completed before the count was read has been handed back by then.
        const bool idle = !busy && engine_.outstanding() == 0;
        engine_.drain_retired();
        if (attempt())
            return true;
        if (is_over())
            return false;
        if (idle) {
            report_deadlock(name, resource, needed);
            return false;
        }
        round = busy ? 0 : round + 1;
        if (!busy)
            engine_.port.relax(engine_.port.self, round - 1);
    }
}

} // namespace pto::inline PTO_ARCH::engine

#endif
