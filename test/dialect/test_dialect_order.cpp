// SPDX-License-Identifier: Apache-2.0
// What orders the tasks of the dialect: accesses in AUTO scopes, ids in MANUAL ones.
#include "dialect_test.hpp"

namespace {

using namespace pto::test;

CallableBuilder scopes(const char *entry)
{
    CallableBuilder builder("orch_scopes", entry);
    builder.aiv(0, "kernel_affine").inout("x").scalar("wait");
    return builder;
}

void nested_auto_scopes_keep_the_inferred_order(void **)
{
    TestChip chip;
    CallableBuilder builder = scopes("nested_auto");
    chip.prepare(0, builder);
    for (const uint64_t wait : {0U, 500U, 500U}) {
        std::vector<int32_t> x(64, 1);
        int32_t expected = 1;
        for (uint32_t i = 1; i <= 8; i++)
            expected = affine(expected, 3, i);
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {wait}));
        expect_equal(std::vector<int32_t>(64, expected), x, "x");
    }
}

void ids_order_the_tasks_of_a_manual_scope(void **)
{
    TestChip chip;
    CallableBuilder builder = scopes("manual_chains");
    chip.prepare(0, builder);
    for (const uint64_t wait : {0U, 1000U, 1000U}) {
        std::vector<int32_t> x(64, 2), expected;
        int32_t low = affine(affine(2, 5, 1), 5, 2), high = low;
        for (uint32_t i = 3; i < 9; i++) {
            low = affine(low, 5, i);
            high = affine(high, 7, i);
        }
        for (int32_t i = 0; i < 64; i++)
            expected.push_back(affine(affine(i < 32 ? low : high, 5, 9), 5, 10));
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {wait}));
        expect_equal(expected, x, "x");
    }
}

void scopes_may_be_ended_by_hand(void **)
{
    TestChip chip;
    CallableBuilder builder = scopes("scopes_by_hand");
    chip.prepare(0, builder);
    std::vector<int32_t> x(8, 1);
    int32_t expected = affine(1, 2, 1);
    for (uint32_t i = 0; i < 5; i++)
        expected = affine(expected, 3, i);
    expected = affine(affine(expected, 2, 2), 2, 3);
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {500}));
    expect_equal(std::vector<int32_t>(8, expected), x, "x");
}

void a_wavefront_follows_its_explicit_dependencies(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_manual_generated", "wavefront");
    builder.aiv(0, "kernel_wave").aiv(1, "kernel_copy_strided").inout("x").out("corner");
    builder.get()->orch_config = "wavefront_config";
    chip.prepare(0, builder);
    for (const uint32_t size : {1U, 5U, 16U, 16U}) {
        std::vector<int32_t> x(std::size_t{size} * size, 1), expected = x, corner = {0};
        for (uint32_t i = 0; i < size; i++)
            for (uint32_t j = 0; j < size; j++) {
                const auto add = [&](bool there, uint32_t from, uint32_t times) {
                    int32_t &cell = expected[i * size + j];
                    if (there)
                        cell = static_cast<int32_t>(static_cast<uint32_t>(cell) +
                                                    static_cast<uint32_t>(expected[from]) * times);
                };
                add(i > 0, (i - 1) * size + j, 2);
                add(j > 0, i * size + j - 1, 3);
            }
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x, {size, size}), integers(corner, {1, 1})}));
        expect_equal(expected, x, "x");
        assert_int_equal(corner[0], expected.back());
    }
}

/// x after each element had its own step and then all had one together, in rounds.
std::vector<int32_t> joined(std::vector<int32_t> x, const std::vector<uint32_t> &widths)
{
    for (const uint32_t width : widths) {
        for (uint32_t i = 0; i < width; i++)
            x[i] = affine(x[i], 3, i);
        for (int32_t &value : x)
            value = affine(value, 2, 1);
    }
    return x;
}

void join_many(const char *entry, const std::vector<uint32_t> &counts, std::size_t rounds)
{
    TestChip chip;
    CallableBuilder builder("orch_fan_in", entry);
    builder.aiv(0, "kernel_affine").inout("x").scalar("wait");
    chip.prepare(0, builder);
    for (const uint32_t count : counts)
        for (const uint64_t wait : {0U, 300U}) {
            std::vector<int32_t> x(count, 1);
            const std::vector<int32_t> expected = joined(x, std::vector<uint32_t>(rounds, count));
            EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {wait}));
            expect_equal(expected, x, entry);
        }
}

void a_task_without_a_kernel_joins_many_ids(void **)
{
    join_many("join_by_ids", {1, 2, 17, 18, 19, 64, 200}, 3);
}

void a_task_without_a_kernel_joins_what_it_names(void **)
{
    join_many("join_by_access", {1, 18, 64}, 1);
}

void generated_joins_have_18_dependencies_and_more(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_fan_in_generated", "aicpu_orchestration_entry");
    builder.aiv(0, "kernel_affine").inout("x").scalar("wait");
    chip.prepare(0, builder);
    for (const uint64_t wait : {0U, 300U, 300U}) {
        std::vector<int32_t> x(40, 1);
        const std::vector<int32_t> expected = joined(x, {18, 29, 40});
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {wait}));
        expect_equal(expected, x, "x");
    }
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(nested_auto_scopes_keep_the_inferred_order),
        cmocka_unit_test(ids_order_the_tasks_of_a_manual_scope),
        cmocka_unit_test(scopes_may_be_ended_by_hand),
        cmocka_unit_test(a_wavefront_follows_its_explicit_dependencies),
        cmocka_unit_test(a_task_without_a_kernel_joins_many_ids),
        cmocka_unit_test(a_task_without_a_kernel_joins_what_it_names),
        cmocka_unit_test(generated_joins_have_18_dependencies_and_more),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
