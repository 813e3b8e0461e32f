// SPDX-License-Identifier: Apache-2.0
// Every limit with default options: reached, it works; exceeded by one, it is named, and the next run works.
#include <numeric>

#include "conformance.hpp"

namespace {

using namespace pto::test;

CallableBuilder limit(const char *entry)
{
    CallableBuilder builder("orch_limits", entry);
    builder.aiv(AFFINE, "kernel_affine").aiv(COPY, "kernel_copy").aiv(FILL, "kernel_fill").aiv(NOP, "kernel_nop");
    return builder.aiv(SLEEP, "kernel_sleep").aiv(1000, "kernel_weigh");
}

void ten_thousand_readers_of_one_tensor_are_waited_for_by_its_writer(void **)
{
    TestChip chip;
    CallableBuilder builder = limit("readers_then_writer").inout().inout().scalar().scalar();
    chip.prepare(0, builder);
    for (const uint64_t late : {0u, 5'000u, 9'999u}) {
        std::vector<int32_t> x = {7};
        std::vector<int32_t> y(10'000, 0);
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x), integers(y)}, {y.size(), late}));
        for (const int32_t value : y)
            assert_int_equal(value, 7);
        assert_int_equal(x[0], -1);
    }
}

void a_task_may_name_a_thousand_dependencies(void **)
{
    TestChip chip;
    CallableBuilder builder = limit("many_dependencies").out().scalar().scalar().scalar();
    chip.prepare(0, builder);
    constexpr uint32_t kCount = 1000;
    for (const uint64_t late : {0u, 16u, 500u, 999u}) {
        std::vector<int32_t> x(kCount, 0);
        pto_run_result result = PTO_RUN_RESULT_INIT;
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {kCount, late, 5000 + late}, &result));
        for (uint32_t i = 0; i < kCount; i++)
            assert_int_equal(x[i], 5000 + late + i);
        assert_int_equal(result.tasks, kCount + 2);
    }
}

void a_hundred_thousand_tasks_in_one_scope_keep_their_outputs(void **)
{
    TestChip chip;
    CallableBuilder builder = callable("orch_graphs", "many_outputs").out().scalar().scalar();
    chip.prepare(0, builder);
    std::vector<int32_t> x = {0};
    pto_run_result result = PTO_RUN_RESULT_INIT;
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {100'000, 1}, &result));
    assert_int_equal(x[0], 99'999);
    assert_int_equal(result.tasks, 100'001);
}

void a_run_takes_256_tensors_and_128_scalars_and_not_one_more(void **)
{
    TestChip chip;
    CallableBuilder builder = limit("most_arguments");
    for (uint32_t i = 0; i < PTO_MAX_RUN_TENSORS; i++)
        builder.inout();
    for (uint32_t i = 0; i < PTO_MAX_RUN_SCALARS; i++)
        builder.scalar();
    chip.prepare(0, builder);
    std::vector<std::vector<int32_t>> values(PTO_MAX_RUN_TENSORS);
    std::vector<pto_tensor> tensors;
    std::vector<uint64_t> scalars(PTO_MAX_RUN_SCALARS);
    std::iota(scalars.begin(), scalars.end(), 1000);
    for (uint32_t i = 0; i < PTO_MAX_RUN_TENSORS; i++) {
        values[i] = {static_cast<int32_t>(i)};
        tensors.push_back(integers(values[i]));
    }
    EXPECT_STATUS(PTO_OK, chip.run(0, tensors, scalars));
    for (uint32_t i = 0; i < PTO_MAX_RUN_TENSORS; i++)
        assert_int_equal(values[i][0], 2 * i + 1000 + i % PTO_MAX_RUN_SCALARS);

    CallableBuilder tensor_too_many = limit("most_arguments");
    for (uint32_t i = 0; i <= PTO_MAX_RUN_TENSORS; i++)
        tensor_too_many.inout();
    EXPECT_STATUS(PTO_ERROR_INVALID_IMAGE, pto_prepare(chip.get(), 1, tensor_too_many.get()));
    EXPECT_MESSAGE("257 tensors and 0 scalars; at most 256 and 128");
    CallableBuilder scalar_too_many = limit("most_arguments");
    for (uint32_t i = 0; i <= PTO_MAX_RUN_SCALARS; i++)
        scalar_too_many.scalar();
    EXPECT_STATUS(PTO_ERROR_INVALID_IMAGE, pto_prepare(chip.get(), 1, scalar_too_many.get()));
    EXPECT_MESSAGE("0 tensors and 129 scalars; at most 256 and 128");
    tensors.push_back(tensors[0]);
    EXPECT_STATUS(PTO_ERROR_SIGNATURE_MISMATCH, chip.run(0, tensors, scalars));
    EXPECT_MESSAGE("257 tensors and 128 scalars given; the signature has 256 and 128");
    tensors.pop_back();
    EXPECT_STATUS(PTO_OK, chip.run(0, tensors, scalars));
}

/// What kernel_weigh makes of x and scalars that count from 1000.
int32_t weight(const std::vector<int32_t> &x)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i + 1 < PTO_KERNEL_MAX_TENSORS; i++)
        sum += int64_t{i + 1} * x[i];
    for (uint32_t i = 0; i < PTO_KERNEL_MAX_SCALARS; i++)
        sum += int64_t{PTO_KERNEL_MAX_TENSORS + i} * (1000 + i);
    return static_cast<int32_t>(sum);
}

void a_task_takes_32_tensors_and_16_scalars_and_not_one_more(void **)
{
    TestChip chip;
    CallableBuilder builder = limit("task_arguments").in().out().scalar().scalar();
    chip.prepare(0, builder);
    std::vector<int32_t> x(PTO_KERNEL_MAX_TENSORS);
    std::iota(x.begin(), x.end(), 100);
    for (const bool tensor_too_many : {true, false}) {
        std::vector<int32_t> y = {0};
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x), integers(y)}, {32, 16}));
        assert_int_equal(y[0], weight(x));
        EXPECT_STATUS(PTO_ERROR_INVALID_TASK, chip.run(0, {integers(x), integers(y)},
                                                       {tensor_too_many ? 33u : 32u, tensor_too_many ? 16u : 17u}));
        EXPECT_MESSAGE("a task takes at most 32 tensors and 16 scalars");
        EXPECT_MESSAGE("task 0");
    }
    std::vector<int32_t> y = {0};
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x), integers(y)}, {32, 16}));
    assert_int_equal(y[0], weight(x));
}

void a_callable_has_1024_kernels_with_func_ids_up_to_1023_and_not_one_more(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_limits", "fill_by");
    for (uint32_t func_id = 0; func_id < PTO_MAX_FUNC_IDS; func_id++)
        builder.aiv(func_id, func_id == 0 || func_id == 1023 ? "kernel_fill" : "kernel_nop");
    builder.inout().scalar().scalar();
    chip.prepare(0, builder);
    assert_int_equal(stats_of(chip.get()).kernel_uploads, 2);
    std::vector<int32_t> x = {0};
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {1023, 5}));
    assert_int_equal(x[0], 5);
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {1022, 6}));
    assert_int_equal(x[0], 5);
    EXPECT_STATUS(PTO_ERROR_UNKNOWN_KERNEL, chip.run(0, {integers(x)}, {1024, 7}));
    EXPECT_MESSAGE("func id 1024");
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {0, 8}));
    assert_int_equal(x[0], 8);

    CallableBuilder beyond("orch_limits", "fill_by");
    beyond.aiv(1024, "kernel_fill").inout().scalar().scalar();
    EXPECT_STATUS(PTO_ERROR_INVALID_IMAGE, pto_prepare(chip.get(), 1, beyond.get()));
    EXPECT_MESSAGE("func id 1024 is not in 0..1023");
    builder.aiv(5, "kernel_fill");
    EXPECT_STATUS(PTO_ERROR_INVALID_IMAGE, pto_prepare(chip.get(), 1, builder.get()));
    EXPECT_MESSAGE("1025 kernels are too many");
}

void scopes_nest_64_deep_in_the_outermost_one_and_not_one_deeper(void **)
{
    TestChip chip;
    CallableBuilder builder = limit("nested").inout().scalar();
    chip.prepare(0, builder);
    for (int round = 0; round < 2; round++) {
        std::vector<int32_t> x = {0};
        pto_run_result result = PTO_RUN_RESULT_INIT;
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {PTO_MAX_SCOPE_DEPTH}, &result));
        assert_int_equal(x[0], 64);
        assert_int_equal(result.peak_scope_depth, 64);
        EXPECT_STATUS(PTO_ERROR_SCOPE, chip.run(0, {integers(x)}, {PTO_MAX_SCOPE_DEPTH + 1}));
        EXPECT_MESSAGE("nested more than 64 deep");
        assert_string_equal(pto_last_error()->resource, "scope depth");
        assert_int_equal(pto_last_error()->needed, 65);
        assert_int_equal(pto_last_error()->available, 64);
    }
}

void callable_ids_end_at_63(void **)
{
    TestChip chip;
    CallableBuilder builder = limit("rank_five").inout();
    chip.prepare(63, builder);
    EXPECT_STATUS(PTO_ERROR_INVALID_CALLABLE_ID, pto_prepare(chip.get(), 64, builder.get()));
    EXPECT_MESSAGE("callable id 64 is not in 0..63");
}

void tensors_have_up_to_five_dimensions_and_not_one_more(void **)
{
    TestChip chip;
    CallableBuilder builder = limit("rank_five").inout();
    chip.prepare(0, builder);
    std::vector<int32_t> x(8, 1);
    const uint32_t shape[] = {2, 1, 2, 1, 2, 1};
    EXPECT_STATUS(PTO_OK, chip.run(0, {pto_host_tensor(x.data(), PTO_INT32, 5, shape)}));
    assert_int_equal(x[7], 2);
    pto_tensor six = pto_host_tensor(x.data(), PTO_INT32, 5, shape);
    six.ndims = 6;
    EXPECT_STATUS(PTO_ERROR_INVALID_ARGUMENT, chip.run(0, {six}));
    EXPECT_MESSAGE("its rank is not 1..5");
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}));
    assert_int_equal(x[7], 3);
}

void outputs_are_aligned_to_1024_bytes(void **)
{
    TestChip chip;
    uint64_t address[2] = {};
    for (uint64_t &each : address) {
        EXPECT_STATUS(PTO_OK, pto_malloc(chip.get(), 1, &each));
        assert_int_equal(each % 1024, 0);
    }
    CallableBuilder builder = callable("orch_graphs", "many_outputs").out().scalar().scalar();
    chip.prepare(0, builder);
    std::vector<int32_t> x = {0};
    pto_run_result result = PTO_RUN_RESULT_INIT;
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {100, 1}, &result));
    assert_int_equal(result.peak_heap_bytes, 100 * 1024);
    for (const uint64_t each : address)
        EXPECT_STATUS(PTO_OK, pto_free(chip.get(), each));
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(ten_thousand_readers_of_one_tensor_are_waited_for_by_its_writer),
        cmocka_unit_test(a_task_may_name_a_thousand_dependencies),
        cmocka_unit_test(a_hundred_thousand_tasks_in_one_scope_keep_their_outputs),
        cmocka_unit_test(a_run_takes_256_tensors_and_128_scalars_and_not_one_more),
        cmocka_unit_test(a_task_takes_32_tensors_and_16_scalars_and_not_one_more),
        cmocka_unit_test(a_callable_has_1024_kernels_with_func_ids_up_to_1023_and_not_one_more),
        cmocka_unit_test(scopes_nest_64_deep_in_the_outermost_one_and_not_one_deeper),
        cmocka_unit_test(callable_ids_end_at_63),
        cmocka_unit_test(tensors_have_up_to_five_dimensions_and_not_one_more),
        cmocka_unit_test(outputs_are_aligned_to_1024_bytes),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
