// SPDX-License-Identifier: Apache-2.0
// Arguments of runs and of tasks.
#include "dialect_test.hpp"

namespace {

using namespace pto::test;

void every_kind_of_argument_reaches_the_kernel(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_task_args", "every_kind");
    builder.aiv(0, "kernel_collect").aiv(1, "kernel_fill").out("out").in("a").inout("b").in("c");
    builder.scalar("first").scalar("second");
    chip.prepare(0, builder);
    for (const uint64_t salt : {0U, 1000U, 0U}) {
        std::vector<int64_t> out(6 * 8, -1);
        std::vector<int32_t> a = {11}, b = {22}, c = {33};
        const uint32_t shape[] = {6, 8};
        EXPECT_STATUS(
            PTO_OK,
            chip.run(0, {pto_host_tensor(out.data(), PTO_INT64, 2, shape), integers(a), integers(b), integers(c)},
                     {123456789012345 + salt, ~salt}));
        const std::vector<int64_t> expected = {11,
                                               55,
                                               22,
                                               33,
                                               77,
                                               static_cast<int64_t>(123456789012345 + salt),
                                               static_cast<int64_t>(bits(-1.5F)),
                                               200,
                                               1,
                                               -1,
                                               1,
                                               static_cast<int64_t>(static_cast<uint32_t>(-7)),
                                               static_cast<int64_t>(~salt)};
        for (std::size_t i = 0; i < expected.size(); i++)
            if (out[1 + i] != expected[i])
                fail_msg("argument %zu is %lld, expected %lld", i, static_cast<long long>(out[1 + i]),
                         static_cast<long long>(expected[i]));
    }
}

void arguments_may_be_used_again_after_a_reset(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_task_args", "reused_args");
    builder.aiv(3, "kernel_affine").inout("x");
    chip.prepare(0, builder);
    for (const int32_t first : {1, 5}) {
        std::vector<int32_t> x(50, first), expected;
        for (int32_t i = 0; i < 50; i++)
            expected.push_back(2 * first + i);
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}));
        expect_equal(expected, x, "x");
    }
}

void a_run_may_have_256_tensors_and_128_scalars(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_task_args", "all_run_arguments");
    builder.aiv(1, "kernel_fill").aiv(2, "kernel_copy_strided");
    std::vector<std::vector<int32_t>> cells;
    std::vector<pto_tensor> tensors;
    std::vector<uint64_t> scalars;
    std::vector<int32_t> out(255 + 128, -1), expected;
    for (int32_t i = 0; i < 255; i++) {
        builder.in();
        cells.push_back({3 * i});
        expected.push_back(3 * i);
    }
    for (std::vector<int32_t> &cell : cells)
        tensors.push_back(integers(cell));
    builder.out("out");
    tensors.push_back(integers(out));
    for (int32_t i = 0; i < 128; i++) {
        builder.scalar();
        scalars.push_back(static_cast<uint64_t>(7 * i));
        expected.push_back(7 * i);
    }
    chip.prepare(0, builder);
    EXPECT_STATUS(PTO_OK, chip.run(0, tensors, scalars));
    expect_equal(expected, out, "out");
}

void a_task_may_have_32_tensors_and_16_scalars(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_wide_task", "wide");
    builder.aiv(0, "kernel_collect").out("out").in("x").scalar("expected");
    builder.get()->orch_config = "wide_config";
    chip.prepare(0, builder);
    for (int32_t run = 0; run < 2; run++) {
        std::vector<int64_t> out(32 * 16, -1);
        std::vector<int32_t> x(31);
        for (int32_t i = 0; i < 31; i++)
            x[static_cast<std::size_t>(i)] = 1000 * run + i;
        const uint32_t shape[] = {32, 16};
        EXPECT_STATUS(PTO_OK, chip.run(0, {pto_host_tensor(out.data(), PTO_INT64, 2, shape), integers(x)}, {0}));
        for (int32_t i = 0; i < 31; i++)
            assert_int_equal(out[static_cast<std::size_t>(i) + 1], 1000 * run + i);
        for (std::size_t i = 0; i < 16; i++)
            assert_int_equal(out[32 + i], i < 3 ? i : i * i);
    }
}

void a_run_with_fewer_arguments_than_expected_fails(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_wide_task", "wide");
    builder.aiv(0, "kernel_collect").out("out").in("x").scalar("expected");
    builder.get()->orch_config = "wide_config";
    chip.prepare(0, builder);
    std::vector<int64_t> out(32 * 16, -1);
    std::vector<int32_t> x(31, 5);
    const uint32_t shape[] = {32, 16};
    const std::vector<pto_tensor> tensors = {pto_host_tensor(out.data(), PTO_INT64, 2, shape), integers(x)};
    assert_int_not_equal(chip.run(0, tensors, {4}), PTO_OK);
    EXPECT_STATUS(PTO_OK, chip.run(0, tensors, {2}));
    EXPECT_STATUS(PTO_OK, chip.run(0, tensors, {3}));
    assert_int_equal(out[31], 5);
}

void dumps_and_timing_slots_change_nothing(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_tail", "dumps_and_slots");
    builder.aiv(0, "kernel_affine").inout("x");
    chip.prepare(0, builder);
    std::vector<int32_t> x(5, 1);
    int32_t expected = 1;
    for (uint32_t slot = 0; slot < 16; slot++)
        expected = affine(expected, 3, slot);
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}));
    expect_equal(std::vector<int32_t>(5, expected), x, "x");
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_argument_reaches_the_kernel),
        cmocka_unit_test(arguments_may_be_used_again_after_a_reset),
        cmocka_unit_test(a_run_may_have_256_tensors_and_128_scalars),
        cmocka_unit_test(a_task_may_have_32_tensors_and_16_scalars),
        cmocka_unit_test(a_run_with_fewer_arguments_than_expected_fails),
        cmocka_unit_test(dumps_and_timing_slots_change_nothing),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
