// SPDX-License-Identifier: Apache-2.0
// The handles of submitted runs: polling, waiting, cancelling, failures, and what pto_close makes of them.
#include "host_test.hpp"

#include <chrono>
#include <cstring>
#include <set>

using namespace pto::test;

namespace {

constexpr int32_t kGate = 0;
constexpr int32_t kAdd = 1;
constexpr int32_t kFatal = 2;

/// A chip on which a run is held at a gate.
class HeldChip : public TestChip {
public:
    explicit HeldChip(const pto_open_options &options = default_options()) : TestChip(options)
    {
        auto waits = gate_callable();
        auto adds = combine_callable();
        auto fatal = CallableBuilder("host_orch", "give_up").scalar("code");
        prepare(kGate, waits);
        prepare(kAdd, adds);
        prepare(kFatal, fatal);
        held = submit(*this, kGate, {floats(held_out)}, gate.scalars());
        gate.wait_until_started();
    }

    pto_run_handle *add() { return submit(*this, kAdd, {floats(a), floats(b), floats(sum)}); }

    Gate gate;
    pto_run_handle *held = nullptr;
    std::vector<float> held_out = {0};
    std::vector<float> a = {1};
    std::vector<float> b = {2};
    std::vector<float> sum = {0};
};

void expect_ended(pto_run_handle *run)
{
    EXPECT_STATUS(PTO_ERROR_INVALID_HANDLE, pto_poll(run));
    EXPECT_MESSAGE("the run");
    EXPECT_STATUS(PTO_ERROR_INVALID_HANDLE, pto_cancel(run));
    pto_run_result result = PTO_RUN_RESULT_INIT;
    for (const int64_t timeout : {int64_t{0}, int64_t{1}, int64_t{-1}, INT64_MAX})
        EXPECT_STATUS(PTO_ERROR_INVALID_HANDLE, pto_wait(run, timeout, &result));
    assert_int_equal(result.status, PTO_ERROR_INVALID_HANDLE);
    assert_int_equal(pto_last_error()->status, PTO_ERROR_INVALID_HANDLE);
}

// ---- poll and wait

void a_handle_ends_with_its_wait(void **)
{
    HeldChip chip;
    pto_run_handle *run = chip.add();
    assert_ptr_not_equal(run, chip.held);
    assert_int_equal(pto_poll(chip.held), PTO_PENDING);
    assert_int_equal(pto_poll(run), PTO_PENDING);
    chip.gate.open = 1;
    EXPECT_STATUS(PTO_OK, pto_wait(run, -1, nullptr));
    expect_ended(run);
    EXPECT_STATUS(PTO_OK, pto_poll(chip.held));
    EXPECT_STATUS(PTO_OK, pto_poll(chip.held));
    EXPECT_STATUS(PTO_OK, pto_wait(chip.held, 0, nullptr));
    expect_ended(chip.held);
    assert_true(chip.sum[0] == 3 && chip.held_out[0] == 42);
}

void waiting_with_a_timeout_returns_pending(void **)
{
    HeldChip chip;
    pto_run_result result = PTO_RUN_RESULT_INIT;
    const auto begin = std::chrono::steady_clock::now();
    for (const int64_t timeout_ns : {0, 1, 30'000'000})
        assert_int_equal(pto_wait(chip.held, timeout_ns, &result), PTO_PENDING);
    assert_true(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds(30));
    assert_int_equal(result.status, PTO_PENDING);
    chip.gate.open = 1;
    EXPECT_STATUS(PTO_OK, pto_wait(chip.held, INT64_MAX, &result));
    assert_int_equal(result.status, PTO_OK);
}

void a_result_of_another_size_does_not_end_a_handle(void **)
{
    HeldChip chip;
    chip.gate.open = 1;
    pto_run_result result = PTO_RUN_RESULT_INIT;
    result.struct_size++;
    EXPECT_STATUS(PTO_ERROR_INVALID_ARGUMENT, pto_wait(chip.held, -1, &result));
    EXPECT_MESSAGE("pto_run_result.struct_size");
    EXPECT_END(PTO_OK, chip.held);
}

void one_of_many_waiters_gets_the_status(void **)
{
    HeldChip chip;
    std::atomic<int> good{0};
    std::atomic<int> refused{0};
    Threads threads;
    for (int i = 0; i < 4; i++)
        threads.start([&] {
            const pto_status status = pto_wait(chip.held, -1, nullptr);
            good += status == PTO_OK ? 1 : 0;
            refused += status == PTO_ERROR_INVALID_HANDLE ? 1 : 0;
        });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    chip.gate.open = 1;
    threads.join();
    assert_int_equal(good.load(), 1);
    assert_int_equal(refused.load(), 3);
}

void foreign_handles_are_refused_by_every_function(void **)
{
    HeldChip chip;
    expect_ended(nullptr);
    expect_ended(reinterpret_cast<pto_run_handle *>(chip.get()));
    const auto bits = reinterpret_cast<uintptr_t>(chip.held);
    assert_true((bits & 1) == 1);
    for (uint32_t bit = 0; bit < 64; bit++)
        expect_ended(reinterpret_cast<pto_run_handle *>(bits ^ uintptr_t{1} << bit));
    for (pto_context *handle : wrong_handles(chip.get()))
        expect_ended(reinterpret_cast<pto_run_handle *>(handle));
    EXPECT_STATUS(PTO_ERROR_INVALID_HANDLE, pto_health(reinterpret_cast<pto_context *>(chip.held)));
    pto_close(reinterpret_cast<pto_context *>(chip.held));
    assert_int_equal(pto_poll(chip.held), PTO_PENDING);
    chip.gate.open = 1;
    EXPECT_END(PTO_OK, chip.held);
}

void handles_do_not_come_back(void **)
{
    HeldChip chip;
    chip.gate.open = 1;
    std::set<pto_run_handle *> handles = {chip.held};
    for (int i = 0; i < 1000; i++) {
        pto_run_handle *run = chip.add();
        assert_true(handles.insert(run).second);
        EXPECT_END(PTO_OK, run);
    }
    handles.erase(chip.held);
    for (pto_run_handle *run : handles)
        EXPECT_STATUS(PTO_ERROR_INVALID_HANDLE, pto_poll(run));
}

// ---- cancel

void a_run_that_has_not_started_can_be_cancelled(void **)
{
    HeldChip chip;
    pto_run_handle *cancelled = chip.add();
    std::vector<float> other = {0};
    pto_run_handle *next = submit(chip, kAdd, {floats(chip.a), floats(chip.a), floats(other)});
    EXPECT_STATUS(PTO_OK, pto_cancel(cancelled));
    assert_int_equal(pto_poll(cancelled), PTO_ERROR_CANCELLED);
    EXPECT_STATUS(PTO_ERROR_BUSY, pto_cancel(cancelled));
    EXPECT_MESSAGE("over");
    assert_int_equal(stats_of(chip.get()).runs_under_way, 2);
    pto_run_result result = PTO_RUN_RESULT_INIT;
    assert_int_equal(pto_wait(cancelled, 0, &result), PTO_ERROR_CANCELLED);
    assert_int_equal(result.status, PTO_ERROR_CANCELLED);
    assert_int_equal(pto_last_error()->status, PTO_ERROR_CANCELLED);
    assert_int_equal(pto_last_error()->callable_id, kAdd);
    EXPECT_MESSAGE("cancelled");
    expect_ended(cancelled);
    chip.gate.open = 1;
    EXPECT_END(PTO_OK, next);
    assert_true(other[0] == 2);
}

void a_cancelled_run_has_no_effect(void **)
{
    HeldChip chip;
    // The second is not staged: it reads what the first writes.
    pto_run_handle *staged = chip.add();
    pto_run_handle *waiting = submit(chip, kAdd, {floats(chip.sum), floats(chip.a), floats(chip.b)});
    EXPECT_STATUS(PTO_OK, pto_cancel(waiting));
    EXPECT_STATUS(PTO_OK, pto_cancel(staged));
    EXPECT_STATUS(PTO_ERROR_BUSY, pto_release(chip.get(), kGate));
    EXPECT_STATUS(PTO_OK, pto_release(chip.get(), kAdd));
    chip.gate.open = 1;
    EXPECT_END(PTO_OK, chip.held);
    assert_int_equal(pto_wait(staged, -1, nullptr), PTO_ERROR_CANCELLED);
    assert_int_equal(pto_wait(waiting, -1, nullptr), PTO_ERROR_CANCELLED);
    assert_true(chip.sum[0] == 0 && chip.b[0] == 2);
    assert_int_equal(stats_of(chip.get()).runs, 1);
    assert_int_equal(stats_of(chip.get()).failed_runs, 0);
}

void a_run_that_has_started_cannot_be_cancelled(void **)
{
    HeldChip chip;
    EXPECT_STATUS(PTO_ERROR_BUSY, pto_cancel(chip.held));
    EXPECT_MESSAGE("started");
    assert_int_equal(pto_poll(chip.held), PTO_PENDING);
    chip.gate.open = 1;
    EXPECT_END(PTO_OK, chip.held);
    assert_true(chip.held_out[0] == 42);
}

/// Each run is either cancelled, and its output untouched, or it is not and has written it.
void a_cancel_meets_a_run_before_or_after_its_start(void **)
{
    HeldChip chip;
    chip.gate.open = 1;
    std::vector<float> input(20'000, 1);
    for (int i = 0; i < (kSanitized ? 100 : 1000); i++) {
        std::vector<float> first(20'000, 0);
        std::vector<float> second(20'000, 0);
        pto_run_handle *one = submit(chip, kAdd, {floats(input), floats(input), floats(first)});
        pto_run_handle *other = submit(chip, kAdd, {floats(first), floats(input), floats(second)});
        const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(i % 200);
        while (std::chrono::steady_clock::now() < until) {}
        const pto_status cancelled = pto_cancel(other);
        if (cancelled != PTO_OK)
            EXPECT_STATUS(PTO_ERROR_BUSY, cancelled);
        // It may be read and written again as soon as the cancel has returned.
        if (cancelled == PTO_OK)
            second.assign(second.size(), 7);
        EXPECT_END(cancelled == PTO_OK ? PTO_ERROR_CANCELLED : PTO_OK, other);
        EXPECT_END(PTO_OK, one);
        assert_true(second.front() == (cancelled == PTO_OK ? 7 : 3));
        assert_true(second.back() == second.front());
    }
}

/// A run that reads what an earlier one writes is staged in its turn; with much to copy most cancels come meanwhile.
void a_run_that_is_being_staged_can_be_cancelled(void **)
{
    constexpr std::size_t kCount = 4'000'000;
    int cancelled = 0;
    for (int round = 0; round < 5; round++) {
        HeldChip chip;
        std::vector<float> input(kCount, 1);
        std::vector<float> sum(kCount, 0);
        Gate gate;
        const uint32_t one = 1;
        const pto_tensor first = pto_host_tensor(&input[0], PTO_FLOAT32, 1, &one);
        pto_run_handle *writer = submit(chip, kGate, {first}, gate.scalars());
        gate.open = 1;
        pto_run_handle *reader = submit(chip, kAdd, {floats(input), floats(input), floats(sum)});
        chip.gate.open = 1;
        EXPECT_END(PTO_OK, writer);
        const pto_status status = pto_cancel(reader);
        cancelled += status == PTO_OK ? 1 : 0;
        if (status == PTO_OK)
            std::vector<float>().swap(input); // nobody reads it any more
        EXPECT_END(status == PTO_OK ? PTO_ERROR_CANCELLED : PTO_OK, reader);
        assert_true(sum[0] == (status == PTO_OK ? 0 : 84));
        EXPECT_END(PTO_OK, chip.held);
    }
    assert_true(cancelled > 0);
}

// ---- failures

void a_failed_run_explains_itself_to_the_waiter(void **)
{
    HeldChip chip;
    pto_run_handle *run = submit(chip, kFatal, {}, {static_cast<uint64_t>(-17)});
    pto_run_handle *next = chip.add();
    EXPECT_STATUS(PTO_ERROR_NOT_PREPARED, pto_release(chip.get(), 63));
    chip.gate.open = 1;
    EXPECT_END(PTO_OK, next);
    pto_error told;
    pto_status polled = PTO_OK;
    pto_run_result result = PTO_RUN_RESULT_INIT;
    Threads threads;
    threads.start([&] {
        polled = pto_poll(run);
        pto_health(nullptr);
        pto_wait(run, -1, &result);
        told = *pto_last_error();
    });
    threads.join();
    assert_int_equal(polled, PTO_ERROR_ORCHESTRATION_FATAL);
    assert_int_equal(result.status, PTO_ERROR_ORCHESTRATION_FATAL);
    assert_int_equal(told.status, PTO_ERROR_ORCHESTRATION_FATAL);
    assert_int_equal(told.callable_id, kFatal);
    assert_true(told.detail == -17);
    assert_non_null(std::strstr(told.message, "this is not my day"));
    // This thread has collected nothing.
    assert_int_equal(pto_last_error()->status, PTO_ERROR_NOT_PREPARED);
    assert_int_equal(stats_of(chip.get()).runs, 3);
    assert_int_equal(stats_of(chip.get()).failed_runs, 1);
    assert_true(chip.sum[0] == 3);
}

void what_is_wrong_with_a_call_is_reported_at_once(void **)
{
    HeldChip chip;
    pto_run_handle *run = nullptr;
    const auto attempt = [&](int32_t id, const pto_args *args) {
        run = chip.held;
        const pto_status status = pto_submit(chip.get(), id, args, nullptr, &run);
        assert_null(run);
        return status;
    };
    pto_args args = PTO_ARGS_INIT;
    EXPECT_REFUSED(chip.get(), PTO_ERROR_INVALID_CALLABLE_ID, "64", attempt(64, &args));
    EXPECT_REFUSED(chip.get(), PTO_ERROR_NOT_PREPARED, "callable id 9", attempt(9, &args));
    EXPECT_REFUSED(chip.get(), PTO_ERROR_SIGNATURE_MISMATCH, "0 tensors", attempt(kAdd, nullptr));
    pto_tensor tensors[] = {floats(chip.a), floats(chip.b), floats(chip.a)};
    args.tensors = tensors;
    args.tensor_count = 3;
    EXPECT_REFUSED(chip.get(), PTO_ERROR_INVALID_ARGUMENT, "shares host memory", attempt(kAdd, &args));
    args.struct_size--;
    EXPECT_REFUSED(chip.get(), PTO_ERROR_INVALID_ARGUMENT, "pto_args.struct_size", attempt(kAdd, &args));
    EXPECT_REFUSED(chip.get(), PTO_ERROR_INVALID_ARGUMENT, "out_run",
                   pto_submit(chip.get(), kAdd, nullptr, nullptr, nullptr));
    run = chip.held;
    EXPECT_STATUS(PTO_ERROR_INVALID_HANDLE, pto_submit(nullptr, kAdd, nullptr, nullptr, &run));
    assert_null(run);
    chip.gate.open = 1;
    EXPECT_END(PTO_OK, chip.held);
}

void more_runs_than_the_limit_are_refused(void **)
{
    HeldChip chip;
    std::vector<pto_run_handle *> runs = {chip.held};
    while (runs.size() < PTO_MAX_RUNS)
        runs.push_back(chip.add());
    pto_args args = PTO_ARGS_INIT;
    const pto_tensor tensors[] = {floats(chip.a), floats(chip.b), floats(chip.sum)};
    args.tensors = tensors;
    args.tensor_count = 3;
    pto_run_handle *run = chip.held;
    EXPECT_REFUSED(chip.get(), PTO_ERROR_BUSY, "PTO_MAX_RUNS", pto_submit(chip.get(), kAdd, &args, nullptr, &run));
    assert_null(run);
    assert_int_equal(stats_of(chip.get()).runs_under_way, PTO_MAX_RUNS);
    chip.gate.open = 1;
    for (pto_run_handle *&waited : runs)
        EXPECT_END(PTO_OK, waited);
    EXPECT_END(PTO_OK, chip.add());
}

#ifndef PTO_TEST_THREAD_SANITIZER // it interrupts threads only where they call the system
void runs_that_wait_end_when_the_device_faults(void **)
{
    pto_open_options options = TestChip::default_options();
    options.stall_timeout_ns = 300'000'000;
    HeldChip chip(options);
    auto hang = CallableBuilder("host_orch", "hang");
    chip.prepare(3, hang);
    pto_run_handle *hanging = submit(chip, 3, {});
    pto_run_handle *staged = chip.add();
    pto_run_handle *waiting = submit(chip, kAdd, {floats(chip.sum), floats(chip.a), floats(chip.b)});
    chip.gate.open = 1;
    EXPECT_END(PTO_OK, chip.held);
    assert_int_equal(pto_wait(hanging, -1, nullptr), PTO_ERROR_TIMEOUT);
    for (pto_run_handle *run : {staged, waiting}) {
        assert_int_equal(pto_wait(run, -1, nullptr), PTO_ERROR_DEVICE_FAULTED);
        EXPECT_MESSAGE("faulted");
        assert_int_equal(pto_last_error()->callable_id, kAdd);
    }
    assert_true(chip.sum[0] == 0 && chip.b[0] == 2);
    pto_run_handle *run = nullptr;
    EXPECT_REFUSED(chip.get(), PTO_ERROR_DEVICE_FAULTED, "faulted",
                   pto_submit(chip.get(), kAdd, nullptr, nullptr, &run));
    assert_int_equal(stats_of(chip.get()).failed_runs, 3);
}
#endif

// ---- close

void close_waits_for_runs_under_way(void **)
{
    std::vector<std::vector<float>> out(10, std::vector<float>{0});
    std::vector<float> b = {2};
    std::vector<pto_run_handle *> runs;
    std::atomic<bool> has_closed{false};
    bool is_early = true;
    {
        HeldChip chip;
        runs.push_back(chip.held);
        for (std::vector<float> &sum : out)
            runs.push_back(submit(chip, kAdd, {floats(b), floats(b), floats(sum)}));
        Threads threads;
        threads.start([&] {
            pto_close(chip.get());
            has_closed = true;
        });
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        is_early = has_closed;
        chip.gate.open = 1;
        threads.join();
        assert_true(chip.held_out[0] == 42);
    }
    assert_false(is_early);
    for (const std::vector<float> &sum : out)
        assert_true(sum[0] == 4);
    for (pto_run_handle *run : runs)
        expect_ended(run);
}

void threads_that_wait_during_a_close_return(void **)
{
    for (int round = 0; round < 20; round++) {
        HeldChip chip;
        pto_run_handle *queued = chip.add();
        std::atomic<int> wrong{0};
        Threads threads;
        for (pto_run_handle *run : {chip.held, queued, chip.held, queued})
            threads.start([&, run] {
                const pto_status status = pto_wait(run, -1, nullptr);
                wrong += status == PTO_OK || status == PTO_ERROR_INVALID_HANDLE ? 0 : 1;
            });
        threads.start([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
            chip.gate.open = 1;
        });
        std::this_thread::sleep_for(std::chrono::milliseconds(round % 4));
        pto_close(chip.get());
        threads.join();
        assert_int_equal(wrong.load(), 0);
        assert_true(chip.sum[0] == 3);
    }
}

void handles_of_a_closed_context_do_not_reach_the_next(void **)
{
    pto_run_handle *old = nullptr;
    pto_run_handle *uncollected = nullptr;
    {
        HeldChip chip;
        old = chip.held;
        uncollected = chip.add();
        chip.gate.open = 1;
        pto_close(chip.get());
    }
    HeldChip next;
    expect_ended(old);
    expect_ended(uncollected);
    assert_ptr_not_equal(next.held, old);
    next.gate.open = 1;
    EXPECT_END(PTO_OK, next.held);
}

// ---- threads

void many_threads_submit_and_wait(void **)
{
    TestChip chip;
    auto add = combine_callable();
    auto subtract = combine_callable("host_kernel_subtract");
    chip.prepare(0, add);
    chip.prepare(1, subtract);
    std::atomic<int> wrong{0};
    Threads threads;
    constexpr int kRounds = kSanitized ? 50 : 300;
    for (int32_t t = 0; t < 4; t++)
        threads.start([&, t] {
            const int32_t id = t % 2;
            std::vector<float> a(64, static_cast<float>(t));
            std::vector<float> b(64, 10);
            std::vector<std::vector<float>> out(6, std::vector<float>(64, 0));
            for (int round = 0; round < kRounds; round++) {
                pto_run_handle *runs[6] = {};
                for (std::size_t i = 0; i < 6; i++) {
                    const pto_tensor tensors[] = {floats(i % 3 == 2 ? out[i - 1] : a), floats(b), floats(out[i])};
                    pto_args args = PTO_ARGS_INIT;
                    args.tensors = tensors;
                    args.tensor_count = 3;
                    wrong += pto_submit(chip.get(), id, &args, nullptr, &runs[i]) == PTO_OK ? 0 : 1;
                }
                wrong += round % 8 == 0 && !combines(chip.get(), id, id == 0 ? 1.0f : -1.0f) ? 1 : 0;
                const float sign = id == 0 ? 10.0f : -10.0f;
                for (std::size_t i = 6; i-- > 0;) {
                    wrong += pto_wait(runs[i], -1, nullptr) == PTO_OK ? 0 : 1;
                    wrong += out[i][63] == a[0] + (i % 3 == 2 ? 2 * sign : sign) ? 0 : 1;
                }
            }
        });
    threads.join();
    assert_int_equal(wrong.load(), 0);
    assert_int_equal(stats_of(chip.get()).runs, 4 * (6 * kRounds + (kRounds + 7) / 8));
    assert_int_equal(stats_of(chip.get()).runs_under_way, 0);
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_handle_ends_with_its_wait),
        cmocka_unit_test(waiting_with_a_timeout_returns_pending),
        cmocka_unit_test(a_result_of_another_size_does_not_end_a_handle),
        cmocka_unit_test(one_of_many_waiters_gets_the_status),
        cmocka_unit_test(foreign_handles_are_refused_by_every_function),
        cmocka_unit_test(handles_do_not_come_back),
        cmocka_unit_test(a_run_that_has_not_started_can_be_cancelled),
        cmocka_unit_test(a_cancelled_run_has_no_effect),
        cmocka_unit_test(a_run_that_has_started_cannot_be_cancelled),
        cmocka_unit_test(a_cancel_meets_a_run_before_or_after_its_start),
        cmocka_unit_test(a_run_that_is_being_staged_can_be_cancelled),
        cmocka_unit_test(a_failed_run_explains_itself_to_the_waiter),
        cmocka_unit_test(what_is_wrong_with_a_call_is_reported_at_once),
        cmocka_unit_test(more_runs_than_the_limit_are_refused),
#ifndef PTO_TEST_THREAD_SANITIZER
        cmocka_unit_test(runs_that_wait_end_when_the_device_faults),
#endif
        cmocka_unit_test(close_waits_for_runs_under_way),
        cmocka_unit_test(threads_that_wait_during_a_close_return),
        cmocka_unit_test(handles_of_a_closed_context_do_not_reach_the_next),
        cmocka_unit_test(many_threads_submit_and_wait),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
