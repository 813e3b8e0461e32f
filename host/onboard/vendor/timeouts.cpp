// SPDX-License-Identifier: Apache-2.0
#include "host/onboard/vendor/timeouts.h"

namespace pto::vendor {
namespace {

constexpr uint64_t kDefaultOpExecuteNs = 45'000'000'000;
constexpr uint64_t kDefaultSyncNs = 50'000'000'000;
constexpr uint64_t kNsPerMs = 1'000'000;

double seconds(uint64_t ns)
{
    return static_cast<double>(ns) * 1e-9;
}

} // namespace

Timeouts complete_timeouts(uint64_t stall_ns, uint64_t op_execute_ns, uint64_t sync_ns)
{
    return {stall_ns, op_execute_ns == 0 ? kDefaultOpExecuteNs : op_execute_ns,
            sync_ns == 0 ? kDefaultSyncNs : sync_ns};
}

pto_status check_timeouts(const Timeouts &timeouts, host::DeviceFailure *failure)
{
    const bool is_ordered = timeouts.stall_ns < timeouts.op_execute_ns && timeouts.op_execute_ns < timeouts.sync_ns &&
                            timeouts.sync_ns - timeouts.stall_ns > kReportNs;
    if (is_ordered)
        return PTO_OK;
    std::snprintf(failure->message, sizeof failure->message,
                  "stall_timeout %.3f s < op_execute_timeout %.3f s < sync_timeout %.3f s, 1.5 s from first to last, "
                  "does not hold",
                  seconds(timeouts.stall_ns), seconds(timeouts.op_execute_ns), seconds(timeouts.sync_ns));
    return PTO_ERROR_INVALID_ARGUMENT;
}

int32_t milliseconds(uint64_t ns)
{
    const uint64_t rounded = ns / kNsPerMs + (ns % kNsPerMs != 0 ? 1 : 0);
    if (rounded == 0)
        return 1;
    return rounded > INT32_MAX ? INT32_MAX : static_cast<int32_t>(rounded);
}

} // namespace pto::vendor
