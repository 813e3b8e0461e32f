// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_ARCH_A2A3_H
#define PTO_ENGINE_ARCH_A2A3_H

#include "engine/arch/traits.h"

namespace pto::arch::a2a3 {

inline constexpr ArchTraits kTraits{
    .name = "a2a3",
    .cluster_count = 24,
    .control_thread_count = 4,
    .counter_hz = 50'000'000,
    .physical_core_count = 75,
    .is_coherent = false,
    .registers = {.command = 0xa0, .condition = 0x4c8, .fast_path = 0x18},
    .driver = {.soc_names = {"Ascend910B", "Ascend910_93"},
               .has_register_windows = false,
               .host_knows_control_cpus = true,
               .keeps_stale_code = true,
               .max_control_threads = 6},
};

} // namespace pto::arch::a2a3

#endif
