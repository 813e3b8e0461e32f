// SPDX-License-Identifier: Apache-2.0
// Manual scopes, joins, completion that is deferred to counters, tensors that end before their scope.
#include "conformance.hpp"

#include <cstring>

namespace {

using namespace pto::test;

CallableBuilder order(const char *entry)
{
    return callable("orch_manual", entry);
}

// ---- manual scopes

void tasks_of_a_manual_scope_run_although_they_conflict(void **)
{
    TestChip chip;
    CallableBuilder builder = order("conflicting_tasks_meet").inout().inout().scalar();
    chip.prepare(0, builder);
    for (const uint32_t parties : {2u, 8u}) {
        std::vector<int32_t> counter = {0};
        std::vector<int32_t> copy = {0};
        pto_run_result result = PTO_RUN_RESULT_INIT;
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(counter), integers(copy)}, {parties}, &result));
        assert_int_equal(copy[0], parties);
        assert_int_equal(result.tasks, parties + 1);
    }
}

void named_dependencies_order_the_tasks_of_a_manual_scope(void **)
{
    TestChip chip;
    CallableBuilder builder = order("named_chain").inout().scalar();
    chip.prepare(0, builder);
    std::vector<int32_t> x = {1};
    uint32_t expected = 1;
    for (uint32_t step = 0; step < 3000; step++)
        expected = expected * 2 + step % 7;
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {3000}));
    assert_int_equal(static_cast<uint32_t>(x[0]), expected);
}

void a_task_after_a_manual_scope_waits_for_all_of_it(void **)
{
    TestChip chip;
    CallableBuilder builder = order("copy_after_the_scope").inout().inout();
    chip.prepare(0, builder);
    for (int round = 0; round < 5; round++) {
        std::vector<int32_t> x(64, 0);
        std::vector<int32_t> copy(64, 0);
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x), integers(copy)}));
        for (std::size_t i = 0; i < copy.size(); i++)
            assert_int_equal(copy[i], i + 1);
    }
}

void a_task_before_a_manual_scope_precedes_those_after_it(void **)
{
    TestChip chip;
    CallableBuilder builder = order("before_and_after").inout().inout();
    chip.prepare(0, builder);
    for (int round = 0; round < 5; round++) {
        std::vector<int32_t> x = {0};
        std::vector<int32_t> copy = {0};
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x), integers(copy)}));
        assert_int_equal(copy[0], 1);
    }
}

void elements_wait_for_the_tasks_of_an_open_manual_scope(void **)
{
    TestChip chip;
    CallableBuilder builder = order("elements_inside").inout().inout();
    chip.prepare(0, builder);
    std::vector<int32_t> x = {0, 0};
    std::vector<int32_t> copy = {0, 0};
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x), integers(copy)}));
    assert_int_equal(copy[0], 8);
    assert_int_equal(copy[1], 7);
}

void manual_scopes_pass_through_few_task_slots(void **)
{
    for (const uint32_t slots : {2u, 4u}) {
        pto_open_options options = TestChip::default_options();
        options.max_tasks = slots;
        TestChip chip(options);
        CallableBuilder builder = order("many_scopes").inout().scalar().scalar();
        chip.prepare(0, builder);
        std::vector<int32_t> x = {1};
        uint32_t expected = 1;
        for (uint32_t round = 0; round < 100; round++)
            expected = expected * 2 + round % 7;
        pto_run_result result = PTO_RUN_RESULT_INIT;
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {100, 20}, &result));
        assert_int_equal(static_cast<uint32_t>(x[0]), expected);
        assert_int_equal(result.tasks, 100 * 21);
        assert_int_equal(result.kernels, 100 * 21);
        assert_true(result.peak_tasks <= slots);
    }
}

void a_task_without_a_kernel_joins_any_number(void **)
{
    for (const std::size_t count : {std::size_t{1}, std::size_t{18}, std::size_t{1000}}) {
        TestChip chip;
        CallableBuilder builder = order("fan_in").inout().inout();
        chip.prepare(0, builder);
        std::vector<int32_t> x(count, 0);
        std::vector<int32_t> copy(count, 0);
        pto_run_result result = PTO_RUN_RESULT_INIT;
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x), integers(copy)}, {}, &result));
        for (std::size_t i = 0; i < count; i++)
            assert_int_equal(copy[i], i + 1);
        assert_int_equal(result.tasks, count + 2);
        assert_int_equal(result.kernels, count + 1);
    }
}

// ---- deferred completion

/// Runs tasks that defer to `blocks` times `count` counters that each have to reach `expected`.
void deliver(uint32_t blocks, uint32_t count, uint32_t expected)
{
    TestChip chip;
    CallableBuilder builder = order("delivered_later").inout().inout().inout().scalar().scalar().scalar();
    chip.prepare(0, builder);
    std::vector<int32_t> data(256, 0);
    std::vector<int32_t> counters(std::size_t{blocks} * count, 0);
    std::vector<int32_t> copy(256, 0);
    pto_run_result result = PTO_RUN_RESULT_INIT;
    EXPECT_STATUS(
        PTO_OK, chip.run(0, {integers(data), integers(counters), integers(copy)}, {blocks, count, expected}, &result));
    for (std::size_t i = 0; i < copy.size(); i++)
        assert_int_equal(copy[i], 40 + i / (copy.size() / expected));
    for (const int32_t counter : counters)
        assert_int_equal(counter, expected);
    assert_int_equal(result.kernels, blocks + expected + 1);
    assert_int_equal(result.tasks, expected + 2);
}

void a_consumer_sees_what_arrives_after_its_producer_returned(void **)
{
    for (int round = 0; round < 5; round++)
        deliver(1, 1, 1);
}

void a_task_waits_for_each_of_its_counters(void **)
{
    deliver(1, 3, 1);
    deliver(1, 2, 4);
    deliver(1, PTO_KERNEL_MAX_COMPLETIONS, 1);
}

void every_block_of_a_task_may_defer(void **)
{
    deliver(5, 2, 1);
    deliver(40, PTO_KERNEL_MAX_COMPLETIONS, 1);
}

void what_is_no_counter_is_refused_by_name(void **)
{
    struct Case {
        uint64_t count;
        uint64_t offset;
        uint64_t is_elsewhere;
        const char *message;
    };
    const Case cases[] = {
        {PTO_KERNEL_MAX_COMPLETIONS + 1, 0, 0, "more than 64 counters"},
        {1, 2, 0, "deferred its completion to type 0 at 0x"},
        {1, 0, 1, "deferred its completion to type 0 at 0x"},
    };
    TestChip chip;
    CallableBuilder builder = order("never_delivered").inout().inout().scalar().scalar().scalar();
    chip.prepare(0, builder);
    for (const Case &each : cases) {
        std::vector<int32_t> data = {0};
        std::vector<int32_t> counters(100, 0);
        EXPECT_STATUS(PTO_ERROR_INVALID_COMPLETION,
                      chip.run(0, {integers(data), integers(counters)}, {each.count, each.offset, each.is_elsewhere}));
        EXPECT_MESSAGE(each.message);
        assert_int_equal(pto_last_error()->task, 0);
        assert_int_equal(pto_last_error()->func_id, DEFER);
        assert_string_equal(pto_last_error()->kernel, "kernel_defer");
        counters.assign(100, 1); // they are there already: the same task is fine
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(data), integers(counters)}, {PTO_KERNEL_MAX_COMPLETIONS, 0, 0}));
    }
}

void a_counter_that_never_comes_is_a_timeout(void **)
{
    TestChip chip(TestChip::impatient_options());
    CallableBuilder builder = order("never_delivered").inout().inout().scalar().scalar().scalar();
    chip.prepare(0, builder);
    std::vector<int32_t> data = {0};
    std::vector<int32_t> counters = {0};
    EXPECT_STATUS(PTO_ERROR_TIMEOUT, chip.run(0, {integers(data), integers(counters)}, {1, 0, 0}));
    assert_int_equal(pto_last_error()->stall, PTO_STALL_COMPLETION);
    EXPECT_MESSAGE("waits for a counter that it deferred its completion to; 1 counters have not come");
}

// ---- early release

pto_status loop_in_one_scope(bool discarded, pto_run_result *result)
{
    pto_open_options options = TestChip::default_options();
    options.heap_bytes = 64 << 10;
    TestChip chip(options);
    CallableBuilder builder = order("loop_in_one_scope").inout().scalar().scalar();
    chip.prepare(0, builder);
    std::vector<float> x(4096, 1.0F); // 16 KiB
    const pto_status status = chip.run(0, {floats(x)}, {60, discarded ? 1U : 0U}, result);
    if (status == PTO_OK)
        for (const float value : x)
            assert_true(value == 0x1p60F);
    return status;
}

void a_loop_in_one_scope_runs_in_little_memory_when_it_discards(void **)
{
    pto_run_result result = PTO_RUN_RESULT_INIT;
    EXPECT_STATUS(PTO_OK, loop_in_one_scope(true, &result));
    assert_int_equal(result.tasks, 120);
    assert_true(result.peak_heap_bytes <= 64 << 10);
}

void without_discarding_it_is_a_proved_deadlock(void **)
{
    pto_run_result result = PTO_RUN_RESULT_INIT;
    EXPECT_STATUS(PTO_ERROR_DEADLOCK, loop_in_one_scope(false, &result));
    EXPECT_MESSAGE("only the end of a scope can free more");
    assert_string_equal(pto_last_error()->resource, "device heap");
    assert_int_equal(result.tasks, builder() == PTO_HOST_BUILT ? 0 : 8); // a graph that cannot be built is not run
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(tasks_of_a_manual_scope_run_although_they_conflict),
        cmocka_unit_test(named_dependencies_order_the_tasks_of_a_manual_scope),
        cmocka_unit_test(a_task_after_a_manual_scope_waits_for_all_of_it),
        cmocka_unit_test(a_task_before_a_manual_scope_precedes_those_after_it),
        cmocka_unit_test(elements_wait_for_the_tasks_of_an_open_manual_scope),
        cmocka_unit_test(manual_scopes_pass_through_few_task_slots),
        cmocka_unit_test(a_task_without_a_kernel_joins_any_number),
        cmocka_unit_test(a_consumer_sees_what_arrives_after_its_producer_returned),
        cmocka_unit_test(a_task_waits_for_each_of_its_counters),
        cmocka_unit_test(every_block_of_a_task_may_defer),
        cmocka_unit_test(what_is_no_counter_is_refused_by_name),
        cmocka_unit_test(a_counter_that_never_comes_is_a_timeout),
        cmocka_unit_test(a_loop_in_one_scope_runs_in_little_memory_when_it_discards),
        cmocka_unit_test(without_discarding_it_is_a_proved_deadlock),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
