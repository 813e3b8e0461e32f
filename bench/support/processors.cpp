// SPDX-License-Identifier: Apache-2.0
#include "bench/support/processors.hpp"

#include "bench/support/clock.hpp"
#include "bench/support/program.hpp"
#include "bench/support/statistics.hpp"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <thread>

namespace pto::bench {

namespace {

/// Above: no siblings of one core. Between the two: near.
constexpr double kSmtBelowNs = 80;
constexpr double kFarAboveNs = 400;

constexpr unsigned kBatches = 41;
constexpr uint32_t kRoundsPerBatch = 500;

struct alignas(64) Flag {
    std::atomic<uint32_t> value{0};
};

/// Both sides give up their processor after a while, so that a busy machine delays the probe, and does not stop it.
void wait_for(const Flag &flag, uint32_t value)
{
    uint32_t rounds = 0;
    while (flag.value.load(std::memory_order_acquire) != value) {
        if (++rounds % 100'000 == 0)
            std::this_thread::yield();
    }
}

cpu_set_t set_of(const std::vector<int> &processors)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const int processor : processors)
        CPU_SET(static_cast<size_t>(processor), &set);
    return set;
}

std::vector<int> threads_named(const std::string &name)
{
    std::vector<int> threads;
    for (const auto &task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream file(task.path() / "comm");
        std::string comm;
        if (std::getline(file, comm) && comm == name)
            threads.push_back(std::stoi(task.path().filename().string()));
    }
    return threads;
}

} // namespace

std::vector<int> allowed_processors()
{
    std::vector<int> processors;
    cpu_set_t set;
    CPU_ZERO(&set);
    sched_getaffinity(0, sizeof set, &set);
    for (int i = 0; i < CPU_SETSIZE; i++) {
        if (CPU_ISSET(static_cast<size_t>(i), &set))
            processors.push_back(i);
    }
    return processors;
}

void pin_thread(const std::vector<int> &processors)
{
    const cpu_set_t set = set_of(processors);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
        fail(std::string("cannot pin a thread: ") + std::strerror(errno));
}

void pin_threads_named(const std::string &name, const std::vector<int> &processors)
{
    const cpu_set_t set = set_of(processors);
    // One that has ended meanwhile cannot be pinned, and need not be.
    for (const int thread : threads_named(name))
        sched_setaffinity(thread, sizeof set, &set);
}

bool has_thread_named(const std::string &name)
{
    return !threads_named(name).empty();
}

double ping_pong_ns(int first, int second)
{
    if (first == second)
        return 0;
    const Pinned pinned({first});
    constexpr uint32_t kRounds = kBatches * kRoundsPerBatch;
    Flag ping;
    Flag pong;
    std::thread partner([&] {
        pin_thread({second});
        for (uint32_t i = 1; i <= kRounds; i++) {
            wait_for(ping, i);
            pong.value.store(i, std::memory_order_release); // meets the acquire of wait_for
        }
    });
    uint32_t round = 0;
    const double batch_ns = median(sample_times(kBatches, [&] {
        return timed_ns([&] {
            for (uint32_t i = 0; i < kRoundsPerBatch; i++) {
                ping.value.store(++round, std::memory_order_release); // meets the acquire of wait_for
                wait_for(pong, round);
            }
        });
    }));
    partner.join();
    return batch_ns / kRoundsPerBatch;
}

const char *placement_name(double round_trip_ns)
{
    if (round_trip_ns <= 0)
        return "one";
    if (round_trip_ns < kSmtBelowNs)
        return "smt";
    return round_trip_ns > kFarAboveNs ? "far" : "near";
}

} // namespace pto::bench
