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
    for (uint32_t round = 0;; round++) {
        // In this order: what completed before the count was read has been handed back by then.
        const bool idle = engine_.outstanding() == 0;
        drain_retired();
        if (attempt())
            return true;
        if (is_over())
            return false;
        if (idle) {
            report_deadlock(name, resource, needed);
            return false;
        }
        engine_.port.relax(engine_.port.self, round);
    }
}

} // namespace pto::inline PTO_ARCH::engine

#endif
