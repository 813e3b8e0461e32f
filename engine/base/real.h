// SPDX-License-Identifier: Apache-2.0
// What a formatter needs of real numbers, in integer arithmetic: long double has its arithmetic in a library on some
// machines, and double has not the digits.
#ifndef PTO_ENGINE_BASE_REAL_H
#define PTO_ENGINE_BASE_REAL_H

#include "engine/arch/arch.h"

#include <bit>
#include <cstdint>

namespace pto::inline PTO_ARCH {

/// The double next to a number in the format binary128, of which `high` holds sign, exponent and 48 bits.
inline double from_binary128(uint64_t high, uint64_t low)
{
    constexpr int kBiasDifference = 16383 - 1023;
    const uint64_t sign = high & (uint64_t{1} << 63);
    const int exponent = static_cast<int>(high >> 48 & 0x7fff);
    const uint64_t top = (high & 0xffffffffffff) << 4 | low >> 60;
    const uint64_t rest = low << 4;
    if (exponent == 0x7fff)
        return std::bit_cast<double>(sign | uint64_t{0x7ff} << 52 | (top != 0 || rest != 0 ? uint64_t{1} << 51 : 0));
    // What is too small for a normal double is made 0: nothing is logged of it but its size.
    if (exponent <= kBiasDifference)
        return std::bit_cast<double>(sign);
    const uint64_t half = uint64_t{1} << 63;
    const uint64_t up = rest > half || (rest == half && top % 2 != 0) ? 1 : 0;
    // Rounding up may carry into the exponent, and from the last one into infinity, as it should.
    const uint64_t magnitude = (static_cast<uint64_t>(exponent - kBiasDifference) << 52 | top) + up;
    const uint64_t infinity = uint64_t{0x7ff} << 52;
    return std::bit_cast<double>(sign | (exponent - kBiasDifference >= 0x7ff ? infinity : magnitude));
}

inline double to_double(long double value)
{
    if constexpr (__LDBL_MANT_DIG__ == 113) {
        struct Halves {
            uint64_t low, high;
        };
        static_assert(std::endian::native == std::endian::little);
        const auto halves = std::bit_cast<Halves>(value);
        return from_binary128(halves.high, halves.low);
    } else {
        return static_cast<double>(value);
    }
}

/// digits / scale * 10^exponent, with one digit before the point.
struct Scientific {
    uint64_t digits;
    int exponent;
};

/// A real number in 64 bits, the highest of which is set, times a power of two.
struct WideReal {
    uint64_t bits;
    int exponent;

    explicit WideReal(double magnitude)
    {
        const auto raw = std::bit_cast<uint64_t>(magnitude);
        const uint64_t fraction = raw & ((uint64_t{1} << 52) - 1);
        const int biased = static_cast<int>(raw >> 52);
        bits = biased == 0 ? fraction : fraction | uint64_t{1} << 52;
        exponent = (biased == 0 ? 1 : biased) - 1075;
        normalize();
    }

    /// Times factor * 2^(shift - 64). Loses less than one in 2^62, so that ten digits survive all steps there may be.
    void scale(uint64_t factor, int shift)
    {
        const unsigned __int128 product = static_cast<unsigned __int128>(bits) * factor;
        bits = static_cast<uint64_t>(product >> 64);
        exponent += shift;
        normalize();
    }

    bool at_least(uint64_t small) const { return exponent > 0 || (exponent > -64 && bits >> -exponent >= small); }

private:
    void normalize()
    {
        const int zeros = std::countl_zero(bits);
        bits <<= zeros;
        exponent -= zeros;
    }
};

/// The first digits of a number that is positive and finite, rounded; `scale` is the power of ten that says how many
/// are behind the point, at most nine.
inline Scientific scientific_digits(double magnitude, uint64_t scale)
{
    constexpr uint64_t kTenth = 0xcccccccccccccccd; // 2^67 / 10
    constexpr uint64_t kTen = 0xa000000000000000;   // 2^60 * 10
    WideReal real(magnitude);
    int exponent = 0;
    for (; real.at_least(10); exponent++)
        real.scale(kTenth, -3);
    for (; !real.at_least(1); exponent--)
        real.scale(kTen, 4);
    // Between 1 and 10: as a number of 2^-60.
    const uint64_t fixed = real.bits >> (-60 - real.exponent);
    const unsigned __int128 product = static_cast<unsigned __int128>(fixed) * scale + (uint64_t{1} << 59);
    const auto digits = static_cast<uint64_t>(product >> 60);
    return digits >= 10 * scale ? Scientific{digits / 10, exponent + 1} : Scientific{digits, exponent};
}

} // namespace pto::inline PTO_ARCH

#endif
