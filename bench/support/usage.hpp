// SPDX-License-Identifier: Apache-2.0
// What this process and the machine use.
#ifndef BENCH_SUPPORT_USAGE_HPP
#define BENCH_SUPPORT_USAGE_HPP

#include <cstdint>

namespace pto::bench {

/// Memory of this process that is resident.
uint64_t resident_bytes();

/// Processor time of this process so far.
uint64_t process_cpu_ns();

/// Time that threads of this process, those that there are now, were ready to run and had no processor: other processes
/// had it. What was measured meanwhile is worthless.
uint64_t waited_ns();

} // namespace pto::bench

#endif
