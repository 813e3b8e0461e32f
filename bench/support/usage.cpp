// SPDX-License-Identifier: Apache-2.0
#include "bench/support/usage.hpp"

#include "bench/support/clock.hpp"

#include <algorithm>
#include <fstream>
#include <string>
#include <unistd.h>

namespace pto::bench {

namespace {

/// Time that all processors of the machine were busy, or taken away by its host, so far.
uint64_t machine_cpu_ns()
{
    std::ifstream file("/proc/stat");
    std::string cpu;
    uint64_t user = 0;
    uint64_t nice = 0;
    uint64_t system = 0;
    uint64_t idle = 0;
    uint64_t io_wait = 0;
    uint64_t irq = 0;
    uint64_t soft_irq = 0;
    uint64_t steal = 0;
    file >> cpu >> user >> nice >> system >> idle >> io_wait >> irq >> soft_irq >> steal;
    const uint64_t ticks = user + nice + system + irq + soft_irq + steal;
    return ticks * (1'000'000'000 / static_cast<uint64_t>(sysconf(_SC_CLK_TCK)));
}

} // namespace

uint64_t resident_bytes()
{
    std::ifstream file("/proc/self/statm");
    uint64_t total = 0;
    uint64_t resident = 0;
    file >> total >> resident;
    return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

uint64_t process_cpu_ns()
{
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

OtherLoad::OtherLoad() : begin_ns_(now_ns()), machine_ns_(machine_cpu_ns()), process_ns_(process_cpu_ns()) {}

double OtherLoad::processors() const
{
    const auto elapsed = static_cast<double>(now_ns() - begin_ns_);
    const double machine = static_cast<double>(machine_cpu_ns() - machine_ns_);
    const double own = static_cast<double>(process_cpu_ns() - process_ns_);
    return elapsed <= 0 ? 0 : std::max(0.0, (machine - own) / elapsed);
}

} // namespace pto::bench
