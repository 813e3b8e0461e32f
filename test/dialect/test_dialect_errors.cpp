// SPDX-License-Identifier: Apache-2.0
// What ends a run of the dialect, by its status and by the dialect's own code, and that the next run works.
#include "dialect_test.hpp"
#include "error_codes.h"

namespace {

using namespace pto::test;

enum Mistake : uint64_t {
    kTensorAfterScalar,
    kTooManyTensors,
    kTooManyScalars,
    kDependenciesTwice,
    kOutputAfterScalar
};

/// Fails the test unless the run ended with this code; then runs something else on the same chip.
void expect_code(TestChip &chip, int32_t code, pto_status found)
{
    if (found == PTO_OK)
        fail_msg("the run succeeded, expected code %d", code);
    const pto_error error = *pto_last_error();
    if (pto_dialect_code(&error) != code)
        fail_msg("code %d, expected %d: %s", pto_dialect_code(&error), code, error.message);
    constexpr int32_t kNext = 63;
    CallableBuilder good("orch_back_pressure", "rounds");
    good.aiv(0, "kernel_affine").aiv(1, "kernel_copy_strided").inout("x").scalar("rounds").scalar("elements");
    chip.prepare(kNext, good);
    std::vector<int32_t> x(4, 1);
    EXPECT_STATUS(PTO_OK, chip.run(kNext, {integers(x)}, {2, 16}));
    expect_equal(std::vector<int32_t>(4, affine(affine(1, 3, 0), 3, 1)), x, "x of the next run");
    EXPECT_STATUS(PTO_OK, pto_release(chip.get(), kNext));
}

void wrong_arguments_of_a_task_are_code_5(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_task_args", "wrong_args");
    builder.aiv(3, "kernel_affine").inout("x").scalar("mistake");
    chip.prepare(0, builder);
    for (const uint64_t mistake :
         {kTensorAfterScalar, kTooManyTensors, kTooManyScalars, kDependenciesTwice, kOutputAfterScalar}) {
        std::vector<int32_t> x(4, 1);
        expect_code(chip, 5, chip.run(0, {integers(x)}, {mistake}));
        expect_equal({1, 1, 1, 1}, x, "x of the run that failed");
    }
}

void an_auto_scope_in_a_manual_one_is_code_5(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_scopes", "auto_in_manual");
    builder.aiv(0, "kernel_affine").inout("x");
    chip.prepare(0, builder);
    std::vector<int32_t> x(4, 1);
    expect_code(chip, 5, chip.run(0, {integers(x)}));
}

void a_timing_slot_out_of_range_is_code_5(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_tail", "slot_out_of_range");
    builder.aiv(0, "kernel_affine").inout("x").scalar("slot");
    chip.prepare(0, builder);
    std::vector<int32_t> x(4, 1);
    expect_code(chip, 5, chip.run(0, {integers(x)}, {16}));
    expect_code(chip, 5, chip.run(0, {integers(x)}, {~uint64_t{0}}));
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {15}));
}

void blocks_that_cannot_start_together_are_code_7(void **)
{
    pto_open_options options = TestChip::default_options();
    options.cluster_count = 3;
    TestChip chip(options);
    CallableBuilder builder("orch_launch_counts", "meet_everywhere");
    builder.aic(20, "kernel_meet").aiv(21, "kernel_meet").aiv(22, "kernel_affine");
    builder.inout("counters").out("counts").scalar("kind").scalar("more");
    builder.get()->orch_config = "counts_config";
    chip.prepare(0, builder);
    for (const uint64_t kind : {0U, 1U, 2U}) {
        std::vector<int32_t> counters(3, 0), counts(2, 0);
        expect_code(chip, 7, chip.run(0, {integers(counters), integers(counts)}, {kind, 1}));
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(counters), integers(counts)}, {kind, 0}));
    }
}

void an_orchestration_gives_up_with_a_code_of_its_own(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_fatal", "give_up");
    builder.aiv(0, "kernel_affine").inout("x").scalar("code");
    chip.prepare(0, builder);
    for (const uint64_t code : {9U, 5U, 7U, 11U}) {
        std::vector<int32_t> x(4, 1);
        const pto_status status = chip.run(0, {integers(x)}, {code});
        EXPECT_MESSAGE("giving up at 1 of give_up with 50%");
        expect_code(chip, static_cast<int32_t>(code), status);
        expect_equal({1, 1, 1, 1}, x, "x of the run that failed");
    }
    std::vector<int32_t> x(4, 1);
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {0}));
    expect_equal({7, 7, 7, 7}, x, "x");
}

void after_the_end_submitting_has_no_effect(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_fatal", "outputs_after_the_end");
    builder.aiv(0, "kernel_copy_strided").in("x");
    chip.prepare(0, builder);
    std::vector<int32_t> x(4, 1);
    const pto_status status = chip.run(0, {integers(x)});
    EXPECT_MESSAGE("at once");
    expect_code(chip, 9, status);
}

// ---- checks and logs

void collect(void *user, int32_t, const char *message)
{
    static_cast<std::string *>(user)->append(message).append("\n");
}

bool has(const std::string &text, const char *part)
{
    return text.find(part) != std::string::npos;
}

void checks_and_log_lines_reach_the_host(void **)
{
    std::string log;
    pto_open_options options = TestChip::default_options();
    options.log = collect;
    options.log_user = &log;
    options.log_level = PTO_LOG_DEBUG;
    TestChip chip(options);
    CallableBuilder builder("orch_checks", "checked");
    builder.aiv(0, "kernel_affine").inout("x");
    chip.prepare(0, builder);
    std::vector<int32_t> x(24, 1), expected;
    for (uint32_t i = 0; i < 24; i++)
        expected.push_back(affine(1, 7, i / 8 * 8));
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}));
    expect_equal(expected, x, "x");
    assert_true(has(log, "x has 24 elements of INT32"));
    assert_true(has(log, "clusters"));
    assert_true(has(log, " 1.50 of everything ff"));
    assert_true(has(log, "in 12345678901 ns"));
    log.clear();
    std::vector<int32_t> odd(20, 1);
    const pto_status status = chip.run(0, {integers(odd)});
    EXPECT_MESSAGE("x.shapes[0] = 20 is no multiple of 8");
    expect_code(chip, 5, status);
    assert_true(has(log, "dimension 0 of x is 20"));
}

// ---- small chips

pto_open_options small_chip()
{
    pto_open_options options = TestChip::default_options();
    options.max_tasks = 16;
    options.heap_bytes = 1 << 20;
    return options;
}

void what_is_given_back_in_time_fits_a_small_chip(void **)
{
    TestChip chip(small_chip());
    CallableBuilder builder("orch_back_pressure", "rounds");
    builder.aiv(0, "kernel_affine").aiv(1, "kernel_copy_strided").inout("x").scalar("rounds").scalar("elements");
    CallableBuilder many("orch_back_pressure", "many_tasks");
    many.aiv(0, "kernel_affine").inout("x").scalar("tasks");
    chip.prepare(0, builder);
    chip.prepare(1, many);
    for (int run = 0; run < 2; run++) {
        std::vector<int32_t> x(32, 1);
        int32_t expected = 1;
        for (uint32_t i = 0; i < 100; i++)
            expected = affine(expected, 3, i);
        // 400 KB of 1 MB each.
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {100, 100000}));
        expect_equal(std::vector<int32_t>(32, expected), x, "x");
        x.assign(32, 1);
        EXPECT_STATUS(PTO_OK, chip.run(1, {integers(x)}, {100}));
        expect_equal(std::vector<int32_t>(32, expected), x, "x of many tasks");
    }
}

void a_scope_that_can_never_fit_ends_the_run(void **)
{
    TestChip chip(small_chip());
    CallableBuilder builder("orch_back_pressure", "one_scope");
    builder.aiv(0, "kernel_affine").aiv(2, "kernel_fill").inout("x").scalar("outputs").scalar("elements");
    chip.prepare(0, builder);
    const auto run = [&](uint64_t outputs, uint64_t elements) {
        std::vector<int32_t> x(4, 1);
        return chip.run(0, {integers(x)}, {outputs, elements});
    };
    EXPECT_STATUS(PTO_OK, run(2, 100000));
    expect_code(chip, PTO2_ERROR_HEAP_RING_DEADLOCK, run(3, 100000));
    expect_code(chip, PTO2_ERROR_SCOPE_DEADLOCK, run(400, 16));
    expect_code(chip, PTO2_ERROR_HEAP_RING_DEADLOCK, run(1, 300000));
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(wrong_arguments_of_a_task_are_code_5),
        cmocka_unit_test(an_auto_scope_in_a_manual_one_is_code_5),
        cmocka_unit_test(a_timing_slot_out_of_range_is_code_5),
        cmocka_unit_test(blocks_that_cannot_start_together_are_code_7),
        cmocka_unit_test(an_orchestration_gives_up_with_a_code_of_its_own),
        cmocka_unit_test(after_the_end_submitting_has_no_effect),
        cmocka_unit_test(checks_and_log_lines_reach_the_host),
        cmocka_unit_test(what_is_given_back_in_time_fits_a_small_chip),
        cmocka_unit_test(a_scope_that_can_never_fit_ends_the_run),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
