// SPDX-License-Identifier: Apache-2.0
// The engine's printf, against the one of the C library.
#include "engine_test.hpp"

#include "engine/base/format.h"
#include "engine/base/real.h"

#include <bit>
#include <cinttypes>
#include <climits>
#include <cmath>
#include <cstdio>
#include <string>

namespace {

using pto::format_text;
using pto::test::Random;

std::string formatted(const char *format, ...) __attribute__((format(printf, 1, 2)));

std::string formatted(const char *format, ...)
{
    char text[512];
    va_list values;
    va_start(values, format);
    const std::size_t size = format_text(text, sizeof text, format, values);
    va_end(values);
    assert_int_equal(size, std::strlen(text));
    return text;
}

/// Formats one value with both and compares; a template, because the formats are put together at run time.
template <class... Value> void same_as_printf(const std::string &format, Value... values)
{
    char expected[512];
    std::snprintf(expected, sizeof expected, format.c_str(), values...);
    assert_string_equal(formatted(format.c_str(), values...).c_str(), expected);
}

const char *const kFlags[] = {"", "-", "0", "-0"};
const char *const kWidths[] = {"", "1", "2", "7", "20", "40"};

void integers_of_every_length_are_printed_like_printf(void **)
{
    const int64_t samples[] = {0, 1, -1, 9, 10, -10, 12345, INT_MAX, INT_MIN, LLONG_MAX, LLONG_MIN, UINT32_MAX};
    for (const char *flags : kFlags) {
        for (const char *width : kWidths) {
            const std::string head = std::string("<%") + flags + width;
            for (const int64_t sample : samples) {
                for (const char *conversion : {"d", "i", "u", "o", "x", "X"}) {
                    same_as_printf(head + conversion + ">", static_cast<int>(sample));
                    same_as_printf(head + "l" + conversion + ">", static_cast<long>(sample));
                    same_as_printf(head + "ll" + conversion + ">", static_cast<long long>(sample));
                    same_as_printf(head + "z" + conversion + ">", static_cast<size_t>(sample));
                    same_as_printf(head + "j" + conversion + ">", static_cast<intmax_t>(sample));
                    same_as_printf(head + "t" + conversion + ">", static_cast<ptrdiff_t>(sample));
                    same_as_printf(head + "h" + conversion + ">", static_cast<int>(sample));
                    same_as_printf(head + "hh" + conversion + ">", static_cast<int>(sample));
                }
            }
        }
    }
}

void the_precision_of_an_integer_is_its_least_number_of_digits(void **)
{
    same_as_printf("%.3d", 7);
    same_as_printf("%.1u", 12345u);
    same_as_printf("%8.4x|", 0xabu);
    same_as_printf("%-8.4d|", -12);
}

void text_and_characters_are_padded_and_cut_like_printf(void **)
{
    for (const char *text : {"", "a", "kernel", "a longer piece of text"}) {
        for (const char *spec : {"%s", "%1s", "%12s", "%-12s", "%.0s", "%.3s", "%12.3s", "%-12.3s", "%.40s", "%.s"})
            same_as_printf(std::string("<") + spec + ">", text);
    }
    for (const char *spec : {"%c", "%4c", "%-4c"})
        same_as_printf(std::string("<") + spec + ">", int{'k'});
    same_as_printf("100%% of %s", "it");
}

void pointers_are_printed_in_hexadecimal(void **)
{
    for (const char *spec : {"%p", "%20p", "%-20p"})
        same_as_printf(std::string("<") + spec + ">", reinterpret_cast<void *>(0x7f001234abcd));
}

void text_that_is_not_there_is_named_so(void **)
{
    const char *const volatile nothing = nullptr; // the compiler, too, would say so
    assert_string_equal(formatted("<%s>", nothing).c_str(), "<(null)>");
    assert_string_equal(formatted("<%8s>", nothing).c_str(), "<  (null)>");
    char text[16];
    va_list none = {};
    assert_int_equal(format_text(text, sizeof text, nullptr, none), 6);
    assert_string_equal(text, "(null)");
}

void reals_are_rounded_like_printf(void **)
{
    Random random(1);
    for (int i = 0; i < 20000; i++) {
        const double magnitude = std::ldexp(static_cast<double>(random.next() >> 11), -53);
        const double value = (random.one_in(2) ? -1.0 : 1.0) * magnitude * std::pow(10.0, random.below32(9));
        const char precision[] = {'.', static_cast<char>('0' + random.below32(7)), '\0'};
        const std::string flags = kFlags[random.below(4)];
        same_as_printf("<%" + flags + kWidths[random.below(6)] + precision + "f>", value);
    }
    for (const double value : {0.0, 1.0, -1.0, 0.001, 0.1, 0.9999999, 9.9999996, -0.96, 123456789.0, 1e15, 9.5e17}) {
        for (const char *spec : {"%f", "%.0f", "%.1f", "%12.3f", "%-12.3f|", "%012.3f"})
            same_as_printf(spec, value);
    }
}

void what_is_not_a_finite_number_has_a_name(void **)
{
    same_as_printf("%f", static_cast<double>(INFINITY));
    same_as_printf("%8f", static_cast<double>(-INFINITY));
    assert_string_equal(formatted("%f", static_cast<double>(NAN)).c_str(), "nan");
}

void a_general_real_is_as_short_as_with_printf(void **)
{
    for (const double value : {0.5, 1.0, 3.25, 100.0, -0.125})
        same_as_printf("%g", value);
}

void a_scientific_real_is_rounded_like_printf(void **)
{
    for (const double value : {0.0, 1.0, -1.0, 9.9999996, 12345.678, -0.00123, 1e18, 6.02e23, 1e-30, 1.5e300}) {
        for (const char *spec : {"%e", "%E", "%.0e", "%.3e", "%14.2e", "%-14.2e|", "%014.2e"})
            same_as_printf(spec, value);
    }
    same_as_printf("%8e", static_cast<double>(-INFINITY));
}

void a_scientific_real_of_any_size_is_rounded_like_printf(void **)
{
    Random random(2);
    for (int i = 0; i < 20000; i++) {
        const double value = std::bit_cast<double>(random.next());
        const char precision[] = {'.', static_cast<char>('0' + random.below32(10)), '\0'};
        if (std::isfinite(value))
            same_as_printf(std::string("%") + precision + "e", value);
    }
    for (const double value : {5e-324, 2.2250738585072011e-308, 2.2250738585072014e-308, 1e22, 1e23, 1e-5, 1.69e308})
        same_as_printf("%.9e", value);
}

void long_doubles_of_sixteen_bytes_become_the_next_double(void **)
{
    const auto same = [](__float128 value) {
        uint64_t halves[2];
        std::memcpy(halves, &value, sizeof halves);
        const double ours = pto::from_binary128(halves[1], halves[0]);
        const double theirs = static_cast<double>(value);
        assert_int_equal(std::isnan(ours), std::isnan(theirs));
        if (!std::isnan(theirs))
            assert_int_equal(std::bit_cast<uint64_t>(ours), std::bit_cast<uint64_t>(theirs));
    };
    Random random(3);
    for (int i = 0; i < 20000; i++) {
        // Fractions, among them those just beside the middle between two doubles.
        const double value =
            std::ldexp(static_cast<double>(random.next() >> 11), static_cast<int>(random.below32(1900)) - 1000);
        const __float128 half = std::ldexp(1.0, std::ilogb(value) - 53);
        for (const __float128 part :
             {__float128(0), half, half / 2, half * 3 / 2, -half, half + half / (__float128(1) * (1ull << 58))})
            same(value + part), same(-(value + part));
    }
    for (const double value :
         {0.0, -0.0, 1.0, 0x1p-1022, 0x1.fffffffffffffp1023, double(INFINITY), double(-INFINITY), double(NAN)})
        same(value);
    same(static_cast<__float128>(0x1.fffffffffffffp1023) * 2);
    same(static_cast<__float128>(0x1p1023) * 4);
    same(static_cast<__float128>(0x1.fffffffffffffp1023) + static_cast<__float128>(0x1p970));
}

void capital_letters_and_long_doubles_are_reals_too(void **)
{
    same_as_printf("%F %G %d", 0.5, 3.25, 7);
    same_as_printf("%Lf %Le %d", 0.5L, 12345.0L, 7);
}

void a_star_takes_width_and_precision_from_the_values(void **)
{
    same_as_printf("<%*d>", 6, 42);
    same_as_printf("<%-*d>", 6, 42);
    same_as_printf("<%.*s>", 3, "kernel");
    same_as_printf("<%*.*s>", 8, 2, "kernel");
    same_as_printf("<%.*s>", -1, "kernel");
}

void a_negative_star_pads_on_the_right(void **)
{
    same_as_printf("<%*d>", -6, 42);
}

void a_long_text_is_cut_and_ends_with_a_zero(void **)
{
    const std::string whole = "task 12345: 0xbeef of something long";
    for (std::size_t capacity = 1; capacity <= whole.size() + 3; capacity++) {
        char text[64];
        std::memset(text, '#', sizeof text);
        const auto print = [&](const char *format, ...) {
            va_list values;
            va_start(values, format);
            const std::size_t size = format_text(text, capacity, format, values);
            va_end(values);
            return size;
        };
        const std::size_t size = print("task %d: 0x%x of %s", 12345, 0xbeef, "something long");
        assert_int_equal(size, capacity > whole.size() ? whole.size() : capacity - 1);
        assert_string_equal(text, whole.substr(0, capacity - 1).c_str());
        for (std::size_t i = size + 1; i < sizeof text; i++)
            assert_int_equal(text[i], '#');
    }
}

void padding_is_cut_too(void **)
{
    char text[16];
    const auto print = [&](const char *format, ...) {
        va_list values;
        va_start(values, format);
        const std::size_t size = format_text(text, sizeof text, format, values);
        va_end(values);
        return size;
    };
    assert_int_equal(print("%99999d", 1), 15);
    assert_string_equal(text, "               ");
    assert_int_equal(print("%-99999d|", 1), 15);
    assert_string_equal(text, "1              ");
}

void a_buffer_without_room_is_left_alone(void **)
{
    char text = '#';
    va_list none = {};
    assert_int_equal(format_text(&text, 0, "words", none), 0);
    assert_int_equal(text, '#');
}

void an_unknown_conversion_is_copied_and_ends_the_formatting(void **)
{
    const auto print = [](const char *format, int value) { return formatted(format, value, value); };
    assert_string_equal(print("a %d b %q c %d", 7).c_str(), "a 7 b %q c %d");
    assert_string_equal(print("%5.2k", 7).c_str(), "%5.2k");
    assert_string_equal(print("half %", 7).c_str(), "half %");
    assert_string_equal(print("half %-08", 7).c_str(), "half %-08");
    assert_string_equal(print("%n", 7).c_str(), "%n");
    assert_string_equal(print("%a|%d", 7).c_str(), "%a|%d");
}

void the_values_can_be_used_again(void **)
{
    const auto twice = [](const char *format, ...) {
        char first[32];
        char second[32];
        va_list values;
        va_start(values, format);
        format_text(first, sizeof first, format, values);
        format_text(second, sizeof second, format, values);
        va_end(values);
        assert_string_equal(first, second);
    };
    twice("%d %s %f", 3, "three", 3.0);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(integers_of_every_length_are_printed_like_printf),
        cmocka_unit_test(the_precision_of_an_integer_is_its_least_number_of_digits),
        cmocka_unit_test(text_and_characters_are_padded_and_cut_like_printf),
        cmocka_unit_test(pointers_are_printed_in_hexadecimal),
        cmocka_unit_test(text_that_is_not_there_is_named_so),
        cmocka_unit_test(reals_are_rounded_like_printf),
        cmocka_unit_test(what_is_not_a_finite_number_has_a_name),
        cmocka_unit_test(a_general_real_is_as_short_as_with_printf),
        cmocka_unit_test(a_scientific_real_is_rounded_like_printf),
        cmocka_unit_test(a_scientific_real_of_any_size_is_rounded_like_printf),
        cmocka_unit_test(long_doubles_of_sixteen_bytes_become_the_next_double),
        cmocka_unit_test(capital_letters_and_long_doubles_are_reals_too),
        cmocka_unit_test(a_star_takes_width_and_precision_from_the_values),
        cmocka_unit_test(a_negative_star_pads_on_the_right),
        cmocka_unit_test(a_long_text_is_cut_and_ends_with_a_zero),
        cmocka_unit_test(padding_is_cut_too),
        cmocka_unit_test(a_buffer_without_room_is_left_alone),
        cmocka_unit_test(an_unknown_conversion_is_copied_and_ends_the_formatting),
        cmocka_unit_test(the_values_can_be_used_again),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
