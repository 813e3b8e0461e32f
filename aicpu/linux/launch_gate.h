// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_AICPU_LINUX_LAUNCH_GATE_H
#define PTO_AICPU_LINUX_LAUNCH_GATE_H

#include "engine/arch/arch.h"
#include "engine/base/atomics.h"
#include "engine/wire/onboard_blocks.h"

namespace pto::inline PTO_ARCH::aicpu {

/// Where the threads of one launch meet, in memory that the next launches use again. All state is a session's: what an
/// earlier one has left counts as nothing, and a thread of an earlier one is turned away. Zero is a gate that nobody
/// has come to.
class LaunchGate {
public:
    static constexpr uint32_t kMaxThreads = wire::kMaxControlThreads;
    static constexpr uint64_t kMaxSession = (uint64_t{1} << 52) - 1;

    struct Launch {
        uint64_t session; ///< 1..kMaxSession, more than that of every earlier launch.
        uint32_t thread_count;
        uint64_t timeout_ns;
    };

    enum class Meeting {
        kComplete,   ///< All are here.
        kIncomplete, ///< Not all have come in time: whoever did leaves.
        kTurnedAway, ///< This thread is one too many, or of an earlier launch.
    };

    struct Arrival {
        Meeting meeting;
        uint32_t thread;  ///< Number of the thread, by arrival.
        uint32_t arrived; ///< Threads that had come.
        bool has_decided; ///< It was this thread that found the meeting incomplete.
    };

    /// Waits for the others of the launch.
    Arrival arrive(const Launch &launch, int32_t cpu);
    /// CPU of a thread of a complete meeting.
    int32_t cpu_of(uint32_t thread) const { return static_cast<int32_t>(load_acquire(seats_[thread]) & kCpuMask) - 1; }

    /// A thread of a complete meeting touches nothing that is shared any more (R3).
    void leave(uint64_t session) { count(departures_, session); }
    /// Threads that have left.
    uint32_t departures(uint64_t session) const;

private:
    enum Verdict : uint64_t { kOpen, kComplete, kIncomplete };

    static constexpr uint32_t kCountBits = 8, kCpuBits = 12, kVerdictBits = 2;
    static constexpr uint64_t kCpuMask = (1u << kCpuBits) - 1;
    static constexpr uint32_t kStale = UINT32_MAX;

    static uint32_t count(std::atomic<uint64_t> &cell, uint64_t session);
    uint32_t seated(const Launch &launch) const;
    uint32_t wait_for_all(const Launch &launch) const;
    Verdict decide(uint64_t session, Verdict verdict, bool *out_decided);

    alignas(64) std::atomic<uint64_t> arrivals_{0}; ///< Session and threads.
    std::atomic<uint64_t> verdict_{0};              ///< Session and Verdict.
    std::atomic<uint64_t> departures_{0};           ///< Session and threads. R3
    std::atomic<uint64_t> seats_[kMaxThreads] = {}; ///< Session and CPU + 1, by thread.
};

/// What a thread of a complete meeting does: roles are numbered from 0, and the threads on `allowed[i]` is given role
/// i. Roles whose CPU has no thread, or is -1, go to the other threads in the order of arrival. -1: none is left.
int32_t role_of(const LaunchGate &gate, uint32_t thread_count, const int32_t *allowed, uint32_t role_count,
                uint32_t thread);

} // namespace pto::inline PTO_ARCH::aicpu

#endif
