// SPDX-License-Identifier: Apache-2.0
#include "host/onboard/vendor/timeouts.h"

namespace pto::vendor {
namespace {

constexpr uint64_t kDefaultOpExecuteNs = 45'000'000'000;
constexpr uint64_t kDefaultSyncNs = 50'000'000'000;
constexpr uint64_t kDefaultAnswerNs = 1'000'000'000;
constexpr uint64_t kNsPerMs = 1'000'000;

double seconds(uint64_t ns)
{
    return static_cast<double>(ns) * 1e-9;
}

} // namespace

Timeouts complete_timeouts(Timeouts options)
{
    if (options.op_execute_ns == 0)
        options.op_execute_ns = kDefaultOpExecuteNs;
    if (options.sync_ns == 0)
        options.sync_ns = kDefaultSyncNs;
    if (options.answer_ns == 0)
        options.answer_ns = kDefaultAnswerNs;
    return options;
}

pto_status check_timeouts(const Timeouts &timeouts, host::DeviceFailure *failure)
{
    const bool is_ordered = timeouts.stall_ns < timeouts.op_execute_ns && timeouts.op_execute_ns < timeouts.sync_ns &&
                            timeouts.sync_ns - timeouts.stall_ns > kReportNs;
    if (is_ordered && timeouts.answer_ns < timeouts.op_execute_ns)
        return PTO_OK;
    if (is_ordered) {
        std::snprintf(failure->message, sizeof failure->message,
                      "answer_timeout %.3f s is not less than op_execute_timeout %.3f s", seconds(timeouts.answer_ns),
                      seconds(timeouts.op_execute_ns));
        return PTO_ERROR_INVALID_ARGUMENT;
    }
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
