// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_AICPU_CORE_LOOP_H
#define PTO_AICPU_CORE_LOOP_H

#include "engine/arch/arch.h"
#include "pto/firmware.h"

namespace pto::inline PTO_ARCH::aicpu {

/// What pto_core_run does, for programs that hold the loops of several archs.
void run_core(const pto_core_port &port, pto_core_line &line);

} // namespace pto::inline PTO_ARCH::aicpu

#endif
