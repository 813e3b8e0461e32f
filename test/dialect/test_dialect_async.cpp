// SPDX-License-Identifier: Apache-2.0
// Tasks that are complete when counters say so.
#include "dialect_test.hpp"
#include "error_codes.h"

namespace {

using namespace pto::test;

CallableBuilder deferred(const char *module, const char *entry)
{
    CallableBuilder builder(module, entry);
    builder.aiv(0, "kernel_defer").aiv(1, "kernel_notify").aiv(2, "kernel_copy_strided").aic(3, "kernel_defer");
    builder.inout("x").inout("counters").inout("out");
    return builder;
}

void what_is_delivered_late_is_seen_by_those_who_wait(void **)
{
    TestChip chip;
    CallableBuilder builder = deferred("orch_deferred", "delivered_later").scalar("pieces").scalar("wait");
    chip.prepare(0, builder);
    for (const uint64_t pieces : {1U, 4U, 4U})
        for (const uint64_t wait : {0U, 2000U}) {
            std::vector<int32_t> x(12, 5), counters(12, 0), out(12, -1), expected;
            for (int32_t i = 0; i < 12; i++)
                expected.push_back(5 + i * (pieces == 1 ? 1 : 10));
            EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x), integers(counters), integers(out)}, {pieces, wait}));
            expect_equal(expected, out, "out");
            expect_equal(std::vector<int32_t>(12, static_cast<int32_t>(pieces)), counters, "counters");
        }
}

void every_block_waits_for_its_own_counters(void **)
{
    TestChip chip;
    CallableBuilder builder = deferred("orch_deferred_generated", "aicpu_orchestration_entry").scalar("wait");
    chip.prepare(0, builder);
    for (const uint32_t blocks : {1U, 6U, 30U, 6U})
        for (const uint64_t wait : {0U, 2000U}) {
            std::vector<int32_t> x = {0}, counters(std::size_t{3} * blocks, 0), out = {-1};
            EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x), integers(counters, {blocks, 3}), integers(out)}, {wait}));
            assert_int_equal(out[0], 42);
        }
}

void counters_that_are_none_and_too_many_have_their_codes(void **)
{
    TestChip chip;
    CallableBuilder builder =
        deferred("orch_deferred", "one_deferral").scalar("count").scalar("expected").scalar("bytes");
    chip.prepare(0, builder);
    const auto code_of = [&](uint64_t count, uint64_t expected, uint64_t bytes) {
        std::vector<int32_t> x = {1}, counters(64, 3), out = {0};
        const pto_status status =
            chip.run(0, {integers(x), integers(counters), integers(out)}, {count, expected, bytes});
        return status == PTO_OK ? 0 : pto_dialect_code(pto_last_error());
    };
    assert_int_equal(code_of(64, 3, 0), PTO2_ERROR_NONE);
    assert_int_equal(code_of(65, 3, 0), PTO2_ERROR_ASYNC_COMPLETION_OVERFLOW);
    assert_int_equal(code_of(1, 3, 0), PTO2_ERROR_NONE);
    assert_int_equal(code_of(1, 3, 1), PTO2_ERROR_ASYNC_COMPLETION_INVALID);
    assert_int_equal(code_of(0, 3, 0), PTO2_ERROR_NONE);
    assert_int_equal(code_of(1, 3, uint64_t{1} << 50), PTO2_ERROR_ASYNC_COMPLETION_INVALID);
    assert_int_equal(code_of(2, 1, 0), PTO2_ERROR_NONE);
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_is_delivered_late_is_seen_by_those_who_wait),
        cmocka_unit_test(every_block_waits_for_its_own_counters),
        cmocka_unit_test(counters_that_are_none_and_too_many_have_their_codes),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
