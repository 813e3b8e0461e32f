// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_ARCH_TRAITS_H
#define PTO_ENGINE_ARCH_TRAITS_H

#include <cstdint>

namespace pto::arch {

/// What sets one arch apart from another, as data. Published figures of the chips.
struct ArchTraits {
    const char *name;
    uint32_t cluster_count;        ///< Clusters per device; each has one AIC and two AIV.
    uint32_t control_thread_count; ///< Control-CPU threads of one launch, the orchestrator's included.
    uint64_t counter_hz;           ///< Frequency of the cores' system counter.
};

} // namespace pto::arch

#endif
