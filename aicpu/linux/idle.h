// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_AICPU_LINUX_IDLE_H
#define PTO_AICPU_LINUX_IDLE_H

#include "aicpu/linux/processor.h"
#include "engine/arch/arch.h"

namespace pto::inline PTO_ARCH::aicpu {

/// How a thread lets time pass while it waits: it keeps its CPU for as long as answers usually take, offers it to
/// others after that, and sleeps when nothing seems to come.
class alignas(64) Idle {
public:
    /// `round` counts the calls of one wait, from 0.
    void relax(uint32_t round)
    {
        const uint64_t now = processor::now_ns();
        if (round == 0)
            since_ns_ = now;
        if (now - since_ns_ < kSpinNs)
            processor::pause();
        else if (now - since_ns_ < kYieldNs)
            linux_calls::yield_processor();
        else
            linux_calls::sleep_for(kSleepNs);
    }

private:
    static constexpr uint64_t kSpinNs = 200'000;
    static constexpr uint64_t kYieldNs = 2'000'000;
    static constexpr int64_t kSleepNs = 50'000;

    uint64_t since_ns_ = 0;
};

} // namespace pto::inline PTO_ARCH::aicpu

#endif
