// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_ONBOARD_VENDOR_CONTROL_CPUS_H
#define PTO_HOST_ONBOARD_VENDOR_CONTROL_CPUS_H

#include "engine/arch/traits.h"
#include "engine/wire/onboard_blocks.h"
#include "host/onboard/vendor/vendor_session.h"

namespace pto::vendor {

/// How runs are launched on the control CPUs.
struct ControlCpus {
    uint32_t block_count;  ///< Threads of a launch: one per CPU, because only then the vendor starts all of them.
    uint32_t thread_count; ///< Of which so many take part; the rest leaves at once.
    int32_t allowed[wire::kMaxControlThreads]; ///< By role; -1: any CPU.
};

/// Which CPUs launches run on, one bit each, as the host is told; only on chips where that is true.
pto_status control_cpu_mask(Session &session, uint64_t *out, host::DeviceFailure *failure);

/// Chooses CPUs of one cluster, whose members share a cache. An empty mask is unknown: then the threads that are needed
/// are launched, and run anywhere.
ControlCpus choose_control_cpus(const arch::ArchTraits &traits, uint64_t mask);

} // namespace pto::vendor

#endif
