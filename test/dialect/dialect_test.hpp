// SPDX-License-Identifier: Apache-2.0
// What the tests of the dialect share: values, comparisons, runs of callables whose sources are written in it.
#ifndef PTO_TEST_DIALECT_DIALECT_TEST_HPP
#define PTO_TEST_DIALECT_DIALECT_TEST_HPP

#include "support/test_chip.hpp"

#include <cmath>
#include <cstring>

namespace pto::test {

/// Numbers without a pattern, the same ones for the same seed: halves between -4 and 4, whose sums and products of a
/// few are exact.
inline std::vector<float> values(std::size_t count, uint32_t seed)
{
    std::vector<float> result(count);
    uint32_t state = seed * 2654435761U + 12345;
    for (float &value : result) {
        state = state * 1664525U + 1013904223U;
        value = static_cast<float>(static_cast<int32_t>(state >> 28) - 8) / 2.0F;
    }
    return result;
}

/// Fails the test unless both have the same numbers up to a little rounding.
inline void expect_close(const std::vector<float> &expected, const std::vector<float> &found, const char *what)
{
    assert_int_equal(expected.size(), found.size());
    for (std::size_t i = 0; i < expected.size(); i++)
        if (!(std::fabs(expected[i] - found[i]) <= 1e-4F * (1 + std::fabs(expected[i]))))
            fail_msg("%s: element %zu is %g, expected %g", what, i, static_cast<double>(found[i]),
                     static_cast<double>(expected[i]));
}

inline void expect_equal(const std::vector<int32_t> &expected, const std::vector<int32_t> &found, const char *what)
{
    assert_int_equal(expected.size(), found.size());
    for (std::size_t i = 0; i < expected.size(); i++)
        if (expected[i] != found[i])
            fail_msg("%s: element %zu is %d, expected %d", what, i, found[i], expected[i]);
}

inline pto_tensor integers(std::vector<int32_t> &data, const std::vector<uint32_t> &shape)
{
    return pto_host_tensor(data.data(), PTO_INT32, static_cast<uint32_t>(shape.size()), shape.data());
}

/// c = a * b, a [m, k], b [k, n].
inline std::vector<float> product(const std::vector<float> &a, const std::vector<float> &b, std::size_t m,
                                  std::size_t k, std::size_t n)
{
    std::vector<float> c(m * n, 0.0F);
    for (std::size_t i = 0; i < m; i++)
        for (std::size_t j = 0; j < n; j++)
            for (std::size_t l = 0; l < k; l++)
                c[i * n + j] += a[i * k + l] * b[l * n + j];
    return c;
}

/// x * a + b as the kernel computes it.
inline int32_t affine(int32_t x, uint32_t a, uint32_t b)
{
    return static_cast<int32_t>(static_cast<uint32_t>(x) * a + b);
}

/// The bits of a float, as a scalar of a run.
inline uint64_t bits(float value)
{
    return pto_bits_f32(value);
}

} // namespace pto::test

#endif
