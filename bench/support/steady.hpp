// SPDX-License-Identifier: Apache-2.0
// Samples that other processes did not disturb, if they leave the processors alone for long enough.
#ifndef BENCH_SUPPORT_STEADY_HPP
#define BENCH_SUPPORT_STEADY_HPP

#include "bench/support/clock.hpp"
#include "bench/support/statistics.hpp"
#include "bench/support/usage.hpp"

#include <utility>
#include <vector>

namespace pto::bench {

struct Samples {
    std::vector<double> values;
    double waited = 0; ///< Share of the time that threads of this process waited for a processor.
};

/// Share of the time beyond which samples count as disturbed, and how often they are taken then.
inline constexpr double kDisturbed = 0.02;
inline constexpr unsigned kAttempts = 4;

/// `take()` gives samples; those of the attempt that waited least are returned.
template <class Take> Samples steadiest(Take &&take)
{
    Samples best;
    for (unsigned attempt = 0; attempt < kAttempts; attempt++) {
        const uint64_t waited_before = waited_ns();
        const uint64_t begin = now_ns();
        Samples samples{take(), 0};
        const auto elapsed = static_cast<double>(now_ns() - begin);
        const uint64_t waited = waited_ns();
        // A thread that has ended takes its time with it.
        if (elapsed > 0 && waited > waited_before)
            samples.waited = static_cast<double>(waited - waited_before) / elapsed;
        if (attempt == 0 || samples.waited < best.waited)
            best = std::move(samples);
        if (best.waited <= kDisturbed)
            break;
    }
    return best;
}

/// The same of `count` times `sample()`.
template <class Sample> Samples steady_samples(unsigned count, Sample &&sample)
{
    return steadiest([&] { return sample_times(count, sample); });
}

} // namespace pto::bench

#endif
