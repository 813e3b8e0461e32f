// SPDX-License-Identifier: Apache-2.0
#include "aicpu/linux/launch_gate.h"

#include "aicpu/linux/idle.h"

namespace pto::inline PTO_ARCH::aicpu {

/// Counts a thread of a session: how many there were before it, or kStale when a later session is on.
uint32_t LaunchGate::count(std::atomic<uint64_t> &cell, uint64_t session)
{
    constexpr uint64_t kCountMask = (1u << kCountBits) - 1;
    uint64_t seen = load_relaxed(cell);
    for (;;) {
        if (seen >> kCountBits > session)
            return kStale;
        const uint64_t before = seen >> kCountBits == session ? seen & kCountMask : 0;
        if (before == kCountMask)
            return kCountMask;
        if (cell.compare_exchange_weak(seen, (session << kCountBits) + before + 1, std::memory_order_acq_rel,
                                       std::memory_order_relaxed))
            return static_cast<uint32_t>(before);
    }
}

uint32_t LaunchGate::departures(uint64_t session) const
{
    const uint64_t seen = load_acquire(departures_); // R3
    return seen >> kCountBits == session ? static_cast<uint32_t>(seen & ((1u << kCountBits) - 1)) : 0;
}

/// Threads whose seats say that they are here.
uint32_t LaunchGate::seated(const Launch &launch) const
{
    uint32_t seated = 0;
    for (uint32_t i = 0; i < launch.thread_count; i++)
        seated += load_acquire(seats_[i]) >> kCpuBits == launch.session ? 1 : 0;
    return seated;
}

/// The first verdict of a session is that of all its threads.
LaunchGate::Verdict LaunchGate::decide(uint64_t session, Verdict verdict, bool *out_decided)
{
    uint64_t seen = load_acquire(verdict_);
    *out_decided = false;
    while (seen >> kVerdictBits < session && !*out_decided)
        *out_decided = cas_strong_acq_rel(verdict_, seen, (session << kVerdictBits) + verdict);
    if (*out_decided)
        return verdict;
    return seen >> kVerdictBits == session ? static_cast<Verdict>(seen & ((1u << kVerdictBits) - 1)) : kIncomplete;
}

/// Threads that are here when all are, when they are late, or when somebody has decided. While this thread does not
/// look no time passes: a machine that does not let it run may keep the others waiting as well.
uint32_t LaunchGate::wait_for_all(const Launch &launch) const
{
    constexpr uint64_t kLongestTickNs = 1'000'000;
    Idle idle;
    uint64_t last_ns = processor::now_ns(), waited_ns = 0;
    uint32_t here = seated(launch);
    for (uint32_t round = 0; here < launch.thread_count && waited_ns < launch.timeout_ns &&
                             load_acquire(verdict_) >> kVerdictBits < launch.session;
         round++) {
        idle.relax(round);
        here = seated(launch);
        const uint64_t now_ns = processor::now_ns(), tick_ns = now_ns - last_ns;
        waited_ns += tick_ns < kLongestTickNs ? tick_ns : kLongestTickNs;
        last_ns = now_ns;
    }
    return here;
}

LaunchGate::Arrival LaunchGate::arrive(const Launch &launch, int32_t cpu)
{
    const uint32_t thread = count(arrivals_, launch.session);
    if (thread >= launch.thread_count || thread >= kMaxThreads)
        return {Meeting::kTurnedAway, thread, 0, false};
    const uint64_t seat = cpu >= 0 && static_cast<uint64_t>(cpu) < kCpuMask ? static_cast<uint64_t>(cpu) + 1 : 0;
    store_release(seats_[thread], (launch.session << kCpuBits) + seat);

    const uint32_t here = wait_for_all(launch);
    bool has_decided = false;
    const Verdict verdict = decide(launch.session, here == launch.thread_count ? kComplete : kIncomplete, &has_decided);
    if (verdict == kComplete)
        return {Meeting::kComplete, thread, launch.thread_count, has_decided};
    return {Meeting::kIncomplete, thread, here, has_decided};
}

int32_t role_of(const LaunchGate &gate, uint32_t thread_count, const int32_t *allowed, uint32_t role_count,
                uint32_t thread)
{
    int32_t roles[LaunchGate::kMaxThreads];
    bool is_taken[LaunchGate::kMaxThreads] = {};
    for (uint32_t i = 0; i < thread_count; i++) {
        roles[i] = -1;
        const int32_t cpu = gate.cpu_of(i);
        for (uint32_t role = 0; role < role_count && cpu >= 0 && roles[i] < 0; role++)
            if (!is_taken[role] && allowed[role] == cpu) {
                is_taken[role] = true;
                roles[i] = static_cast<int32_t>(role);
            }
    }
    uint32_t gap = 0;
    for (uint32_t i = 0; i < thread_count; i++) {
        if (roles[i] >= 0)
            continue;
        while (gap < role_count && is_taken[gap])
            gap++;
        if (gap < role_count)
            roles[i] = static_cast<int32_t>(gap++);
    }
    return roles[thread];
}

} // namespace pto::inline PTO_ARCH::aicpu
