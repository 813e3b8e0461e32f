// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_AICPU_LINUX_USER_CPUS_H
#define PTO_AICPU_LINUX_USER_CPUS_H

#include "engine/arch/arch.h"

#include <cstdint>

namespace pto::inline PTO_ARCH::aicpu {

/// CPUs that have a thread of the vendor's pool each, one bit per CPU, as the driver on the device tells. 0: unknown,
/// because the process has no such driver, or it refuses, or the host knows better on this arch.
uint64_t user_cpus(uint32_t driver_device);

} // namespace pto::inline PTO_ARCH::aicpu

#endif
