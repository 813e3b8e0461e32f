// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_CLOCK_H
#define PTO_HOST_CLOCK_H

#include <chrono>
#include <cstdint>

namespace pto::host {

/// A clock that never goes back, for durations.
inline uint64_t now_ns()
{
    return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

} // namespace pto::host

#endif
