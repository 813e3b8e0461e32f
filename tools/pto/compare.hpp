// SPDX-License-Identifier: Apache-2.0
// Comparing a result with its golden.
#ifndef PTO_TOOL_COMPARE_HPP
#define PTO_TOOL_COMPARE_HPP

#include "pto/tensor.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace pto::tool {

/// An element matches when |actual - golden| <= atol + rtol * |golden|, as in numpy.allclose. What is not given
/// is 1e-5 and 1e-6 for floating point, and 0 for integers and bool.
struct Tolerance {
    std::optional<double> rtol;
    std::optional<double> atol;
    bool equal_nan = false; ///< A NaN matches a NaN; otherwise a NaN matches nothing.
};

struct Comparison {
    uint64_t count = 0;      ///< Elements compared.
    uint64_t mismatches = 0; ///< Elements beyond the tolerance.
    uint64_t first = 0;      ///< Row-major number of the first of them; meaningless without mismatches.
    double max_abs = 0;      ///< Largest |actual - golden|; NaNs are left out.
    double max_rel = 0;      ///< Largest |actual - golden| / |golden|; NaNs and golden zeros are left out.

    bool is_equal() const { return mismatches == 0; }
};

/// Compares row-major elements of one dtype. Both spans have the same size.
Comparison compare(pto_dtype dtype, std::span<const std::byte> actual, std::span<const std::byte> golden,
                   const Tolerance &tolerance);

} // namespace pto::tool

#endif
