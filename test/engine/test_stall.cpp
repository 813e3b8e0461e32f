// SPDX-License-Identifier: Apache-2.0
// What a run that is ended by its watchdog was waiting for.
#include "engine_test.hpp"

#include "aicpu/stall.h"

namespace {

using pto::aicpu::stall_record;
using pto::aicpu::StallView;
using pto::wire::ErrorRecord;
using pto::wire::Resource;
using pto::wire::Stall;

/// A run in which everything that can hold it up does so at once.
StallView everything()
{
    StallView view;
    view.elapsed_ns = 1'500'000'000;
    view.running = 2;
    view.task = 7;
    view.func_id = 3;
    view.core = 10;
    view.is_ready = true;
    view.ready_task = 8;
    view.ready_func_id = 4;
    view.cores_needed = 3;
    view.cores_idle = 1;
    view.completions = 5;
    view.deferred_task = 6;
    view.outstanding = 9;
    return view;
}

ErrorRecord expect(const StallView &view, Stall stall, std::initializer_list<const char *> texts)
{
    const ErrorRecord record = stall_record(view);
    assert_int_equal(record.status, PTO_ERROR_TIMEOUT);
    assert_int_equal(static_cast<int>(record.stall), static_cast<int>(stall));
    for (const char *text : texts)
        if (std::strstr(record.message, text) == nullptr)
            fail_msg("\"%s\" is not in \"%s\"", text, record.message);
    return record;
}

void each_cause_comes_before_those_that_follow_from_it(void **)
{
    StallView view = everything();
    expect(view, Stall::kRunning, {});
    view.running = 0;
    expect(view, Stall::kReady, {});
    view.is_ready = false;
    expect(view, Stall::kCompletion, {});
    view.completions = 0;
    expect(view, Stall::kDependency, {});
    view.outstanding = 0;
    expect(view, Stall::kOrchestration, {});
    view.is_orchestrating = false;
    expect(view, Stall::kNone, {});
}

void a_kernel_that_runs_is_named_with_its_task_and_core(void **)
{
    StallView view = everything();
    view.is_ready = false;
    const ErrorRecord record = expect(
        view, Stall::kRunning, {"no progress for 1.500 s", "task 7", "kernel 3", "core 10", "2 kernels are running"});
    assert_int_equal(record.task, 7);
    assert_int_equal(record.func_id, 3);
    assert_int_equal(record.core, 10);
    assert_int_equal(static_cast<int>(record.resource), static_cast<int>(Resource::kNone));
    assert_null(std::strstr(record.message, "waits for a core"));
}

void a_task_that_waits_for_the_cores_of_running_kernels_is_named_beside_them(void **)
{
    const ErrorRecord record = expect(everything(), Stall::kRunning, {"task 7", "task 8 waits for a core"});
    assert_int_equal(record.task, 7);
    assert_int_equal(static_cast<int>(record.resource), static_cast<int>(Resource::kCores));
    assert_int_equal(record.needed, 3);
    assert_int_equal(record.available, 1);
    StallView view = everything();
    view.cores_idle = 3; // it waits for a thread, not for them
    assert_int_equal(static_cast<int>(stall_record(view).resource), static_cast<int>(Resource::kNone));
}

void a_ready_task_is_named_with_the_cores_that_it_lacks(void **)
{
    StallView view = everything();
    view.running = 0;
    const ErrorRecord record = expect(view, Stall::kReady, {"task 8", "kernel 4", "needs 3 cores", "1 are idle"});
    assert_int_equal(record.task, 8);
    assert_int_equal(record.func_id, 4);
    assert_int_equal(record.core, -1);
    assert_int_equal(static_cast<int>(record.resource), static_cast<int>(Resource::kCores));
    assert_int_equal(record.needed, 3);
    assert_int_equal(record.available, 1);
}

void a_deferred_completion_names_its_task(void **)
{
    StallView view = everything();
    view.running = 0;
    view.is_ready = false;
    const ErrorRecord record = expect(view, Stall::kCompletion, {"task 6", "5 counters"});
    assert_int_equal(record.task, 6);
    assert_int_equal(record.func_id, -1);
}

void tasks_that_nothing_will_start_wait_for_each_other(void **)
{
    StallView view;
    view.outstanding = 4;
    const ErrorRecord record = expect(view, Stall::kDependency, {"4 tasks wait for each other"});
    assert_true(record.task == PTO_NO_TASK);
    assert_int_equal(static_cast<int>(record.resource), static_cast<int>(Resource::kNone));
}

void an_orchestration_that_does_not_return_is_the_last_cause(void **)
{
    const ErrorRecord record = expect(StallView{}, Stall::kOrchestration, {"the orchestration did not return"});
    assert_true(record.task == PTO_NO_TASK);
    assert_int_equal(record.func_id, -1);
    assert_int_equal(record.core, -1);
    assert_int_equal(record.holder, -1);
}

void tasks_that_wait_prove_nothing_while_others_get_ahead(void **)
{
    StallView view;
    view.is_stalled = false;
    view.is_quiet = false;
    view.elapsed_ns = 250'000'000;
    view.outstanding = 4;
    expect(view, Stall::kOrchestration, {"the run has taken 0.250 s", "4 tasks are not complete"});
    view.is_orchestrating = false;
    expect(view, Stall::kNone, {"the run has taken 0.250 s", "still completing; 4 are left"});
}

void the_longest_message_keeps_what_matters(void **)
{
    StallView view = everything();
    view.elapsed_ns = UINT64_MAX;
    view.task = UINT64_MAX - 1;
    view.ready_task = UINT64_MAX - 2;
    view.func_id = INT32_MAX;
    view.core = INT32_MAX;
    view.running = UINT32_MAX;
    expect(view, Stall::kRunning,
           {"18446744073.7", "18446744073709551614", "2147483647", "4294967295 kernels", "18446744073709551613"});
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_cause_comes_before_those_that_follow_from_it),
        cmocka_unit_test(a_kernel_that_runs_is_named_with_its_task_and_core),
        cmocka_unit_test(a_task_that_waits_for_the_cores_of_running_kernels_is_named_beside_them),
        cmocka_unit_test(a_ready_task_is_named_with_the_cores_that_it_lacks),
        cmocka_unit_test(a_deferred_completion_names_its_task),
        cmocka_unit_test(tasks_that_nothing_will_start_wait_for_each_other),
        cmocka_unit_test(an_orchestration_that_does_not_return_is_the_last_cause),
        cmocka_unit_test(tasks_that_wait_prove_nothing_while_others_get_ahead),
        cmocka_unit_test(the_longest_message_keeps_what_matters),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
