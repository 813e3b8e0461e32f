// SPDX-License-Identifier: Apache-2.0
#include "bench/support/usage.hpp"

#include "bench/support/clock.hpp"

#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace pto::bench {

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

uint64_t waited_ns()
{
    uint64_t sum = 0;
    for (const auto &task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream file(task.path() / "schedstat");
        uint64_t ran = 0;
        uint64_t waited = 0;
        file >> ran >> waited;
        sum += waited;
    }
    return sum;
}

} // namespace pto::bench
