// SPDX-License-Identifier: Apache-2.0
// Tasks whose blocks start together, tasks with a condition, a kernel per core, scalars that only travel on.
#include "conformance.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace {

using namespace pto::test;

enum Kind : uint64_t { kAivBlocks, kAicBlocks, kMixBlocks, kAivPairs };
constexpr uint32_t kClusters = 4;

uint32_t cores_of(Kind kind)
{
    return kind == kMixBlocks ? 3 : kind == kAivPairs ? 2 : 1;
}
uint32_t most_blocks(Kind kind)
{
    return kind == kAivBlocks ? 2 * kClusters : kClusters;
}

pto_open_options small_chip()
{
    pto_open_options options = TestChip::default_options();
    options.cluster_count = kClusters;
    return options;
}

// ---- cohorts

void run_cohorts(Kind kind, uint32_t blocks, uint32_t cohorts, uint32_t others)
{
    TestChip chip(small_chip());
    CallableBuilder builder = callable("orch_model", "cohorts").inout().scalar().scalar().scalar();
    chip.prepare(0, builder);
    std::vector<int32_t> counters(cohorts, 0);
    pto_run_result result = PTO_RUN_RESULT_INIT;
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(counters)}, {kind, blocks, others}, &result));
    for (const int32_t count : counters)
        assert_int_equal(count, blocks * cores_of(kind));
    assert_int_equal(result.kernels, cohorts * (blocks * cores_of(kind) + 3 * others));
    assert_int_equal(result.tasks, cohorts * (1 + 2 * others));
}

void a_cohort_starts_when_it_has_all_its_cores(void **)
{
    for (const Kind kind : {kAivBlocks, kAicBlocks, kMixBlocks, kAivPairs})
        for (const uint32_t blocks : {1u, 2u, kClusters, 2 * kClusters})
            if (blocks <= most_blocks(kind))
                run_cohorts(kind, blocks, 3, 12);
}

void two_cohorts_do_not_wait_for_each_other_for_ever(void **)
{
    for (const Kind kind : {kAivBlocks, kAicBlocks, kMixBlocks, kAivPairs}) {
        run_cohorts(kind, most_blocks(kind), 20, 0);
        run_cohorts(kind, most_blocks(kind) / 2 + 1, 20, 0);
    }
}

void a_cohort_may_fill_the_whole_chip(void **)
{
    TestChip chip;
    CallableBuilder builder = callable("orch_model", "cohorts").inout().scalar().scalar().scalar();
    chip.prepare(0, builder);
    std::vector<int32_t> counters(2, 0);
    const uint32_t clusters = std::strcmp(arch(), "a5") == 0 ? 36 : 24;
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(counters)}, {kMixBlocks, clusters, 0}));
    assert_int_equal(counters[1], 3 * clusters);
    counters = {0, 0};
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(counters)}, {kAivBlocks, 2 * clusters, 3}));
    assert_int_equal(counters[1], 2 * clusters);
}

void a_cohort_that_waited_for_another_task_starts_every_block_once(void **)
{
    for (const Kind kind : {kAivBlocks, kMixBlocks}) {
        TestChip chip(small_chip());
        CallableBuilder builder = callable("orch_model", "cohort_chain").inout().inout().scalar().scalar();
        chip.prepare(0, builder);
        std::vector<int32_t> counters(50, 0);
        std::vector<int32_t> order = {1};
        uint32_t expected = 1;
        for (uint32_t i = 0; i < counters.size(); i++)
            expected = expected * 2 + i;
        pto_run_result result = PTO_RUN_RESULT_INIT;
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(counters), integers(order)}, {kind, most_blocks(kind)}, &result));
        for (const int32_t count : counters)
            assert_int_equal(count, most_blocks(kind) * cores_of(kind));
        assert_int_equal(static_cast<uint32_t>(order[0]), expected);
        assert_int_equal(result.kernels, counters.size() * (1 + most_blocks(kind) * cores_of(kind)));
    }
}

void a_cohort_larger_than_the_chip_is_refused(void **)
{
    TestChip chip(small_chip());
    CallableBuilder builder = callable("orch_model", "cohorts").inout().scalar().scalar().scalar();
    chip.prepare(0, builder);
    for (const Kind kind : {kAivBlocks, kAicBlocks, kMixBlocks, kAivPairs}) {
        std::vector<int32_t> counters(1, 0);
        EXPECT_STATUS(PTO_ERROR_CAPACITY, chip.run(0, {integers(counters)}, {kind, most_blocks(kind) + 1, 0}));
        const pto_error error = *pto_last_error();
        assert_string_equal(error.resource, "cores");
        assert_int_equal(error.needed, most_blocks(kind) + 1);
        assert_int_equal(error.available, most_blocks(kind));
        assert_int_equal(error.task, 0);
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(counters)}, {kind, most_blocks(kind), 0}));
    }
}

// ---- predicates

template <class T> bool holds(uint32_t op, T a, T b)
{
    switch (op) {
    case PTO_PREDICATE_EQ: return a == b;
    case PTO_PREDICATE_NE: return a != b;
    case PTO_PREDICATE_GT: return a > b;
    case PTO_PREDICATE_LT: return a < b;
    case PTO_PREDICATE_GE: return a >= b;
    default: return a <= b;
    }
}

/// Compares elements, given as numbers and in the representation of the dtype, with each of them.
template <class T, class Number>
void compare(TestChip &chip, pto_dtype dtype, std::vector<T> stored, const std::vector<Number> &numbers)
{
    const uint32_t count = static_cast<uint32_t>(stored.size());
    const pto_tensor elements = pto_host_tensor(stored.data(), dtype, 1, &count);
    for (uint32_t k = 0; k < count; k++) {
        std::vector<int32_t> results(std::size_t{6} * count, 0);
        uint64_t value = 0;
        std::memcpy(&value, &stored[k], sizeof(T));
        pto_run_result result = PTO_RUN_RESULT_INIT;
        EXPECT_STATUS(PTO_OK, chip.run(0, {elements, integers(results)}, {value}, &result));
        uint64_t ran = 0;
        for (uint32_t op = PTO_PREDICATE_EQ; op <= PTO_PREDICATE_LE; op++)
            for (uint32_t i = 0; i < count; i++) {
                const bool expected = holds(op, numbers[i], numbers[k]);
                ran += expected ? 1 : 0;
                if (results[(op - 1) * count + i] != (expected ? 1 : 0))
                    fail_msg("dtype %u: element %u, comparison %u, value %u", unsigned{dtype}, i, op, k);
            }
        assert_int_equal(result.kernels, ran);
        assert_int_equal(result.skipped, 6 * count - ran);
        assert_int_equal(result.tasks, 6 * count);
    }
}

template <class T> void compare_integers(TestChip &chip, pto_dtype dtype)
{
    using Limits = std::numeric_limits<T>;
    const std::vector<T> values = {T{0}, T{1}, static_cast<T>(-1), Limits::min(), Limits::max()};
    compare(chip, dtype, values, values);
}

void every_comparison_is_by_the_elements_dtype(void **)
{
    TestChip chip(small_chip());
    CallableBuilder builder = callable("orch_model", "comparisons").in().inout().scalar();
    chip.prepare(0, builder);
    compare_integers<int8_t>(chip, PTO_INT8);
    compare_integers<int16_t>(chip, PTO_INT16);
    compare_integers<int32_t>(chip, PTO_INT32);
    compare_integers<int64_t>(chip, PTO_INT64);
    compare_integers<uint8_t>(chip, PTO_UINT8);
    compare_integers<uint16_t>(chip, PTO_UINT16);
    compare_integers<uint32_t>(chip, PTO_UINT32);
    compare_integers<uint64_t>(chip, PTO_UINT64);
    compare<uint8_t>(chip, PTO_BOOL, {0, 1}, std::vector<int>{0, 1});
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const float infinity = std::numeric_limits<float>::infinity();
    const std::vector<float> numbers = {0.0F, -0.0F, 1.5F, -1.5F, 0x1p-14F, infinity, -infinity, nan};
    compare(chip, PTO_FLOAT32, numbers, numbers);
    compare<uint16_t>(chip, PTO_FLOAT16, {0, 0x8000, 0x3e00, 0xbe00, 0x0400, 0x7c00, 0xfc00, 0x7e00}, numbers);
    compare<uint16_t>(chip, PTO_BFLOAT16, {0, 0x8000, 0x3fc0, 0xbfc0, 0x3880, 0x7f80, 0xff80, 0x7fc0}, numbers);
    // The smallest numbers of 16 bits are subnormal.
    compare<uint16_t>(chip, PTO_FLOAT16, {0x0001, 0x8001, 0x03ff, 0x0400},
                      std::vector<float>{0x1p-24F, -0x1p-24F, 1023 * 0x1p-24F, 0x1p-14F});
}

void a_predicate_is_between_the_writers_of_its_element(void **)
{
    TestChip chip(small_chip());
    CallableBuilder builder = callable("orch_model", "flag_in_turn").inout().inout();
    chip.prepare(0, builder);
    std::vector<int32_t> flag = {1};
    std::vector<int32_t> x(200, 0);
    pto_run_result result = PTO_RUN_RESULT_INIT;
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(flag), integers(x)}, {}, &result));
    for (std::size_t i = 0; i < x.size(); i++)
        assert_int_equal(x[i], i % 2 == 1 ? 5 : 0);
    assert_int_equal(result.skipped, x.size() / 2);
}

void a_false_predicate_completes_the_task_without_running_it(void **)
{
    TestChip chip(small_chip());
    CallableBuilder builder = callable("orch_model", "skipped_chain").inout();
    chip.prepare(0, builder);
    std::vector<int32_t> x = {1};
    uint32_t expected = 1;
    for (uint32_t i = 1; i < 40; i += 2)
        expected = expected * 3 + i;
    pto_run_result result = PTO_RUN_RESULT_INIT;
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {}, &result));
    assert_int_equal(static_cast<uint32_t>(x[0]), expected);
    assert_int_equal(result.skipped, 20);
    assert_int_equal(result.tasks, 41);
    assert_int_equal(result.kernels, 21);
}

// ---- cores and scalars

void each_core_of_a_cluster_runs_its_own_kernel(void **)
{
    TestChip chip(small_chip());
    CallableBuilder builder = callable("orch_model", "lanes").inout().scalar();
    chip.prepare(0, builder);
    for (const uint32_t blocks : {1u, 4u, 50u}) {
        std::vector<int32_t> x(std::size_t{3} * blocks, 0);
        pto_run_result result = PTO_RUN_RESULT_INIT;
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {blocks}, &result));
        for (uint32_t block = 0; block < blocks; block++) {
            assert_int_equal(x[3 * block], 1);
            assert_int_equal(x[3 * block + 1], 11);
            assert_int_equal(x[3 * block + 2], 22);
        }
        assert_int_equal(result.tasks, 1);
        assert_int_equal(result.kernels, 3 * blocks);
    }
}

void a_scalar_of_the_run_travels_to_the_task(void **)
{
    TestChip chip(small_chip());
    CallableBuilder builder = callable("orch_model", "scalars_travel").inout().scalar().scalar().scalar();
    chip.prepare(0, builder);
    for (const uint32_t salt : {0u, 7u}) {
        std::vector<int32_t> x = {0, 0, 0};
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {100 + salt, salt, 300 + salt}));
        assert_int_equal(x[0], 300 + salt);
        assert_int_equal(x[1], 100 + salt);
        assert_int_equal(x[2], 9);
    }
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_cohort_starts_when_it_has_all_its_cores),
        cmocka_unit_test(two_cohorts_do_not_wait_for_each_other_for_ever),
        cmocka_unit_test(a_cohort_may_fill_the_whole_chip),
        cmocka_unit_test(a_cohort_that_waited_for_another_task_starts_every_block_once),
        cmocka_unit_test(a_cohort_larger_than_the_chip_is_refused),
        cmocka_unit_test(every_comparison_is_by_the_elements_dtype),
        cmocka_unit_test(a_predicate_is_between_the_writers_of_its_element),
        cmocka_unit_test(a_false_predicate_completes_the_task_without_running_it),
        cmocka_unit_test(each_core_of_a_cluster_runs_its_own_kernel),
        cmocka_unit_test(a_scalar_of_the_run_travels_to_the_task),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
