// SPDX-License-Identifier: Apache-2.0
#include "host/onboard/vendor/control_cpus.h"

#include <algorithm>
#include <bit>
#include <cstdio>

namespace pto::vendor {
namespace {

constexpr uint32_t kClusterCpus = 4;

/// The cluster with the most CPUs of a mask, the later one of two: the first CPUs are where the system works.
uint64_t largest_cluster(uint64_t mask)
{
    uint64_t best = 0;
    for (uint32_t first = 0; first < 64; first += kClusterCpus) {
        const uint64_t cluster = mask & uint64_t{0xf} << first;
        if (std::popcount(cluster) >= std::popcount(best))
            best = cluster;
    }
    return best;
}

} // namespace

pto_status control_cpu_mask(Session &session, uint64_t *out, host::DeviceFailure *failure)
{
    int64_t value = 0;
    const int number = session.f.halGetDeviceInfo(session.driver_device(), kModuleControlCpu, kInfoOccupy, &value);
    const pto_status status = session.check("halGetDeviceInfo", number, failure, NumberSpace::kDriver);
    if (status != PTO_OK)
        return status;
    *out = static_cast<uint64_t>(value);
    if (*out != 0 && *out >> wire::kMaxControlThreads == 0)
        return PTO_OK;
    std::snprintf(failure->message, sizeof failure->message,
                  "halGetDeviceInfo says which control CPUs there are, which cannot be right: 0x%llx",
                  static_cast<unsigned long long>(value));
    return PTO_ERROR_DRIVER;
}

ControlCpus choose_control_cpus(const arch::ArchTraits &traits, uint64_t mask)
{
    ControlCpus cpus{};
    std::fill(std::begin(cpus.allowed), std::end(cpus.allowed), -1);
    cpus.block_count = traits.control_thread_count;
    cpus.thread_count = traits.control_thread_count;
    if (mask == 0)
        return cpus;
    const uint32_t limit = std::min(traits.driver.max_control_threads, wire::kMaxControlThreads);
    cpus.block_count = std::min(static_cast<uint32_t>(std::popcount(mask)), limit);
    // Where a cluster has too few, CPUs of others are better than none.
    const uint64_t cluster = largest_cluster(mask);
    const bool is_enough = static_cast<uint32_t>(std::popcount(cluster)) >= traits.control_thread_count;
    const uint32_t wanted = std::min(traits.control_thread_count, cpus.block_count);
    uint32_t count = 0;
    for (uint64_t left = is_enough ? cluster : mask; left != 0 && count < wanted; left &= left - 1)
        cpus.allowed[count++] = std::countr_zero(left);
    cpus.thread_count = count;
    return cpus;
}

} // namespace pto::vendor
