// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_DEVICE_FAILURE_H
#define PTO_HOST_DEVICE_FAILURE_H

#include <cstdint>
#include <cstdio>

namespace pto::host {

/// Why a device function failed.
struct DeviceFailure {
    int64_t raw;       ///< Number of the system or vendor, 0 when there is none.
    char message[192]; ///< Zero-terminated; "": the status says it all.
};

/// For whoever may fail to fill in. Not all zero: on the way of every run that would cost something.
inline void clear(DeviceFailure *failure)
{
    failure->raw = 0;
    failure->message[0] = '\0';
}

/// Says what was being done when it failed: "what: why".
inline void blame(DeviceFailure *failure, const char *what)
{
    const DeviceFailure cause = *failure;
    std::snprintf(failure->message, sizeof failure->message, "%.80s%s%.108s", what,
                  cause.message[0] == '\0' ? "" : ": ", cause.message);
}

} // namespace pto::host

#endif
