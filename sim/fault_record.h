// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_SIM_FAULT_RECORD_H
#define PTO_SIM_FAULT_RECORD_H

#include "aicpu/stall.h"
#include "posix/user_code.h"

namespace pto::inline PTO_ARCH::sim {

/// What a run ends with whose kernel has faulted; `kernel` nullptr: its orchestration has.
wire::ErrorRecord fault_record(const pto::posix::Fault &fault, const aicpu::RunningKernel *kernel,
                               const engine::Engine &engine);

} // namespace pto::inline PTO_ARCH::sim

#endif
