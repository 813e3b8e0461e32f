// SPDX-License-Identifier: Apache-2.0
#include "compare.hpp"

#include "element_value.hpp"

#include <algorithm>
#include <cmath>
#include <concepts>

namespace pto::tool {
namespace {

/// Difference of one pair; `is_nan` when it has none.
struct Difference {
    double absolute;
    double golden; ///< |golden|
    bool is_nan;
    bool both_nan;
};

/// Equal infinities differ by 0, not by NaN.
Difference difference_of(double actual, double golden)
{
    const bool actual_nan = std::isnan(actual);
    const bool golden_nan = std::isnan(golden);
    const double absolute = actual == golden ? 0.0 : std::fabs(actual - golden);
    return {absolute, std::fabs(golden), actual_nan || golden_nan, actual_nan && golden_nan};
}

/// Exact until the last step: neighbours beyond 2^53 are still told apart.
template <std::integral Integer> Difference difference_of(Integer actual, Integer golden)
{
    const auto wide = [](Integer value) { return static_cast<uint64_t>(value); };
    const uint64_t absolute = actual > golden ? wide(actual) - wide(golden) : wide(golden) - wide(actual);
    return {static_cast<double>(absolute), std::fabs(static_cast<double>(golden)), false, false};
}

/// An infinite golden is matched by nothing but itself, whatever the relative tolerance.
bool matches(const Difference &difference, double rtol, double atol, bool equal_nan)
{
    if (difference.is_nan)
        return difference.both_nan && equal_nan;
    if (difference.absolute == 0)
        return true;
    return std::isfinite(difference.golden) && difference.absolute <= atol + rtol * difference.golden;
}

} // namespace

Comparison compare(pto_dtype dtype, std::span<const std::byte> actual, std::span<const std::byte> golden,
                   const Tolerance &tolerance)
{
    const double rtol = tolerance.rtol.value_or(is_floating(dtype) ? 1e-5 : 0.0);
    const double atol = tolerance.atol.value_or(is_floating(dtype) ? 1e-6 : 0.0);
    Comparison result;
    result.count = actual.size() / std::max(pto_dtype_size(dtype), 1u);
    with_element_reader(dtype, [&](auto read) {
        for (uint64_t i = 0; i < result.count; i++) {
            const Difference difference = difference_of(read(actual, i), read(golden, i));
            if (!matches(difference, rtol, atol, tolerance.equal_nan) && result.mismatches++ == 0)
                result.first = i;
            if (difference.is_nan)
                continue;
            result.max_abs = std::max(result.max_abs, difference.absolute);
            if (difference.golden != 0 && std::isfinite(difference.golden))
                result.max_rel = std::max(result.max_rel, difference.absolute / difference.golden);
        }
    });
    return result;
}

} // namespace pto::tool
