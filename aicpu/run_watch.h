// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_AICPU_RUN_WATCH_H
#define PTO_AICPU_RUN_WATCH_H

#include <cstdint>

namespace pto::inline PTO_ARCH::aicpu {

/// Finds out that a run gets nowhere. One CPU looks, whenever it has nothing to do and now and then while it has; no
/// time passes for a run while nobody looks, so that a machine that stood still is not taken for a run that does.
class RunWatch {
public:
    enum class Verdict { kGoesOn, kStalled, kTooLong };

    void begin(uint64_t now_ns, uint64_t stall_timeout_ns, uint64_t timeout_ns)
    {
        *this = {};
        stall_timeout_ns_ = stall_timeout_ns;
        timeout_ns_ = timeout_ns;
        last_look_ns_ = now_ns;
    }

    /// `progress` changes whenever the run gets ahead.
    Verdict look(uint64_t now_ns, uint64_t progress)
    {
        const uint64_t since = now_ns - last_look_ns_;
        const uint64_t elapsed = since < kLongestTickNs ? since : kLongestTickNs;
        last_look_ns_ = now_ns;
        running_ns_ += elapsed;
        quiet_ns_ = progress == progress_ ? quiet_ns_ + elapsed : 0;
        progress_ = progress;
        if (quiet_ns_ >= stall_timeout_ns_)
            return Verdict::kStalled;
        return timeout_ns_ != 0 && running_ns_ >= timeout_ns_ ? Verdict::kTooLong : Verdict::kGoesOn;
    }

    uint64_t running_ns() const { return running_ns_; }
    uint64_t quiet_ns() const { return quiet_ns_; }
    /// Nothing has moved for so long that what is waited for does not come by itself.
    bool is_quiet() const { return quiet_ns_ >= kQuietNs; }

private:
    static constexpr uint64_t kLongestTickNs = 20'000'000;
    static constexpr uint64_t kQuietNs = 20'000'000;

    uint64_t stall_timeout_ns_ = 0;
    uint64_t timeout_ns_ = 0; ///< 0: none
    uint64_t last_look_ns_ = 0;
    uint64_t running_ns_ = 0;
    uint64_t quiet_ns_ = 0;
    uint64_t progress_ = 0;
};

} // namespace pto::inline PTO_ARCH::aicpu

#endif
