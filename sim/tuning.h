// SPDX-License-Identifier: Apache-2.0
// Every number that trades one cost against another in the simulated chip, with its unit, effect and reason.
#ifndef PTO_SIM_TUNING_H
#define PTO_SIM_TUNING_H

#include <cstdint>

namespace pto::tuning {

/// Estimated work, in ns, that has to be waiting before a parked helper is woken. A wake costs the waker 8-10 us and
/// the helper arrives 20-50 us later; less work than that is done sooner without it.
inline constexpr uint64_t kWakeWorkNs = 30'000;

/// Mean kernel time, in ns and with the clock's own 30, below which no helper is woken for ready tasks: threads that
/// share such tasks spend more on passing cache lines to each other, about 100 ns for each task, than they save.
inline constexpr uint64_t kSharedKernelNs = 200;

/// Kernel time, in ns, that is assumed before the first kernel of a chip has been timed.
inline constexpr uint64_t kUnknownKernelNs = 1'000;

/// One kernel in this many is timed: reading the clock costs 28 ns, more than an empty kernel.
inline constexpr uint32_t kTimedKernelInterval = 64;

/// Rounds that a helper without work looks for some before it parks, about 20 us: tasks that complete elsewhere often
/// release new ones within that time.
inline constexpr uint32_t kHelperIdleRounds = 800;

/// Rounds of one wait in which the owner only pauses (about 25 ns each), then yields, before it sleeps.
inline constexpr uint32_t kOwnerPauseRounds = 64;
inline constexpr uint32_t kOwnerYieldRounds = 256;

/// Longest sleep of the owner, in ns. A helper that completes something ends it at once; this bounds a lost wake-up.
inline constexpr uint64_t kOwnerSleepNs = 1'000'000;

/// Interval of the monitor's looks at a run, in ns: how soon a blocked kernel's thread is replaced at best.
inline constexpr uint64_t kMonitorTickNs = 1'000'000;

/// Most time, in ns, that counts as passed between two looks. On a loaded machine looks are a few ticks apart.
inline constexpr uint64_t kLongestTickNs = 20'000'000;

/// The longest time of a kernel, times this, is how long nothing may move before tasks that are ready get further
/// threads, within these bounds in ns. Most kernels do not wait for others: those of a simulated instruction set take
/// milliseconds, and a thread that is started for nothing keeps a megabyte of such a kernel's state for good. More than
/// the upper bound would be felt by kernels that do wait.
inline constexpr uint64_t kPatienceKernels = 2;
inline constexpr uint64_t kLeastPatienceNs = 20'000'000;
inline constexpr uint64_t kMostPatienceNs = 250'000'000;

/// Longest wait, in ns, for a helper that is about to leave its kernel, before a thread is started in its place. Where
/// kernels spin on few processors, those that are through with a block may have to wait for one to return.
inline constexpr uint64_t kIdleHelperWaitNs = 20'000'000;

/// Looks without a run after which the monitor parks. Until then a new run need not wake it.
inline constexpr uint32_t kMonitorIdleTicks = 50;

/// Time, in ns, that kernels get to finish which run beside one that has faulted. Long enough for any kernel that does
/// not wait for the dead one, and soon enough for whoever waits for the run.
inline constexpr uint64_t kFaultGraceNs = 1'000'000'000;

/// Time, in ns, without any progress after which tasks that wait are taken to wait for each other. A thread that the
/// machine has put aside for a moment must not look like that.
inline constexpr uint64_t kQuietNs = 20'000'000;

/// Time, in ns, that threads get to leave their kernels after an abort before they are given up.
inline constexpr uint64_t kAbortGraceNs = 2'000'000'000;

/// In threads mode: rounds of one wait in which a core or a control CPU yields before it sleeps.
inline constexpr uint32_t kCoreYieldRounds = 4;
inline constexpr uint32_t kControlYieldRounds = 16;

/// Longest sleep, in ns, of a control CPU during a run: how late it sees a counter or the time.
inline constexpr uint64_t kControlSleepNs = 1'000'000;

/// Time, in ns, that a core's thread gets to answer. The chip's is a second; here a hundred of them may share a
/// processor with whatever else runs.
inline constexpr uint64_t kAnswerTimeoutNs = 10'000'000'000;

} // namespace pto::tuning

#endif
