/* SPDX-License-Identifier: Apache-2.0 */
/** @file gnu12_prelude.h
 *  What g++ before version 13 lacks for the headers of pto-isa, for `-include`; it is nothing to other compilers.
 *
 *  A static assertion that begins with the word `false` always passes. These compilers refuse it in a template that is
 *  never instantiated; in one that is, the loss is its message: an operation that pto-isa does not have on the
 * simulator is then found by another error, or not until it runs. Every other assertion means what it meant. */
#ifndef PTO_COMPAT_GNU12_PRELUDE_H
#define PTO_COMPAT_GNU12_PRELUDE_H

#if defined(__cplusplus) && defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13

/* So that a failed assertion is told where it stands, not where the macro does. */
#pragma GCC system_header

#include <limits>

namespace pto_gnu12 {

/** Whether a condition, as text, begins with the literal `false`. */
constexpr bool begins_with_false(const char *text)
{
    const char *word = "false";
    while (*word != '\0' && *text == *word) {
        ++text;
        ++word;
    }
    const bool is_longer = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
                           (*text >= '0' && *text <= '9') || *text == '_' || *text == ':';
    return *word == '\0' && !is_longer;
}

} // namespace pto_gnu12

/* The name within its own expansion is the language's. */
#define static_assert(...) static_assert(::pto_gnu12::begins_with_false(#__VA_ARGS__) || __VA_ARGS__)

#ifdef __FLT16_MANT_DIG__
namespace std {

/** The IEEE 754 type of 16 bits. */
template <> class numeric_limits<_Float16> {
public:
    static constexpr bool is_specialized = true;
    static constexpr bool is_signed = true;
    static constexpr bool is_integer = false;
    static constexpr bool is_exact = false;
    static constexpr bool is_iec559 = true;
    static constexpr bool is_bounded = true;
    static constexpr bool is_modulo = false;
    static constexpr bool has_infinity = true;
    static constexpr bool has_quiet_NaN = true;
    static constexpr bool has_signaling_NaN = true;
    static constexpr float_denorm_style has_denorm = denorm_present;
    static constexpr bool has_denorm_loss = false;
    static constexpr bool traps = false;
    static constexpr bool tinyness_before = false;
    static constexpr float_round_style round_style = round_to_nearest;
    static constexpr int radix = 2;
    static constexpr int digits = 11;
    static constexpr int digits10 = 3;
    static constexpr int max_digits10 = 5;
    static constexpr int min_exponent = -13;
    static constexpr int min_exponent10 = -4;
    static constexpr int max_exponent = 16;
    static constexpr int max_exponent10 = 4;

    static constexpr _Float16 min() noexcept { return static_cast<_Float16>(6.103515625e-5F); }
    static constexpr _Float16 max() noexcept { return static_cast<_Float16>(65504.0F); }
    static constexpr _Float16 lowest() noexcept { return static_cast<_Float16>(-65504.0F); }
    static constexpr _Float16 epsilon() noexcept { return static_cast<_Float16>(9.765625e-4F); }
    static constexpr _Float16 round_error() noexcept { return static_cast<_Float16>(0.5F); }
    static constexpr _Float16 infinity() noexcept { return static_cast<_Float16>(__builtin_inff()); }
    static constexpr _Float16 quiet_NaN() noexcept { return static_cast<_Float16>(__builtin_nanf("")); }
    static constexpr _Float16 signaling_NaN() noexcept { return __builtin_nansf16(""); }
    static constexpr _Float16 denorm_min() noexcept { return static_cast<_Float16>(5.9604644775390625e-8F); }
};

} // namespace std
#endif

#endif

#endif
