// SPDX-License-Identifier: Apache-2.0
#include "bench/support/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace pto::bench {

double quantile(std::vector<double> &samples, double fraction)
{
    if (samples.empty())
        return 0;
    std::sort(samples.begin(), samples.end());
    const double last = static_cast<double>(samples.size() - 1);
    const double place = std::clamp(fraction, 0.0, 1.0) * last;
    const auto below = static_cast<size_t>(std::floor(place));
    const auto above = static_cast<size_t>(std::ceil(place));
    const double weight = place - std::floor(place);
    return samples[below] * (1 - weight) + samples[above] * weight;
}

double median(std::vector<double> samples)
{
    return quantile(samples, 0.5);
}

Summary summarize(std::vector<double> samples)
{
    Summary summary;
    summary.samples = static_cast<unsigned>(samples.size());
    summary.median = quantile(samples, 0.5);
    summary.p10 = quantile(samples, 0.1);
    summary.p90 = quantile(samples, 0.9);
    summary.p99 = quantile(samples, 0.99);
    summary.least = quantile(samples, 0);
    summary.greatest = quantile(samples, 1);
    return summary;
}

} // namespace pto::bench
