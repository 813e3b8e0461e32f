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
};

} // namespace pto::arch::a5

#endif
