// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_ARCH_TRAITS_H
#define PTO_ENGINE_ARCH_TRAITS_H

#include <cstdint>

namespace pto::arch {

/// Registers of a core that the control CPUs use, as offsets from its base.
struct CoreRegisters {
    uint32_t command;   ///< From the control CPUs to the core (DATA_MAIN_BASE).
    uint32_t condition; ///< From the core to the control CPUs (COND).
    uint32_t fast_path; ///< Opens and closes the other two (FAST_PATH); 0: they are always open.
};

/// What the vendor's driver does otherwise on one arch than on another.
struct DriverTraits {
    const char *soc_names[2];     ///< How the names of its chips begin; the second one may be null.
    bool has_register_windows;    ///< Registers are mapped cluster by cluster, not all in one range.
    bool host_knows_control_cpus; ///< What the host is told about control CPUs is true; else they have to be asked.
    bool keeps_stale_code;        ///< A stream's cores may have old instructions in their caches after an upload.
    uint32_t max_control_threads; ///< Most threads that one launch can start.
};

/// What sets one arch apart from another, as data. Published figures of the chips.
struct ArchTraits {
    const char *name;
    uint32_t cluster_count;        ///< Clusters per device; each has one AIC and two AIV.
    uint32_t control_thread_count; ///< Control-CPU threads of one launch, the orchestrator's included.
    uint64_t counter_hz;           ///< Frequency of the cores' system counter.
    uint32_t physical_core_count;  ///< Numbers that cores may have: more than there are, because some are masked out.
    bool is_coherent; ///< Control CPUs see what cores and the host's DMA have written, and they see theirs.
    CoreRegisters registers;
    DriverTraits driver;
};

} // namespace pto::arch

#endif
