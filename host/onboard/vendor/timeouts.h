// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_ONBOARD_VENDOR_TIMEOUTS_H
#define PTO_HOST_ONBOARD_VENDOR_TIMEOUTS_H

#include "host/device_failure.h"
#include "pto/status.h"

#include <cstdint>

namespace pto::vendor {

/// Who gives up when: first the executor, which knows most about why, then the driver, then the host.
struct Timeouts {
    uint64_t stall_ns;
    uint64_t op_execute_ns;
    uint64_t sync_ns;
    uint64_t answer_ns; ///< Within an operation: for cores to answer, and for threads of a launch to come.
};

/// The executor needs some time to tell what it knows once it has given up.
inline constexpr uint64_t kReportNs = 1'500'000'000;

/// With the defaults where the options are 0.
Timeouts complete_timeouts(Timeouts options);

/// PTO_ERROR_INVALID_ARGUMENT with the three when somebody would give up before who should.
pto_status check_timeouts(const Timeouts &timeouts, host::DeviceFailure *failure);

/// For functions that take milliseconds: rounded up, at least 1.
int32_t milliseconds(uint64_t ns);

} // namespace pto::vendor

#endif
