// SPDX-License-Identifier: Apache-2.0
#include "compare.hpp"

#include "element_value.hpp"
#include "tool_test.hpp"

#include <cmath>
#include <limits>

using namespace pto::tool;
using namespace pto::tool::test;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

template <class Element>
Comparison compare_elements(pto_dtype dtype, const std::vector<Element> &actual, const std::vector<Element> &golden,
                            const Tolerance &tolerance = {})
{
    return compare(dtype, bytes_of(actual), bytes_of(golden), tolerance);
}

uint64_t float_mismatches(float actual, float golden, const Tolerance &tolerance = {})
{
    return compare_elements<float>(PTO_FLOAT32, {actual}, {golden}, tolerance).mismatches;
}

void equal_elements_are_equal_without_any_tolerance(void **)
{
    const Tolerance none = {0.0, 0.0, false};
    const Comparison result = compare_elements<float>(PTO_FLOAT32, {1, -2, 0, -0.0f}, {1, -2, -0.0f, 0}, none);
    assert_int_equal(result.count, 4);
    assert_true(result.is_equal());
    assert_true(result.max_abs == 0 && result.max_rel == 0);
}

void the_tolerance_is_atol_plus_rtol_times_golden(void **)
{
    const Tolerance tolerance = {0.25, 0.5, false};
    assert_int_equal(float_mismatches(9.5f, 8.0f, tolerance), 0);
    assert_int_equal(float_mismatches(10.5f, 8.0f, tolerance), 0);
    assert_int_equal(float_mismatches(10.51f, 8.0f, tolerance), 1);
    assert_int_equal(float_mismatches(-10.5f, -8.0f, tolerance), 0);
    assert_int_equal(float_mismatches(-10.51f, -8.0f, tolerance), 1);
    assert_int_equal(float_mismatches(0.5f, 0.0f, tolerance), 0);
    assert_int_equal(float_mismatches(0.51f, 0.0f, tolerance), 1);
}

void the_tolerance_is_relative_to_the_golden_and_not_to_the_result(void **)
{
    const Tolerance tolerance = {0.5, 0.0, false};
    assert_int_equal(float_mismatches(2.0f, 1.0f, tolerance), 1);
    assert_int_equal(float_mismatches(1.0f, 2.0f, tolerance), 0);
}

void floats_have_a_default_tolerance(void **)
{
    assert_int_equal(float_mismatches(1.000009f, 1.0f), 0);
    assert_int_equal(float_mismatches(1.00002f, 1.0f), 1);
    assert_int_equal(float_mismatches(0.0000009f, 0.0f), 0);
    assert_int_equal(float_mismatches(0.0000011f, 0.0f), 1);
}

void mismatches_are_counted_and_the_first_one_is_named(void **)
{
    const Comparison result = compare_elements<float>(PTO_FLOAT32, {1, 2, 5, 4, 9}, {1, 2, 3, 4, 5});
    assert_int_equal(result.count, 5);
    assert_int_equal(result.mismatches, 2);
    assert_int_equal(result.first, 2);
    assert_true(result.max_abs == 4);
    assert_true(result.max_rel == 0.8);
}

void errors_within_the_tolerance_are_measured_too(void **)
{
    const Comparison result = compare_elements<float>(PTO_FLOAT32, {1.5f}, {1.0f}, {0.0, 1.0, false});
    assert_true(result.is_equal());
    assert_true(result.max_abs == 0.5 && result.max_rel == 0.5);
}

void a_golden_zero_has_no_relative_error(void **)
{
    const Comparison result = compare_elements<float>(PTO_FLOAT32, {3, 2}, {0, 1});
    assert_true(result.max_abs == 3 && result.max_rel == 1);
}

void a_nan_equals_nothing_unless_asked_and_then_only_a_nan(void **)
{
    const Tolerance equal_nan = {1e9, 1e9, true};
    assert_int_equal(float_mismatches(kNan, kNan), 1);
    assert_int_equal(float_mismatches(kNan, kNan, {1e9, 1e9, false}), 1);
    assert_int_equal(float_mismatches(kNan, kNan, equal_nan), 0);
    assert_int_equal(float_mismatches(kNan, 1, equal_nan), 1);
    assert_int_equal(float_mismatches(1, kNan, equal_nan), 1);
    assert_int_equal(float_mismatches(kNan, kInfinity, equal_nan), 1);
    const Comparison result = compare_elements<float>(PTO_FLOAT32, {kNan, 2}, {1, 1});
    assert_true(result.max_abs == 1 && result.max_rel == 1);
}

void an_infinity_equals_only_itself(void **)
{
    const Tolerance loose = {1.0, 1e30, false};
    assert_int_equal(float_mismatches(kInfinity, kInfinity, loose), 0);
    assert_int_equal(float_mismatches(-kInfinity, kInfinity, loose), 1);
    assert_int_equal(float_mismatches(1, kInfinity, loose), 1);
    assert_int_equal(float_mismatches(kInfinity, 1, loose), 1);
    assert_true(std::isinf(compare_elements<float>(PTO_FLOAT32, {kInfinity}, {1}).max_abs));
}

void integers_are_exact_by_default(void **)
{
    assert_int_equal(compare_elements<int32_t>(PTO_INT32, {1000001}, {1000000}).mismatches, 1);
    assert_int_equal(compare_elements<uint8_t>(PTO_UINT8, {0, 255}, {0, 254}).first, 1);
    assert_int_equal(compare_elements<int64_t>(PTO_INT64, {9007199254740993}, {9007199254740992}).mismatches, 1);
    assert_int_equal(compare_elements<uint64_t>(PTO_UINT64, {UINT64_MAX}, {UINT64_MAX - 1}).mismatches, 1);
}

void a_tolerance_that_is_given_holds_for_integers_too(void **)
{
    const Tolerance one = {std::nullopt, 1.0, false};
    assert_int_equal(compare_elements<int8_t>(PTO_INT8, {4, -4, 6}, {5, -5, 4}, one).mismatches, 1);
    const Tolerance relative = {0.1, std::nullopt, false};
    assert_int_equal(compare_elements<int32_t>(PTO_INT32, {110, 111}, {100, 100}, relative).mismatches, 1);
}

void the_difference_of_extreme_integers_does_not_overflow(void **)
{
    assert_true(compare_elements<int8_t>(PTO_INT8, {-128}, {127}).max_abs == 255);
    assert_true(compare_elements<int8_t>(PTO_INT8, {127}, {-128}).max_abs == 255);
    assert_true(compare_elements<int16_t>(PTO_INT16, {INT16_MIN}, {INT16_MAX}).max_abs == 65535);
    assert_true(compare_elements<int32_t>(PTO_INT32, {INT32_MIN}, {INT32_MAX}).max_abs == 4294967295.0);
    assert_true(compare_elements<int64_t>(PTO_INT64, {INT64_MIN}, {INT64_MAX}).max_abs == 0x1p64);
    assert_true(compare_elements<uint16_t>(PTO_UINT16, {0}, {65535}).max_abs == 65535);
    assert_true(compare_elements<uint32_t>(PTO_UINT32, {0}, {UINT32_MAX}).max_abs == 4294967295.0);
}

void every_byte_but_zero_is_true(void **)
{
    assert_true(compare_elements<uint8_t>(PTO_BOOL, {0, 1, 2}, {0, 255, 1}).is_equal());
    assert_int_equal(compare_elements<uint8_t>(PTO_BOOL, {0, 1}, {1, 0}).mismatches, 2);
}

void small_floats_are_compared_by_value(void **)
{
    assert_true(compare_elements<uint16_t>(PTO_FLOAT16, {0x3c00}, {0x3c01}).max_abs == 0x1p-10);
    assert_true(compare_elements<uint16_t>(PTO_FLOAT16, {0x0000}, {0x8000}).is_equal());
    assert_int_equal(compare_elements<uint16_t>(PTO_FLOAT16, {0x7e00}, {0x7e00}).mismatches, 1);
    assert_true(compare_elements<uint16_t>(PTO_BFLOAT16, {0x3f80}, {0x4000}).max_abs == 1);
    assert_true(compare_elements<uint8_t>(PTO_FLOAT8_E4M3FN, {0x38}, {0x40}).max_abs == 1);
    assert_true(compare_elements<uint8_t>(PTO_FLOAT8_E8M0, {127}, {128}).max_abs == 1);
    assert_true(compare_elements<uint8_t>(PTO_FLOAT4_E2M1, {0x7}, {0xf}).max_abs == 12);
}

void float16_has_the_values_of_ieee(void **)
{
    assert_true(float16_value(0x0000) == 0);
    assert_true(std::signbit(float16_value(0x8000)));
    assert_true(float16_value(0x0001) == 0x1p-24);
    assert_true(float16_value(0x03ff) == 0x1p-14 - 0x1p-24);
    assert_true(float16_value(0x0400) == 0x1p-14);
    assert_true(float16_value(0x3c00) == 1);
    assert_true(float16_value(0xc100) == -2.5);
    assert_true(float16_value(0x7bff) == 65504);
    assert_true(float16_value(0x7c00) == kInfinity);
    assert_true(float16_value(0xfc00) == -kInfinity);
    assert_true(std::isnan(float16_value(0x7c01)));
    assert_true(std::isnan(float16_value(0xffff)));
}

void the_other_small_floats_have_the_values_of_ocp(void **)
{
    assert_true(bfloat16_value(0x3f80) == 1);
    assert_true(bfloat16_value(0xff80) == -kInfinity);
    assert_true(float8_e4m3fn_value(0x01) == 0x1p-9);
    assert_true(float8_e4m3fn_value(0x08) == 0x1p-6);
    assert_true(float8_e4m3fn_value(0x38) == 1);
    assert_true(float8_e4m3fn_value(0xfe) == -448);
    assert_true(std::isnan(float8_e4m3fn_value(0x7f)));
    assert_true(std::isnan(float8_e4m3fn_value(0xff)));
    assert_true(float8_e8m0_value(0) == 0x1p-127);
    assert_true(float8_e8m0_value(254) == 0x1p127);
    assert_true(std::isnan(float8_e8m0_value(255)));
    const double expected[] = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
    for (unsigned bits = 0; bits < 8; bits++) {
        assert_true(float4_e2m1_value(static_cast<uint8_t>(bits)) == expected[bits]);
        assert_true(float4_e2m1_value(static_cast<uint8_t>(bits | 8)) == -expected[bits]);
        assert_true(float4_e2m1_value(static_cast<uint8_t>(bits | 0x30)) == expected[bits]);
    }
}

void elements_are_shown_so_that_neighbours_differ(void **)
{
    assert_string_equal(element_text(PTO_FLOAT32, bytes_of(std::vector<float>{0.1f, 2}), 1).c_str(), "2");
    assert_string_equal(element_text(PTO_FLOAT32, bytes_of(std::vector<float>{0.1f}), 0).c_str(), "0.100000001");
    assert_string_equal(element_text(PTO_INT64, bytes_of(std::vector<int64_t>{INT64_MIN}), 0).c_str(),
                        "-9223372036854775808");
    assert_string_equal(element_text(PTO_UINT64, bytes_of(std::vector<uint64_t>{UINT64_MAX}), 0).c_str(),
                        "18446744073709551615");
    assert_string_equal(element_text(PTO_INT8, bytes_of(std::vector<int8_t>{-3}), 0).c_str(), "-3");
    assert_string_equal(element_text(PTO_BOOL, bytes_of(std::vector<uint8_t>{2}), 0).c_str(), "True");
    assert_string_equal(element_text(PTO_FLOAT16, bytes_of(std::vector<uint16_t>{0x3c01}), 0).c_str(), "1.001");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(equal_elements_are_equal_without_any_tolerance),
        cmocka_unit_test(the_tolerance_is_atol_plus_rtol_times_golden),
        cmocka_unit_test(the_tolerance_is_relative_to_the_golden_and_not_to_the_result),
        cmocka_unit_test(floats_have_a_default_tolerance),
        cmocka_unit_test(mismatches_are_counted_and_the_first_one_is_named),
        cmocka_unit_test(errors_within_the_tolerance_are_measured_too),
        cmocka_unit_test(a_golden_zero_has_no_relative_error),
        cmocka_unit_test(a_nan_equals_nothing_unless_asked_and_then_only_a_nan),
        cmocka_unit_test(an_infinity_equals_only_itself),
        cmocka_unit_test(integers_are_exact_by_default),
        cmocka_unit_test(a_tolerance_that_is_given_holds_for_integers_too),
        cmocka_unit_test(the_difference_of_extreme_integers_does_not_overflow),
        cmocka_unit_test(every_byte_but_zero_is_true),
        cmocka_unit_test(small_floats_are_compared_by_value),
        cmocka_unit_test(float16_has_the_values_of_ieee),
        cmocka_unit_test(the_other_small_floats_have_the_values_of_ocp),
        cmocka_unit_test(elements_are_shown_so_that_neighbours_differ),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
