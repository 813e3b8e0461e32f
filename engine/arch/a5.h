// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_ARCH_A5_H
#define PTO_ENGINE_ARCH_A5_H

#include "engine/arch/traits.h"

namespace pto::arch::a5 {

inline constexpr ArchTraits kTraits{
    .name = "a5",
    .cluster_count = 36,
    .control_thread_count = 5,
    .counter_hz = 1'000'000'000,
    .physical_core_count = 108,
    .is_coherent = true,
    .registers = {.command = 0xd0, .condition = 0x5108, .fast_path = 0},
    .driver = {.soc_names = {"Ascend950", "Ascend910_95"},
               .has_register_windows = true,
               .host_knows_control_cpus = false,
               .keeps_stale_code = false,
               .max_control_threads = 14},
};

} // namespace pto::arch::a5

#endif
