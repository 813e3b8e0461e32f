// SPDX-License-Identifier: Apache-2.0
// Medians and quantiles of samples.
#ifndef BENCH_SUPPORT_STATISTICS_HPP
#define BENCH_SUPPORT_STATISTICS_HPP

#include <vector>

namespace pto::bench {

/// What is told of many samples.
struct Summary {
    double median = 0;
    double p10 = 0;
    double p90 = 0;
    double p99 = 0;
    double least = 0;
    double greatest = 0;
    unsigned samples = 0;
};

/// The sample below which `fraction` of them lie; 0 of none. Sorts the samples.
double quantile(std::vector<double> &samples, double fraction);

double median(std::vector<double> samples);

Summary summarize(std::vector<double> samples);

/// `count` times the result of `sample()`, a number.
template <class Sample> std::vector<double> sample_times(unsigned count, Sample &&sample)
{
    std::vector<double> samples;
    samples.reserve(count);
    for (unsigned i = 0; i < count; i++)
        samples.push_back(sample());
    return samples;
}

} // namespace pto::bench

#endif
