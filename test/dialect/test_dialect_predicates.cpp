// SPDX-License-Identifier: Apache-2.0
// Tasks with a condition: which of them run, and that those after them do.
#include "dialect_test.hpp"

#include <limits>

namespace {

using namespace pto::test;

/// By number of the operation, from 1.
template <class T> bool holds(uint32_t op, T a, T b)
{
    switch (op) {
    case 1: return a == b;
    case 2: return a != b;
    case 3: return a > b;
    case 4: return a < b;
    case 5: return a >= b;
    default: return a <= b;
    }
}

/// Compares elements, as they are stored and as the numbers that they are, with each target.
template <class T, class Number>
void compare(TestChip &chip, pto_dtype dtype, std::vector<T> stored, const std::vector<Number> &numbers,
             const std::vector<int64_t> &targets)
{
    const auto count = static_cast<uint32_t>(stored.size());
    for (const int64_t target : targets) {
        std::vector<int32_t> out(std::size_t{6} * count, 0);
        uint64_t expected_kernels = 0;
        pto_run_result result = PTO_RUN_RESULT_INIT;
        EXPECT_STATUS(PTO_OK, chip.run(0, {pto_host_tensor(stored.data(), dtype, 1, &count), integers(out)},
                                       {static_cast<uint64_t>(target)}, &result));
        for (uint32_t at = 0; at < out.size(); at++) {
            const bool expected = holds(at / count + 1, numbers[at % count], static_cast<Number>(target));
            expected_kernels += expected ? 1 : 0;
            if (out[at] != (expected ? 1 : 0))
                fail_msg("dtype %u: element %u, comparison %u, target %lld", unsigned{dtype}, at % count,
                         at / count + 1, static_cast<long long>(target));
        }
        assert_int_equal(result.kernels, expected_kernels);
        assert_int_equal(result.skipped, out.size() - expected_kernels);
    }
}

CallableBuilder comparisons()
{
    CallableBuilder builder("orch_predicate", "comparisons");
    builder.aiv(0, "kernel_fill").in("elements").inout("out").scalar("target");
    return builder;
}

template <class T> void compare_integers(TestChip &chip, pto_dtype dtype)
{
    using Limits = std::numeric_limits<T>;
    const std::vector<T> stored = {T{0}, T{1}, static_cast<T>(-1), Limits::min(), Limits::max()};
    // Large enough for all, with targets that no element can be.
    const std::vector<__int128> numbers(stored.begin(), stored.end());
    compare(chip, dtype, stored, numbers,
            {0, 1, -1, 127, 128, -129, 255, 256, 65536, int64_t{1} << 40, -(int64_t{1} << 40),
             std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()});
}

void integers_are_compared_with_targets_in_and_out_of_their_range(void **)
{
    TestChip chip;
    CallableBuilder builder = comparisons();
    chip.prepare(0, builder);
    compare_integers<int8_t>(chip, PTO_INT8);
    compare_integers<int16_t>(chip, PTO_INT16);
    compare_integers<int32_t>(chip, PTO_INT32);
    compare_integers<int64_t>(chip, PTO_INT64);
    compare_integers<uint8_t>(chip, PTO_UINT8);
    compare_integers<uint16_t>(chip, PTO_UINT16);
    compare_integers<uint32_t>(chip, PTO_UINT32);
    compare_integers<uint64_t>(chip, PTO_UINT64);
    compare<uint8_t>(chip, PTO_BOOL, {0, 1}, std::vector<int64_t>{0, 1}, {0, 1, 2, -1, 256});
}

void floats_are_compared_as_numbers(void **)
{
    TestChip chip;
    CallableBuilder builder = comparisons();
    chip.prepare(0, builder);
    const float infinity = std::numeric_limits<float>::infinity();
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const std::vector<float> floats = {0.0F, -0.0F, 1.0F, 1.5F, -1.5F, -2.0F, infinity, -infinity, nan};
    const std::vector<double> numbers(floats.begin(), floats.end());
    const std::vector<int64_t> targets = {0, 1, 2, -1, -2, 100, int64_t{1} << 40, -(int64_t{1} << 40)};
    compare(chip, PTO_FLOAT32, floats, numbers, targets);
    compare<uint16_t>(chip, PTO_FLOAT16, {0, 0x8000, 0x3c00, 0x3e00, 0xbe00, 0xc000, 0x7c00, 0xfc00, 0x7e00}, numbers,
                      targets);
    compare<uint16_t>(chip, PTO_BFLOAT16, {0, 0x8000, 0x3f80, 0x3fc0, 0xbfc0, 0xc000, 0x7f80, 0xff80, 0x7fc0}, numbers,
                      targets);
}

void a_target_between_two_floats_is_neither_of_them(void **)
{
    TestChip chip;
    CallableBuilder builder = comparisons();
    chip.prepare(0, builder);
    const auto around = [](double middle) {
        return std::vector<double>{middle - 1, middle + 1, -(middle - 1), -(middle + 1)};
    };
    const std::vector<double> numbers = around(16777217);
    compare(chip, PTO_FLOAT32, std::vector<float>(numbers.begin(), numbers.end()), numbers, {16777217, -16777217});
    compare<uint16_t>(chip, PTO_FLOAT16, {0x6800, 0x6801, 0xe800, 0xe801}, around(2049), {2049, -2049});
    compare<uint16_t>(chip, PTO_BFLOAT16, {0x4380, 0x4381, 0xc380, 0xc381}, around(257), {257, -257});
    // Beyond the greatest number of its size, but not beyond infinity.
    compare<uint16_t>(chip, PTO_FLOAT16, {0x7bff, 0x7c00, 0xfbff, 0xfc00},
                      std::vector<double>{65504, std::numeric_limits<double>::infinity(), -65504,
                                          -std::numeric_limits<double>::infinity()},
                      {65536, -65536, 65505, -65505});
}

void a_task_that_is_skipped_is_done_for_those_after_it(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_predicate", "chosen_steps");
    builder.aiv(0, "kernel_fill").aiv(1, "kernel_affine").inout("x").scalar("chosen");
    chip.prepare(0, builder);
    for (const uint64_t chosen : {0x0U, 0xfffffU, 0x5a5a5U, 0xa5a5aU, 0x5a5a5U}) {
        std::vector<int32_t> x(10, 1);
        int32_t expected = 1;
        uint32_t skipped = 0;
        for (uint32_t i = 0; i < 20; i++) {
            skipped += ((chosen >> i) & 1) == 0 ? 1 : 0;
            expected = ((chosen >> i) & 1) != 0 ? affine(expected, 3, i) : expected;
        }
        pto_run_result result = PTO_RUN_RESULT_INIT;
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {chosen}, &result));
        expect_equal(std::vector<int32_t>(10, affine(expected, 2, 1)), x, "x");
        assert_int_equal(result.skipped, skipped);
    }
}

void experts_that_nobody_asks_for_do_not_run(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_experts", "experts");
    builder.aiv(0, "kernel_copy_strided").aic(1, "kernel_affine").in("requests").inout("rows").out("copy");
    builder.get()->orch_config = "experts_config";
    chip.prepare(0, builder);
    const std::vector<std::vector<int32_t>> runs = {{0, 0, 0, 0, 0}, {1, 0, 7, -1, 3}, {1, 1, 1, 1, 1}};
    for (std::vector<int32_t> requests : runs) {
        std::vector<int32_t> rows(5 * 16, 2), copy(5 * 16, 0), expected;
        for (uint32_t i = 0; i < rows.size(); i++)
            expected.push_back(requests[i / 16] >= 1 ? affine(2, 5, i / 16) : 2);
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(requests), integers(rows, {5, 16}), integers(copy, {5, 16})}));
        expect_equal(expected, rows, "rows");
        expect_equal(expected, copy, "copy");
    }
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_compared_with_targets_in_and_out_of_their_range),
        cmocka_unit_test(floats_are_compared_as_numbers),
        cmocka_unit_test(a_target_between_two_floats_is_neither_of_them),
        cmocka_unit_test(a_task_that_is_skipped_is_done_for_those_after_it),
        cmocka_unit_test(experts_that_nobody_asks_for_do_not_run),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
