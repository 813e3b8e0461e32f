// SPDX-License-Identifier: Apache-2.0
// Reading the clock.
#ifndef BENCH_SUPPORT_CLOCK_HPP
#define BENCH_SUPPORT_CLOCK_HPP

#include <cstdint>
#include <ctime>

namespace pto::bench {

inline uint64_t now_ns()
{
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

/// Nanoseconds that `body()` takes.
template <class Body> double timed_ns(Body &&body)
{
    const uint64_t begin = now_ns();
    body();
    return static_cast<double>(now_ns() - begin);
}

/// Keeps the processor busy, so that it is the system under test that has been idle, not the processor.
inline void spin_ns(uint64_t duration_ns)
{
    const uint64_t end = now_ns() + duration_ns;
    while (now_ns() < end) {}
}

} // namespace pto::bench

#endif
