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

/// Measures how many processors other processes kept busy since it was made: what makes a measurement worthless.
class OtherLoad {
public:
    OtherLoad();
    double processors() const;

private:
    uint64_t begin_ns_;
    uint64_t machine_ns_;
    uint64_t process_ns_;
};

} // namespace pto::bench

#endif
