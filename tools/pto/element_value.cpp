// SPDX-License-Identifier: Apache-2.0
#include "element_value.hpp"

#include "text_format.hpp"

#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

namespace pto::tool {
namespace {

/// A sign, `exponent_bits` and `fraction_bits`, with subnormals; infinities and NaN are the caller's matter.
double small_float_value(unsigned bits, int exponent_bits, int fraction_bits)
{
    const unsigned fraction = bits & ((1u << fraction_bits) - 1);
    const int exponent = static_cast<int>(bits >> fraction_bits & ((1u << exponent_bits) - 1));
    const int bias = (1 << (exponent_bits - 1)) - 1;
    const bool is_subnormal = exponent == 0;
    const double significand = fraction + (is_subnormal ? 0.0 : std::ldexp(1.0, fraction_bits));
    const double magnitude = std::ldexp(significand, (is_subnormal ? 1 : exponent) - bias - fraction_bits);
    return (bits >> (exponent_bits + fraction_bits) & 1) != 0 ? -magnitude : magnitude;
}

/// Significant decimal digits that tell all values of a dtype apart.
int digits_of(pto_dtype dtype)
{
    switch (dtype) {
    case PTO_FLOAT32: return 9;
    case PTO_FLOAT16: return 5;
    case PTO_BFLOAT16: return 4;
    default: return 6;
    }
}

} // namespace

double float16_value(uint16_t bits)
{
    if ((bits & 0x7c00u) != 0x7c00u)
        return small_float_value(bits, 5, 10);
    if ((bits & 0x3ffu) != 0)
        return std::numeric_limits<double>::quiet_NaN();
    const double infinity = std::numeric_limits<double>::infinity();
    return (bits & 0x8000u) != 0 ? -infinity : infinity;
}

double bfloat16_value(uint16_t bits)
{
    return std::bit_cast<float>(uint32_t{bits} << 16);
}

double float8_e4m3fn_value(uint8_t bits)
{
    return (bits & 0x7fu) == 0x7fu ? std::numeric_limits<double>::quiet_NaN() : small_float_value(bits, 4, 3);
}

double float8_e8m0_value(uint8_t bits)
{
    return bits == 0xff ? std::numeric_limits<double>::quiet_NaN() : std::ldexp(1.0, int{bits} - 127);
}

double float4_e2m1_value(uint8_t bits)
{
    return small_float_value(bits, 2, 1);
}

bool is_floating(pto_dtype dtype)
{
    return with_element_reader(dtype, [](auto read) {
        return std::is_floating_point_v<decltype(read(std::span<const std::byte>(), uint64_t{0}))>;
    });
}

std::string element_text(pto_dtype dtype, std::span<const std::byte> bytes, uint64_t index)
{
    return with_element_reader(dtype, [&](auto read) {
        const auto value = read(bytes, index);
        using Value = std::remove_cv_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, bool>)
            return std::string(value ? "True" : "False");
        else if constexpr (std::is_floating_point_v<Value>)
            return format("%.*g", digits_of(dtype), value);
        else
            return std::to_string(value);
    });
}

} // namespace pto::tool
