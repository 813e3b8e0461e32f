// SPDX-License-Identifier: Apache-2.0
// Views and elements of tensors as the dialect has them.
#include "dialect_test.hpp"

#include <algorithm>

namespace {

using namespace pto::test;

constexpr uint32_t kA = 4, kB = 6, kC = 10;

std::vector<int32_t> numbered(std::size_t count)
{
    std::vector<int32_t> result(count);
    for (std::size_t i = 0; i < count; i++)
        result[i] = static_cast<int32_t>(1000 + i);
    return result;
}

/// What the orchestration collects, element by element in nested loops.
std::vector<int32_t> collected(const std::vector<int32_t> &x)
{
    std::vector<int32_t> out;
    const auto at = [&](uint32_t i, uint32_t j, uint32_t k) { out.push_back(x[(i * kB + j) * kC + k]); };
    for (uint32_t i = 0; i < 2; i++)
        for (uint32_t j = 0; j < 3; j++)
            for (uint32_t k = 0; k < 5; k++)
                at(1 + i, 2 + j, 4 + k);
    for (uint32_t k = 0; k < 5; k++)
        for (uint32_t j = 0; j < 3; j++)
            for (uint32_t i = 0; i < 2; i++)
                at(1 + i, 2 + j, 4 + k);
    for (uint32_t k = 0; k < 5; k++)
        for (uint32_t i = 0; i < 2; i++)
            for (uint32_t j = 0; j < 3; j++)
                at(1 + i, 2 + j, 4 + k);
    for (uint32_t i = 0; i < kA; i++)
        for (uint32_t j = 0; j < kB; j++)
            for (uint32_t k = 1; k < kC; k += 3)
                at(i, j, k);
    for (uint32_t k = 0; k < kC; k++)
        for (uint32_t j = 0; j < kB; j += 2)
            at(3, j, k);
    for (uint32_t column = 7; column < 9; column++)
        for (uint32_t row = 0; row < 8; row++)
            out.push_back(x[row * 30 + column]);
    for (uint32_t k = 0; k < kC; k++)
        for (uint32_t c = 0; c < 3; c++)
            for (uint32_t a = 0; a < 2; a++)
                for (uint32_t d = 0; d < 2; d++)
                    for (uint32_t b = 0; b < 2; b++)
                        out.push_back(x[(((a * 2 + b) * 3 + c) * 2 + d) * kC + k]);
    return out;
}

void views_of_every_kind_have_the_elements_that_they_name(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_layouts", "layouts");
    builder.aiv(0, "kernel_copy_strided").in("x").out("out");
    chip.prepare(0, builder);
    for (int run = 0; run < 2; run++) {
        std::vector<int32_t> x = numbered(std::size_t{kA} * kB * kC);
        x[7] += run;
        const std::vector<int32_t> expected = collected(x);
        std::vector<int32_t> out(expected.size(), -1);
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x, {kA, kB, kC}), integers(out)}));
        expect_equal(expected, out, "out");
    }
}

void views_without_elements_are_arguments_like_others(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_layouts", "empty_views");
    builder.aiv(0, "kernel_copy_strided").in("x").inout("out");
    chip.prepare(0, builder);
    for (int run = 0; run < 2; run++) {
        std::vector<int32_t> x = numbered(std::size_t{kA} * kB * kC), out(x.size(), -1), expected = out;
        std::copy(x.begin(), x.begin() + 2 * kB * kC, expected.begin());
        pto_run_result result = PTO_RUN_RESULT_INIT;
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x, {kA, kB, kC}), integers(out, {kA, kB, kC})}, {}, &result));
        expect_equal(expected, out, "out");
        assert_int_equal(result.kernels, 4);
    }
}

void rows_of_no_length_need_no_branch(void **)
{
    constexpr uint32_t kMost = 5, kBatch = 4, kWidth = 3;
    TestChip chip;
    CallableBuilder builder("orch_ragged", "aicpu_orchestration_entry");
    builder.aiv(0, "kernel_copy_strided").in("x").in("lens").inout("out");
    chip.prepare(0, builder);
    const std::vector<std::vector<int32_t>> runs = {{0, 0, 0, 0}, {5, 0, 1, 3}, {0, 5, 5, 0}, {5, 0, 1, 3}};
    for (std::vector<int32_t> lens : runs) {
        std::vector<int32_t> x = numbered(std::size_t{kMost} * kBatch * kWidth), out(x.size(), -1), expected = out;
        for (uint32_t b = 0; b < kBatch; b++)
            for (uint32_t t = 0; t < static_cast<uint32_t>(lens[b]); t++)
                for (uint32_t w = 0; w < kWidth; w++)
                    expected[(b * kMost + t) * kWidth + w] = x[(t * kBatch + b) * kWidth + w];
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x, {kMost, kBatch, kWidth}), integers(lens),
                                           integers(out, {kBatch, kMost, kWidth})}));
        expect_equal(expected, out, "out");
    }
}

void a_loop_ends_when_its_data_says_so(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_get_set", "until_zero");
    builder.aiv(0, "kernel_affine").inout("x").out("count");
    chip.prepare(0, builder);
    for (const int32_t steps : {0, 5, 40, 5}) {
        std::vector<int32_t> x = {steps}, count = {-1};
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x), integers(count)}));
        assert_int_equal(x[0], 0);
        assert_int_equal(count[0], steps);
    }
}

void an_element_is_written_after_the_tasks_that_read_it(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_get_set", "write_after_read");
    builder.aiv(0, "kernel_affine").aiv(1, "kernel_copy_strided").inout("slot").out("out").scalar("wait");
    chip.prepare(0, builder);
    for (const uint64_t wait : {0U, 2000U, 2000U}) {
        std::vector<int32_t> slot = {0}, out(40, -1), expected;
        for (int32_t i = 0; i < 40; i++)
            expected.push_back(i % 2 == 1 ? (100 + i) * 2 + i : 100 + i);
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(slot), integers(out)}, {wait}));
        expect_equal(expected, out, "out");
        assert_int_equal(slot[0], expected.back());
    }
}

template <class T> pto_tensor matrix(std::vector<T> &data, pto_dtype dtype)
{
    const uint32_t shape[] = {2, 3};
    return pto_host_tensor(data.data(), dtype, 2, shape);
}

void elements_of_every_size_are_read_and_written(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_get_set", "elements_of_all_sizes");
    builder.inout().inout().inout().inout();
    chip.prepare(0, builder);
    std::vector<float> f32 = {1, 2, 3, 4, 5, 6.25F};
    std::vector<int64_t> i64 = {1, 2, 3, 4, 5, -(int64_t{1} << 40)};
    std::vector<uint16_t> u16 = {1, 2, 3, 4, 5, 65535};
    std::vector<int8_t> i8 = {1, 2, 3, 4, 5, -128};
    EXPECT_STATUS(PTO_OK, chip.run(0, {matrix(f32, PTO_FLOAT32), matrix(i64, PTO_INT64), matrix(u16, PTO_UINT16),
                                       matrix(i8, PTO_INT8)}));
    assert_true(f32 == (std::vector<float>{1, 12.5F, 3, 4, 5, 6.25F}));
    assert_true(i64 == (std::vector<int64_t>{1, -(int64_t{1} << 40), 3, 4, 5, 1}));
    assert_true(u16 == (std::vector<uint16_t>{1, 65535, 3, 4, 5, 65535}));
    assert_true(i8 == (std::vector<int8_t>{1, -128, 3, 4, 5, -128}));
}

void descriptors_made_from_addresses_order_like_the_tensors_there(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_external", "own_descriptors");
    builder.aiv(0, "kernel_affine").aiv(1, "kernel_copy_strided").inout("x").out("out").scalar("wait");
    chip.prepare(0, builder);
    for (const uint64_t wait : {0U, 1000U, 1000U}) {
        std::vector<int32_t> x(64, 3), out(64, -1), expected;
        for (int32_t i = 0; i < 64; i++) {
            int32_t value = 3;
            for (uint32_t step = 0; step < 6; step++)
                value = step % 3 == 1 && i < 32 ? value : affine(value, 3, step);
            expected.push_back(value);
        }
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x), integers(out)}, {wait}));
        expect_equal(expected, x, "x");
        expect_equal(expected, out, "out");
    }
}

void a_descriptor_of_memory_that_is_nobodys_ends_the_run(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_external", "descriptor_of_nothing");
    builder.aiv(0, "kernel_affine");
    chip.prepare(0, builder);
    assert_int_not_equal(chip.run(0), PTO_OK);
    EXPECT_STATUS(PTO_OK, pto_health(chip.get()));
}

void tensors_begin_with_the_value_that_they_are_given(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_external", "initial_values");
    builder.aiv(0, "kernel_affine").aiv(1, "kernel_copy_strided").inout("x").out("out").scalar("value");
    chip.prepare(0, builder);
    for (const int32_t value : {5, -100, 5}) {
        std::vector<int32_t> x(64, 0), out(64, -1), expected;
        for (int32_t i = 0; i < 64; i++)
            expected.push_back(i / 16 % 2 == 1 ? affine(value - i / 16, 10, 1) : value - i / 16);
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x), integers(out)}, {static_cast<uint32_t>(value)}));
        expect_equal(expected, out, "out");
    }
}

void initial_values_have_the_size_of_their_elements(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_external", "initial_values_of_all_sizes");
    builder.aiv(1, "kernel_copy_strided").out().out().out().out();
    chip.prepare(0, builder);
    std::vector<float> f32(8, 0.0F);
    std::vector<int64_t> i64(8, 0);
    std::vector<uint8_t> u8(8, 0);
    std::vector<uint16_t> bf16(8, 0);
    const uint32_t count = 8;
    EXPECT_STATUS(PTO_OK, chip.run(0, {floats(f32), pto_host_tensor(i64.data(), PTO_INT64, 1, &count),
                                       pto_host_tensor(u8.data(), PTO_UINT8, 1, &count),
                                       pto_host_tensor(bf16.data(), PTO_BFLOAT16, 1, &count)}));
    assert_true(f32 == std::vector<float>(8, -1.25F));
    assert_true(i64 == std::vector<int64_t>(8, -5000000000));
    assert_true(u8 == std::vector<uint8_t>(8, 250));
    assert_true(bf16 == std::vector<uint16_t>(8, 0x3fc0));
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(views_of_every_kind_have_the_elements_that_they_name),
        cmocka_unit_test(views_without_elements_are_arguments_like_others),
        cmocka_unit_test(rows_of_no_length_need_no_branch),
        cmocka_unit_test(a_loop_ends_when_its_data_says_so),
        cmocka_unit_test(an_element_is_written_after_the_tasks_that_read_it),
        cmocka_unit_test(elements_of_every_size_are_read_and_written),
        cmocka_unit_test(descriptors_made_from_addresses_order_like_the_tensors_there),
        cmocka_unit_test(a_descriptor_of_memory_that_is_nobodys_ends_the_run),
        cmocka_unit_test(tensors_begin_with_the_value_that_they_are_given),
        cmocka_unit_test(initial_values_have_the_size_of_their_elements),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
