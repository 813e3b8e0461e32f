// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_WIRE_ORCH_PROGRAM_H
#define PTO_ENGINE_WIRE_ORCH_PROGRAM_H

#include "pto/orch.h"

namespace pto {

/// An orchestration that a loader holds, ready to be run.
struct OrchProgram {
    const pto_orch_entry *entry;     ///< What PTO_ORCHESTRATION exports; nullptr: the entry is a function.
    const pto_orch_adapter *adapter; ///< Of a function.
    pto_orch_function function;
    pto_orch_function config; ///< nullptr: none was named.
    uint32_t tensor_count;    ///< Arguments that it is prepared for.
    uint32_t scalar_count;

    bool exists() const { return entry != nullptr || adapter != nullptr; }
    void run(pto_orch *orch) const
    {
        if (entry != nullptr)
            entry->run(orch);
        else
            adapter->run(orch, function, config);
    }
};

/// A symbol in a shared object.
struct OrchSymbol {
    const void *address;
    bool is_function;
};

/// What a callable says of its orchestration.
struct OrchPromise {
    const char *entry;
    const char *config; ///< May be nullptr.
    uint32_t tensor_count;
    uint32_t scalar_count;
};

} // namespace pto

#endif
