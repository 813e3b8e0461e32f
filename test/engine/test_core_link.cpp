// SPDX-License-Identifier: Apache-2.0
// Kernels to cores and back, with cores that a test plays.
#include "core_fixture.hpp"

namespace {

using namespace pto::test;
using namespace pto::aicpu;
using pto::wire::ErrorRecord;

void steps(LinkedCores &cores, uint32_t count = 20)
{
    while (count-- > 0)
        cores.scheduler.step(0);
}

/// One task on core 0, sent.
void send_one(LinkedCores &cores)
{
    cores.connect();
    cores.submit_aic();
    steps(cores);
    assert_true(cores.is_busy(0));
}

void expect_loss(const LinkedCores &cores, const char *text)
{
    assert_int_equal(cores.losses.size(), 1);
    const ErrorRecord &loss = cores.losses[0];
    assert_int_equal(loss.status, PTO_ERROR_CORE);
    if (std::strstr(loss.message, text) == nullptr)
        fail_msg("\"%s\" is not in \"%s\"", text, loss.message);
    assert_int_equal(loss.core, 0);
    assert_int_equal(loss.task, 0);
    assert_int_equal(loss.func_id, kAicFunc);
}

void a_kernel_goes_to_a_core_and_its_task_is_complete_when_it_has_finished(void **)
{
    LinkedCores cores;
    send_one(cores);
    assert_int_equal(cores.core(0).command, 1);
    cores.acknowledge(0);
    steps(cores);
    assert_int_equal(cores.graph.engine.outstanding(), 1);
    cores.finish(0);
    steps(cores);
    assert_int_equal(cores.graph.engine.outstanding(), 0);
    cores.graph.finish();
    assert_true(cores.losses.empty());
}

void a_payload_holds_what_the_abi_says(void **)
{
    LinkedCores cores;
    cores.connect();
    const pto_tensor &tensor = cores.graph.args.tensors[0];
    pto_task task = PTO_TASK_INIT;
    const pto_arg list[] = {inout(tensor), pto_arg_of_scalar(77)};
    task.aic = kAicFunc;
    task.aiv1 = kAivFunc;
    task.block_num = 2;
    task.args = list;
    task.arg_count = 2;
    if (pto_submit_task(cores.graph.orch, &task) == PTO_NO_TASK)
        fail_msg("%s", cores.graph.error().message);
    steps(cores);
    uint32_t blocks = 0;
    for (const uint32_t cluster : {0u, 1u}) {
        for (const uint32_t lane : {0u, 2u}) {
            const uint32_t core = cluster * 3 + lane;
            assert_true(cores.is_busy(core));
            const CorePayload &payload = cores.payload_of(core);
            assert_int_equal(payload.entry, lane == 0 ? 0x100 : 0x101);
            assert_int_equal(payload.tensor_count, 1);
            const auto *given = reinterpret_cast<const pto_tensor *>(payload.args[0]);
            assert_int_equal(given->addr, tensor.addr);
            assert_int_equal(payload.args[1], 77);
            assert_ptr_equal(payload.args[PTO_KERNEL_LOCAL_CONTEXT], &payload.local);
            assert_ptr_equal(payload.args[PTO_KERNEL_GLOBAL_CONTEXT], &payload.global);
            assert_int_equal(payload.local.block_num, 2);
            assert_int_equal(payload.global.sub_block_id, lane == 2 ? 1 : 0);
            assert_ptr_equal(payload.local.async.entries, payload.completions.entries);
            blocks |= 1u << payload.local.block_idx;
            // Both are where the core sees them, before the core is told.
            assert_true(LinkedCores::covers(cores.cleaned, &payload, CorePayload::kControlBytes));
            assert_true(LinkedCores::covers(cores.cleaned, given, sizeof *given));
        }
    }
    assert_int_equal(blocks, 3);
    for (uint32_t core = 0; core < kLinkedCores; core++)
        if (cores.is_busy(core))
            cores.finish(core);
    cores.graph.finish();
}

void tokens_go_up_by_one_and_payloads_take_turns(void **)
{
    LinkedCores cores;
    cores.connect();
    const CorePayload *before = nullptr;
    for (uint32_t token = 1; token <= 5; token++) {
        cores.submit_aic();
        steps(cores);
        assert_int_equal(cores.core(0).command, token);
        assert_ptr_not_equal(&cores.payload_of(0), before);
        before = &cores.payload_of(0);
        cores.finish(0);
        steps(cores);
    }
    cores.graph.finish();
}

void tokens_begin_again_after_the_last_one_with_the_other_payload(void **)
{
    assert_int_equal(next_token(0), 1);
    assert_int_equal(next_token(kLastToken - 1), kLastToken);
    assert_int_equal(next_token(kLastToken), 2);
    assert_int_not_equal(next_token(kLastToken) & 1, kLastToken & 1);
}

void a_core_that_still_says_what_it_said_before_is_waited_for(void **)
{
    LinkedCores cores;
    send_one(cores);
    steps(cores, 2000);
    assert_true(cores.losses.empty());
    cores.finish(0);
    steps(cores);
    cores.submit_aic();
    steps(cores, 2000); // it still says that the first one has finished
    assert_true(cores.losses.empty());
    assert_int_equal(cores.graph.engine.outstanding(), 1);
    cores.finish(0);
    cores.graph.finish();
}

void a_core_that_never_acknowledges_is_lost_after_its_time(void **)
{
    LinkedCores cores;
    send_one(cores);
    cores.read_ns = 1000;
    const uint64_t begin_ns = cores.time_ns;
    steps(cores, 100'000);
    expect_loss(cores, "core 0 (physical 9) does not acknowledge token 0x1 of task 0");
    const uint64_t waited_ns = cores.time_ns - begin_ns;
    assert_in_range(waited_ns, kAnswerNs, 2 * kAnswerNs);
}

void a_core_that_runs_a_kernel_for_long_is_not_lost(void **)
{
    LinkedCores cores;
    send_one(cores);
    cores.acknowledge(0);
    cores.read_ns = 1'000'000;
    steps(cores, 20'000);
    assert_true(cores.losses.empty());
    cores.finish(0);
    cores.graph.finish();
}

void a_stale_token_is_an_error_at_once(void **)
{
    for (const uint32_t answer : {0u, 2u, 7u, 2u | kFinished, 9u | kFinished, kCoreExited, kControlIdle, kExit}) {
        LinkedCores cores;
        send_one(cores);
        cores.core(0).condition = answer;
        steps(cores, 1);
        expect_loss(cores, "was given token 0x1 of task 0 and answers 0x");
        assert_int_equal(cores.losses[0].detail, answer);
        const uint32_t reads = cores.reads;
        steps(cores); // it is not asked again
        assert_int_equal(cores.reads, reads);
    }
}

void a_core_that_goes_back_behind_its_acknowledgement_is_lost(void **)
{
    LinkedCores cores;
    send_one(cores);
    cores.acknowledge(0);
    steps(cores);
    cores.core(0).condition = kCoreIdle;
    steps(cores, 1);
    expect_loss(cores, "answers 0x7fffffff");
}

void the_answer_to_the_task_before_the_last_is_stale(void **)
{
    LinkedCores cores;
    cores.connect();
    for (uint32_t i = 0; i < 2; i++) {
        cores.submit_aic();
        steps(cores);
        cores.finish(0);
        steps(cores);
    }
    cores.submit_aic();
    steps(cores);
    cores.core(0).condition = 1 | kFinished;
    steps(cores, 1);
    assert_int_equal(cores.losses.size(), 1);
    assert_int_equal(cores.losses[0].task, 2);
}

void a_slow_core_does_not_hold_up_the_others(void **)
{
    LinkedCores cores;
    cores.connect();
    for (uint32_t i = 0; i < 2; i++)
        cores.submit_aic();
    steps(cores);
    cores.acknowledge(0);
    for (uint32_t i = 0; i < 30; i++) {
        cores.finish(3);
        steps(cores);
        cores.submit_aic();
        steps(cores);
        assert_int_equal(cores.core(3).command, i + 2);
    }
    assert_int_equal(cores.core(0).command, 1);
    cores.finish(0);
    cores.finish(3);
    cores.graph.finish();
}

/// Six kernels on six cores, none of which has finished.
void send_six(LinkedCores &cores)
{
    cores.connect();
    for (uint32_t i = 0; i < 6; i++)
        i < 2 ? cores.submit_aic() : cores.submit(PTO_NO_KERNEL, kAivFunc);
    while (cores.link.sent() < 6)
        cores.scheduler.step(0);
    for (uint32_t core = 0; core < kLinkedCores; core++)
        cores.acknowledge(core);
    cores.reads = 0;
}

void a_worker_that_sends_looks_at_a_few_cores_and_else_at_all(void **)
{
    LinkedCores cores;
    send_six(cores);
    assert_false(cores.scheduler.step(0)); // the last one was sent since it last looked
    assert_in_range(cores.reads, 1, 5);
    cores.reads = 0;
    assert_false(cores.scheduler.step(0));
    assert_int_equal(cores.reads, 6);
    for (uint32_t core = 0; core < kLinkedCores; core++)
        cores.finish(core);
    cores.graph.finish();
}

void whichever_core_has_finished_is_found_although_tasks_wait_for_cores(void **)
{
    for (uint32_t finished = 0; finished < kLinkedCores; finished++) {
        LinkedCores cores;
        send_six(cores);
        const bool is_aic = finished % 3 == 0;
        is_aic ? cores.submit_aic() : cores.submit(PTO_NO_KERNEL, kAivFunc);
        assert_false(cores.scheduler.step(0));
        cores.finish(finished);
        assert_true(cores.scheduler.step(0));
        assert_true(cores.scheduler.step(0));
        assert_int_equal(cores.link.sent(), 7);
        assert_true(cores.is_busy(finished));
        for (uint32_t core = 0; core < kLinkedCores; core++)
            cores.finish(core);
        cores.graph.finish();
    }
}

void a_core_belongs_to_the_worker_that_sent_the_kernel(void **)
{
    LinkedCores cores;
    cores.connect();
    cores.submit_aic();
    cores.scheduler.step(1);
    cores.finish(0);
    cores.finish(3);
    assert_false(cores.link.poll(0));
    assert_false(cores.link.poll(2));
    assert_true(cores.link.poll(1));
    cores.graph.finish();
}

void a_deferred_completion_is_read_from_the_payload_that_was_run(void **)
{
    LinkedCores cores;
    send_one(cores);
    const uint64_t counter = cores.graph.outside();
    CompletionSlab &slab = cores.payload_of(0).completions;
    slab.entries[0] = {counter, 0, 3, 0, PTO_COMPLETION_COUNTER, 0};
    slab.count = 1;
    cores.finish(0);
    steps(cores);
    assert_true(LinkedCores::covers(cores.invalidated, &slab, sizeof slab));
    assert_int_equal(cores.graph.engine.outstanding(), 1);
    assert_int_equal(cores.graph.engine.deferred.count(), 1);
    *reinterpret_cast<uint32_t *>(counter) = 3;
    steps(cores);
    assert_int_equal(cores.graph.engine.outstanding(), 0);
    cores.graph.finish();
}

void kernels_on_cores_can_be_looked_at(void **)
{
    LinkedCores cores;
    cores.connect();
    cores.submit_aic();
    cores.submit(PTO_NO_KERNEL, kAivFunc);
    steps(cores);
    StallView view;
    cores.link.look_at_kernels(&view);
    assert_int_equal(view.running, 2);
    assert_int_equal(view.task, 0);
    assert_int_equal(view.func_id, kAicFunc);
    assert_int_equal(cores.link.sent(), 2);
    cores.finish(0);
    steps(cores);
    StallView later;
    cores.link.look_at_kernels(&later);
    assert_int_equal(later.running, 1);
    assert_int_equal(later.task, 1);
    cores.finish(1);
    cores.graph.finish();
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_kernel_goes_to_a_core_and_its_task_is_complete_when_it_has_finished),
        cmocka_unit_test(a_payload_holds_what_the_abi_says),
        cmocka_unit_test(tokens_go_up_by_one_and_payloads_take_turns),
        cmocka_unit_test(tokens_begin_again_after_the_last_one_with_the_other_payload),
        cmocka_unit_test(a_core_that_still_says_what_it_said_before_is_waited_for),
        cmocka_unit_test(a_core_that_never_acknowledges_is_lost_after_its_time),
        cmocka_unit_test(a_core_that_runs_a_kernel_for_long_is_not_lost),
        cmocka_unit_test(a_stale_token_is_an_error_at_once),
        cmocka_unit_test(a_core_that_goes_back_behind_its_acknowledgement_is_lost),
        cmocka_unit_test(the_answer_to_the_task_before_the_last_is_stale),
        cmocka_unit_test(a_slow_core_does_not_hold_up_the_others),
        cmocka_unit_test(a_worker_that_sends_looks_at_a_few_cores_and_else_at_all),
        cmocka_unit_test(whichever_core_has_finished_is_found_although_tasks_wait_for_cores),
        cmocka_unit_test(a_core_belongs_to_the_worker_that_sent_the_kernel),
        cmocka_unit_test(a_deferred_completion_is_read_from_the_payload_that_was_run),
        cmocka_unit_test(kernels_on_cores_can_be_looked_at),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
