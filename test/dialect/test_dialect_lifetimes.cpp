// SPDX-License-Identifier: Apache-2.0
// What ends with an exception, with a scope or with a call, and what people do with it all the same.
#include "dialect_test.hpp"
#include "error_codes.h"

namespace {

using namespace pto::test;

void expect_run(TestChip &chip, uint64_t scalar, int32_t code, const std::vector<int32_t> &expected)
{
    std::vector<int32_t> x(8, 1);
    const pto_status status = chip.run(0, {integers(x)}, {scalar});
    const int32_t found = status == PTO_OK ? 0 : pto_dialect_code(pto_last_error());
    if (found != code)
        fail_msg("code %d, expected %d: %s", found, code, pto_last_error()->message);
    expect_equal(expected, x, "x");
}

void an_exception_that_nobody_catches_ends_the_run_only(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_lifetimes", "throwing");
    builder.aiv(0, "kernel_own_names").inout("x").scalar("what");
    chip.prepare(0, builder);
    const std::vector<int32_t> unchanged(8, 1);
    for (int run = 0; run < 2; run++) {
        expect_run(chip, 2, PTO2_ERROR_EXPLICIT_ORCH_FATAL, unchanged);
        assert_non_null(std::strstr(pto_last_error()->message, "vector"));
        expect_run(chip, 3, PTO2_ERROR_EXPLICIT_ORCH_FATAL, unchanged);
        expect_run(chip, 4, PTO2_ERROR_EXPLICIT_ORCH_FATAL, unchanged);
        assert_non_null(std::strstr(pto_last_error()->message, "from a graph"));
        expect_run(chip, 5, PTO2_ERROR_INVALID_ARGS, unchanged);
        assert_non_null(std::strstr(pto_last_error()->message, "x.ndims == 7"));
        expect_run(chip, 0, 0, std::vector<int32_t>(8, 2));
        expect_run(chip, 1, 0, std::vector<int32_t>(8, 5));
    }
}

void an_output_is_not_to_be_had_after_its_scope(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_lifetimes", "after_its_scope");
    builder.aiv(0, "kernel_own_names").aiv(1, "kernel_copy_strided").inout("x").scalar("late");
    chip.prepare(0, builder);
    for (int run = 0; run < 2; run++) {
        expect_run(chip, 1, PTO2_ERROR_INVALID_ARGS, std::vector<int32_t>(8, 1));
        expect_run(chip, 0, 0, std::vector<int32_t>(8, 8));
    }
}

void a_graph_reads_what_its_constants_point_to_each_time(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_lifetimes", "pointed_to");
    builder.aiv(0, "kernel_own_names").inout("x");
    chip.prepare(0, builder);
    std::vector<int32_t> x(8, 1);
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {}));
    expect_equal(std::vector<int32_t>(8, 11), x, "x");
}

void what_a_graph_hands_out_is_that_of_the_last_call(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_lifetimes", "handed_out_of_graphs");
    builder.aiv(0, "kernel_own_names").aiv(1, "kernel_copy_strided").inout("x").scalar("calls");
    chip.prepare(0, builder);
    for (const uint64_t calls : {1U, 2U, 4U, 12U, 5U})
        expect_run(chip, calls, 0, std::vector<int32_t>(8, static_cast<int32_t>((calls - 1) % 3 + 1)));
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_exception_that_nobody_catches_ends_the_run_only),
        cmocka_unit_test(an_output_is_not_to_be_had_after_its_scope),
        cmocka_unit_test(a_graph_reads_what_its_constants_point_to_each_time),
        cmocka_unit_test(what_a_graph_hands_out_is_that_of_the_last_call),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
