// SPDX-License-Identifier: Apache-2.0
// Limits that a run reaches are reported with their name, what was needed, what there is, and who holds it; the next
// run works.
#include "conformance.hpp"

namespace {

using namespace pto::test;

/// A chip with a heap of 1 MiB for 16 tasks: its 288 buffers are those of 16 tasks twice and of 256 arguments.
pto_open_options small()
{
    pto_open_options options = TestChip::default_options();
    options.heap_bytes = 1 << 20;
    options.max_tasks = 16;
    options.device_index = 3;
    return options;
}
constexpr uint64_t kBuffers = 2 * 16 + PTO_MAX_RUN_TENSORS;

/// Runs an orchestration that reaches a limit, checks that the context survives, and returns the error.
pto_error limit_of(const char *entry, pto_status status, const std::vector<uint64_t> &scalars)
{
    TestChip chip(small());
    CallableBuilder builder = callable("orch_exhaustion", entry);
    CallableBuilder good = callable("orch_mistakes", "no_mistake").inout();
    for (std::size_t i = 0; i < scalars.size(); i++)
        builder.scalar();
    chip.prepare(0, builder);
    chip.prepare(1, good);
    EXPECT_STATUS(status, chip.run(0, {}, scalars));
    const pto_error error = *pto_last_error();
    assert_int_equal(error.device, 3);
    assert_int_equal(error.callable_id, 0);
    assert_int_equal(error.stall, PTO_STALL_NONE);
    std::vector<int32_t> x(4, 0);
    EXPECT_STATUS(PTO_OK, chip.run(1, {integers(x)}));
    assert_int_equal(x[0], 123);
    return error;
}

void a_deadlock_names_the_heap_and_the_scope_that_holds_most_of_it(void **)
{
    // 400 KiB in the outermost scope and in the one within; the third does not fit.
    const pto_error error = limit_of("outputs_in_nested_scopes", PTO_ERROR_DEADLOCK, {400, 3});
    assert_string_equal(error.resource, "device heap");
    assert_int_equal(error.task, 2);
    assert_int_equal(error.needed, 400 << 10);
    assert_int_equal(error.available, (1 << 20) - (800 << 10));
    assert_int_equal(error.holder, 0);
    assert_int_equal(error.held, 400 << 10);
}

void a_deadlock_names_the_buffers_and_the_scope_that_holds_most_of_them(void **)
{
    const pto_error error = limit_of("many_outputs_in_a_scope", PTO_ERROR_DEADLOCK, {kBuffers + 1});
    assert_string_equal(error.resource, "buffers");
    assert_int_equal(error.task, kBuffers);
    assert_int_equal(error.needed, 1);
    assert_int_equal(error.available, 0);
    assert_int_equal(error.holder, 1);
    assert_int_equal(error.held, kBuffers << 10);
}

void a_capacity_that_can_never_suffice_names_no_scope(void **)
{
    const pto_error error = limit_of("outputs_in_nested_scopes", PTO_ERROR_CAPACITY, {2000, 1});
    assert_string_equal(error.resource, "device heap");
    assert_int_equal(error.task, 0);
    assert_int_equal(error.needed, 2000 << 10);
    assert_int_equal(error.available, 1 << 20);
    assert_int_equal(error.holder, -1);
    assert_int_equal(error.held, 0);
}

void the_depth_of_scopes_is_a_limit_with_a_name(void **)
{
    const pto_error error = limit_of("nested_scopes", PTO_ERROR_SCOPE, {PTO_MAX_SCOPE_DEPTH + 1});
    assert_string_equal(error.resource, "scope depth");
    assert_int_equal(error.needed, PTO_MAX_SCOPE_DEPTH + 1);
    assert_int_equal(error.available, PTO_MAX_SCOPE_DEPTH);
    assert_int_equal(error.holder, -1);
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_deadlock_names_the_heap_and_the_scope_that_holds_most_of_it),
        cmocka_unit_test(a_deadlock_names_the_buffers_and_the_scope_that_holds_most_of_them),
        cmocka_unit_test(a_capacity_that_can_never_suffice_names_no_scope),
        cmocka_unit_test(the_depth_of_scopes_is_a_limit_with_a_name),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
