// SPDX-License-Identifier: Apache-2.0
// Results show that dependencies, scopes, views and back-pressure are right.
#include "conformance.hpp"

#include <numeric>

namespace {

using namespace pto::test;

CallableBuilder graph(const char *entry)
{
    return callable("orch_graphs", entry);
}

/// Prepares under id 0, runs once, fails the test unless that succeeds.
pto_run_result run_once(TestChip &chip, CallableBuilder &builder, const std::vector<pto_tensor> &tensors,
                        const std::vector<uint64_t> &scalars = {})
{
    pto_run_result result = PTO_RUN_RESULT_INIT;
    chip.prepare(0, builder);
    EXPECT_STATUS(PTO_OK, chip.run(0, tensors, scalars, &result));
    return result;
}

void outputs_flow_through_nested_scopes(void **)
{
    TestChip chip;
    CallableBuilder builder = graph("sum_in_scopes").in().in().out();
    std::vector<float> a(64, 2.0F);
    std::vector<float> b(64, 3.0F);
    std::vector<float> f(64, 0.0F);
    const pto_run_result result = run_once(chip, builder, {floats(a), floats(b), floats(f)});
    for (const float value : f)
        assert_float_equal(value, 13.0F, 0.0F);
    assert_int_equal(result.tasks, 3);
    assert_int_equal(result.kernels, 3);
    assert_int_equal(result.peak_scope_depth, 1);
    assert_int_equal(result.bytes_to_device, 2 * 64 * sizeof(float));
    assert_int_equal(result.bytes_from_device, 64 * sizeof(float));
}

void a_chain_runs_in_order(void **)
{
    TestChip chip;
    CallableBuilder builder = graph("chain").inout().scalar();
    constexpr uint32_t kSteps = 10'000;
    std::vector<int32_t> x = {1};
    uint32_t expected = 1;
    for (uint32_t step = 0; step < kSteps; step++)
        expected = expected * 2 + step % 7;
    const pto_run_result result = run_once(chip, builder, {integers(x)}, {kSteps});
    assert_int_equal(static_cast<uint32_t>(x[0]), expected);
    assert_int_equal(result.tasks, kSteps);
}

void independent_tasks_all_run_and_wait_for_nothing(void **)
{
    TestChip chip;
    CallableBuilder builder = graph("wide").inout().scalar();
    std::vector<int32_t> x(10'000, 0);
    const pto_run_result result = run_once(chip, builder, {integers(x)}, {x.size()});
    for (std::size_t i = 0; i < x.size(); i++)
        assert_int_equal(x[i], i + 1);
    assert_int_equal(result.edges, 0);
}

void a_writer_waits_for_the_readers_before_it(void **)
{
    TestChip chip;
    CallableBuilder builder = graph("write_after_read").inout().out().scalar();
    constexpr uint32_t kReaders = 20;
    constexpr uint32_t kSize = 64;
    std::vector<int32_t> x(kSize);
    std::iota(x.begin(), x.end(), 0);
    std::vector<int32_t> y(2 * kReaders * kSize, -1);
    const uint32_t shape[] = {2 * kReaders, kSize};
    const pto_tensor rows = pto_host_tensor(y.data(), PTO_INT32, 2, shape);
    run_once(chip, builder, {integers(x), rows}, {kReaders});
    for (uint32_t row = 0; row < 2 * kReaders; row++)
        for (int32_t i = 0; i < static_cast<int32_t>(kSize); i++)
            assert_int_equal(y[row * kSize + static_cast<uint32_t>(i)], row < kReaders ? i : 10 * i + 1);
    assert_int_equal(x[1], 111);
}

void tiles_of_one_matrix_do_not_wait_for_each_other(void **)
{
    TestChip chip;
    CallableBuilder builder = graph("tiles").inout().inout().scalar();
    constexpr uint32_t kSize = 64;
    const uint32_t shape[] = {kSize, kSize};
    const uint32_t one[] = {1, 1};
    std::vector<int32_t> matrix(kSize * kSize, 1);
    std::vector<int32_t> transposed(kSize * kSize, 0);
    const pto_tensor x = pto_host_tensor(matrix.data(), PTO_INT32, 2, shape);
    const pto_run_result alone =
        run_once(chip, builder, {x, pto_host_tensor(transposed.data(), PTO_INT32, 2, one)}, {8});
    assert_int_equal(alone.tasks, 64);
    assert_int_equal(alone.edges, 0);

    EXPECT_STATUS(PTO_OK, chip.run(0, {x, pto_host_tensor(transposed.data(), PTO_INT32, 2, shape)}, {8}));
    for (uint32_t row = 0; row < kSize; row++)
        for (uint32_t column = 0; column < kSize; column++) {
            const uint32_t offset = row / 8 * 8 + column / 8 * 8;
            assert_int_equal(transposed[column * kSize + row], (3 + offset) * 3 + offset);
        }
}

void slices_with_steps_are_ordered_only_where_they_overlap(void **)
{
    TestChip chip;
    CallableBuilder builder = graph("strided").inout();
    const uint32_t shape[] = {8, 16};
    std::vector<int32_t> x(8 * 16, 0);
    const pto_run_result result = run_once(chip, builder, {pto_host_tensor(x.data(), PTO_INT32, 2, shape)});
    for (std::size_t i = 0; i < x.size(); i++)
        assert_int_equal(x[i], i % 2 == 0 ? 10 : 20);
    assert_true(result.edges <= 2); // fewer when a producer was complete before its consumer came
}

void a_hundred_thousand_tasks_fit_in_one_scope(void **)
{
    TestChip chip;
    CallableBuilder builder = graph("many_outputs").out().scalar().scalar();
    std::vector<int32_t> x = {0};
    const pto_run_result result = run_once(chip, builder, {integers(x)}, {100'000, 1});
    assert_int_equal(x[0], 99'999);
    assert_int_equal(result.tasks, 100'001);
    assert_true(result.peak_heap_bytes >= 100'000 * 1024);
}

void a_small_heap_is_reused_as_scopes_end(void **)
{
    pto_open_options options = TestChip::default_options();
    options.heap_bytes = 64 * 1024;
    TestChip chip(options);
    CallableBuilder builder = graph("scoped_outputs").inout().scalar().scalar();
    std::vector<int32_t> x(4, 0);
    const pto_run_result result = run_once(chip, builder, {integers(x)}, {2'000, 4'096});
    for (const int32_t value : x)
        assert_int_equal(value, 2'000);
    assert_true(result.peak_heap_bytes <= options.heap_bytes);
}

void four_task_slots_are_enough_for_a_long_chain(void **)
{
    pto_open_options options = TestChip::default_options();
    options.max_tasks = 4;
    TestChip chip(options);
    CallableBuilder builder = graph("chain").inout().scalar();
    std::vector<int32_t> x = {0};
    uint32_t expected = 0;
    for (uint32_t step = 0; step < 1'000; step++)
        expected = expected * 2 + step % 7;
    const pto_run_result result = run_once(chip, builder, {integers(x)}, {1'000});
    assert_int_equal(static_cast<uint32_t>(x[0]), expected);
    assert_true(result.peak_tasks <= 4);
}

void a_heap_held_by_one_scope_is_a_proved_deadlock(void **)
{
    pto_open_options options = TestChip::default_options();
    options.heap_bytes = 64 * 1024;
    TestChip chip(options);
    CallableBuilder builder = graph("many_outputs").out().scalar().scalar();
    std::vector<int32_t> x = {0};
    chip.prepare(0, builder);
    EXPECT_STATUS(PTO_ERROR_DEADLOCK, chip.run(0, {integers(x)}, {100, 1}));
    EXPECT_MESSAGE("device heap");
    EXPECT_MESSAGE("scope at depth 0 holds 65536 bytes");
    assert_string_equal(pto_last_error()->resource, "device heap");
    assert_int_equal(pto_last_error()->task, 64);
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {10, 1}));
    assert_int_equal(x[0], 9);
}

void element_access_waits_for_the_tasks_that_touch_it(void **)
{
    TestChip chip;
    CallableBuilder builder = graph("data_dependent").inout();
    std::vector<int32_t> x = {3, 0, 0, 0};
    run_once(chip, builder, {integers(x)});
    const std::vector<int32_t> expected = {56, 53, 53, 78};
    assert_memory_equal(x.data(), expected.data(), sizeof(int32_t) * x.size());
}

void explicit_dependencies_order_what_no_access_shows(void **)
{
    TestChip chip;
    CallableBuilder builder = graph("explicit_order").inout();
    std::vector<int32_t> x(1'000, 0);
    const pto_run_result result = run_once(chip, builder, {integers(x)});
    for (const int32_t value : x)
        assert_int_equal(value, 5);
    assert_int_equal(result.kernels, 2);
    assert_int_equal(result.tasks, 3);
}

void two_callables_in_turns_keep_their_own_kernels(void **)
{
    TestChip chip;
    CallableBuilder add = CallableBuilder("orch_graphs", "binary").aiv(ADD, "kernel_add").in().in().out();
    CallableBuilder subtract = CallableBuilder("orch_graphs", "binary").aiv(ADD, "kernel_subtract").in().in().out();
    chip.prepare(0, add);
    chip.prepare(1, subtract);
    std::vector<float> a = {2.0F};
    std::vector<float> b = {3.0F};
    for (int round = 0; round < 100; round++) {
        std::vector<float> sum = {0.0F};
        std::vector<float> difference = {0.0F};
        EXPECT_STATUS(PTO_OK, chip.run(0, {floats(a), floats(b), floats(sum)}));
        EXPECT_STATUS(PTO_OK, chip.run(1, {floats(a), floats(b), floats(difference)}));
        assert_float_equal(sum[0] + difference[0], 4.0F, 0.0F);
    }
    pto_stats stats = PTO_STATS_INIT;
    EXPECT_STATUS(PTO_OK, pto_get_stats(chip.get(), &stats));
    const bool on_host = builder() == PTO_HOST_BUILT;
    assert_int_equal(stats.orch_loads, on_host ? 0 : 2);
    assert_int_equal(stats.host_orch_loads, on_host ? 2 : 0);
    assert_int_equal(stats.orch_uploads, on_host ? 0 : 1);
    assert_int_equal(stats.kernel_uploads, 2);
}

void device_tensors_pass_through_and_directions_are_kept(void **)
{
    TestChip chip;
    CallableBuilder builder = CallableBuilder("orch_graphs", "binary").aiv(ADD, "kernel_add").in().in().out();
    chip.prepare(0, builder);
    const uint32_t shape[] = {16};
    uint64_t address = 0;
    EXPECT_STATUS(PTO_OK, pto_malloc(chip.get(), sizeof(float) * 16, &address));
    std::vector<float> ones(16, 1.0F);
    EXPECT_STATUS(PTO_OK, pto_copy_to_device(chip.get(), address, ones.data(), sizeof(float) * 16));
    const pto_tensor resident = pto_device_tensor(address, PTO_FLOAT32, 1, shape);
    std::vector<float> a(16, 5.0F);
    pto_run_result result = PTO_RUN_RESULT_INIT;
    EXPECT_STATUS(PTO_OK, chip.run(0, {floats(a), resident, resident}, {}, &result));
    assert_int_equal(result.bytes_to_device, sizeof(float) * 16);
    assert_int_equal(result.bytes_from_device, 0);
    EXPECT_STATUS(PTO_OK, pto_copy_from_device(chip.get(), ones.data(), address, sizeof(float) * 16));
    for (const float value : ones)
        assert_float_equal(value, 6.0F, 0.0F);
    EXPECT_STATUS(PTO_OK, pto_free(chip.get(), address));
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(outputs_flow_through_nested_scopes),
        cmocka_unit_test(a_chain_runs_in_order),
        cmocka_unit_test(independent_tasks_all_run_and_wait_for_nothing),
        cmocka_unit_test(a_writer_waits_for_the_readers_before_it),
        cmocka_unit_test(tiles_of_one_matrix_do_not_wait_for_each_other),
        cmocka_unit_test(slices_with_steps_are_ordered_only_where_they_overlap),
        cmocka_unit_test(a_hundred_thousand_tasks_fit_in_one_scope),
        cmocka_unit_test(a_small_heap_is_reused_as_scopes_end),
        cmocka_unit_test(four_task_slots_are_enough_for_a_long_chain),
        cmocka_unit_test(a_heap_held_by_one_scope_is_a_proved_deadlock),
        cmocka_unit_test(element_access_waits_for_the_tasks_that_touch_it),
        cmocka_unit_test(explicit_dependencies_order_what_no_access_shows),
        cmocka_unit_test(two_callables_in_turns_keep_their_own_kernels),
        cmocka_unit_test(device_tensors_pass_through_and_directions_are_kept),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
