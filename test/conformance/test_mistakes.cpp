// SPDX-License-Identifier: Apache-2.0
// Each mistake of an orchestration ends its run with its own status and a message that names the culprit, and the next
// run on the same context works.
#include "conformance.hpp"

namespace {

using namespace pto::test;

struct Mistake {
    const char *entry;
    pto_status status;
    const char *message;
};

constexpr Mistake kMistakes[] = {
    {"unknown_kernel", PTO_ERROR_UNKNOWN_KERNEL, "task 1: the callable has no kernel with func id 999"},
    {"wrong_core_type", PTO_ERROR_UNKNOWN_KERNEL, "kernel 5 is for an AIV core, the task wants it on an AIC core"},
    {"too_many_tensors", PTO_ERROR_INVALID_TASK, "33 arguments; a task takes at most 32 tensors"},
    {"rank_six", PTO_ERROR_INVALID_TENSOR, "argument 0: tensor of rank 6"},
    {"zero_extent", PTO_ERROR_INVALID_TENSOR, "an extent is zero"},
    {"overlapping_view", PTO_ERROR_INVALID_TENSOR, "its elements overlap each other"},
    {"view_outside", PTO_ERROR_INVALID_TENSOR, "view: dimension 0: 1 elements from 4 do not fit in 4"},
    {"scope_left_open", PTO_ERROR_SCOPE, "returned with 1 scopes still open"},
    {"scope_ended_twice", PTO_ERROR_SCOPE, "scope_end without a scope_begin"},
    {"scopes_too_deep", PTO_ERROR_SCOPE, "nested more than 64 deep"},
    {"stale_handle", PTO_ERROR_STALE_HANDLE, "task 1: argument 0: the tensor is used after the scope"},
    {"never_allocated", PTO_ERROR_STALE_HANDLE, "was never allocated"},
    {"raises_fatal", PTO_ERROR_ORCHESTRATION_FATAL, "the answer is 42, not 41"},
    {"host_address", PTO_ERROR_NOT_DEVICE_MEMORY, "is not in device memory"},
    {"output_larger_than_heap", PTO_ERROR_CAPACITY, "device heap"},
    {"element_outside", PTO_ERROR_INVALID_TENSOR, "index 4 of dimension 0, which has 4"},
    {"inferring_scope_in_a_manual_one", PTO_ERROR_SCOPE, "inferred dependencies inside a manual one"},
    {"discarded_twice", PTO_ERROR_STALE_HANDLE, "after it was discarded"},
    {"used_after_discarding", PTO_ERROR_STALE_HANDLE, "task 1: argument 0: the tensor is used after"},
    {"argument_discarded", PTO_ERROR_INVALID_ARGUMENT, "no task of this run allocated the tensor"},
    {"undeclared_run_scalar", PTO_ERROR_INVALID_TASK, "argument 1 has no such scalar of the run"},
    {"cohort_larger_than_the_chip", PTO_ERROR_CAPACITY, "blocks are to start together, the chip has cores for"},
    {"unknown_task_flag", PTO_ERROR_INVALID_TASK, "unknown flags 0x6"},
    {"unknown_comparison", PTO_ERROR_INVALID_TASK, "predicate with comparison 9"},
    {"predicate_of_no_element", PTO_ERROR_INVALID_TENSOR, "index 4 of dimension 0, which has 4"},
    {"undeclared_argument", PTO_ERROR_INVALID_ARGUMENT, "tensor argument 1: the orchestration has 1"},
};

void each_mistake_has_its_status_and_the_next_run_works(void **)
{
    TestChip chip;
    CallableBuilder good = callable("orch_mistakes", "no_mistake").inout();
    chip.prepare(0, good);
    for (const Mistake &mistake : kMistakes) {
        print_message("# %s\n", mistake.entry);
        CallableBuilder builder = callable("orch_mistakes", mistake.entry).inout();
        chip.prepare(1, builder);
        std::vector<int32_t> x(4, 7);
        pto_run_result result = PTO_RUN_RESULT_INIT;
        EXPECT_STATUS(mistake.status, chip.run(1, {integers(x)}, {}, &result));
        EXPECT_MESSAGE(mistake.message);
        assert_int_equal(result.status, mistake.status);
        assert_int_equal(pto_last_error()->callable_id, 1);
        assert_int_equal(x[0], 7); // nothing is copied out of a failed run
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}));
        assert_int_equal(x[3], 123);
        EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 1));
    }
    EXPECT_STATUS(PTO_OK, pto_health(chip.get()));
}

void the_code_of_a_fatal_is_kept(void **)
{
    TestChip chip;
    CallableBuilder builder = callable("orch_mistakes", "raises_fatal").inout();
    chip.prepare(0, builder);
    std::vector<int32_t> x(4, 7);
    EXPECT_STATUS(PTO_ERROR_ORCHESTRATION_FATAL, chip.run(0, {integers(x)}));
    assert_int_equal(pto_last_error()->detail, 42);
    assert_string_equal(pto_last_error()->message, "the answer is 42, not 41");
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_mistake_has_its_status_and_the_next_run_works),
        cmocka_unit_test(the_code_of_a_fatal_is_kept),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
