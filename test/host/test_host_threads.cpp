// SPDX-License-Identifier: Apache-2.0
// Calls from several threads, calls that meet a close, errors per thread, and the log.
#include "host_test.hpp"

#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

using namespace pto::test;

namespace {

constexpr int kRunsPerThread = kSanitized ? 50 : 500;

void runs_of_one_callable_from_four_threads_are_right(void **)
{
    TestChip chip;
    auto callable = combine_callable();
    chip.prepare(0, callable);
    std::atomic<int> wrong{0};
    Threads threads;
    for (int i = 0; i < 4; i++)
        threads.start([&] {
            for (int run = 0; run < kRunsPerThread; run++)
                wrong += combines(chip.get(), 0) ? 0 : 1;
        });
    threads.join();
    assert_int_equal(wrong.load(), 0);
    assert_int_equal(stats_of(chip.get()).runs, 4 * kRunsPerThread);
    assert_int_equal(stats_of(chip.get()).orch_loads, 1);
}

void runs_of_different_callables_from_four_threads_are_right(void **)
{
    TestChip chip;
    auto add = combine_callable();
    auto subtract = combine_callable("host_kernel_subtract");
    std::atomic<int> wrong{0};
    Threads threads;
    for (int32_t i = 0; i < 4; i++) {
        chip.prepare(i, i % 2 == 0 ? add : subtract);
        threads.start([&, i] {
            for (int run = 0; run < kRunsPerThread; run++)
                wrong += combines(chip.get(), i, i % 2 == 0 ? 1.0f : -1.0f) ? 0 : 1;
        });
    }
    threads.join();
    assert_int_equal(wrong.load(), 0);
}

void prepares_runs_and_releases_mix_across_threads(void **)
{
    TestChip chip;
    std::atomic<int> wrong{0};
    Threads threads;
    for (int32_t i = 0; i < 4; i++)
        threads.start([&, i] {
            auto callable = combine_callable(i % 2 == 0 ? "host_kernel_add" : "host_kernel_subtract");
            for (int round = 0; round < kRunsPerThread / 10; round++) {
                const int32_t id = i * 16 + round % 16;
                uint64_t address = 0;
                const bool right = pto_malloc(chip.get(), 2048, &address) == PTO_OK &&
                                   pto_prepare(chip.get(), id, callable.get()) == PTO_OK &&
                                   combines(chip.get(), id, i % 2 == 0 ? 1.0f : -1.0f) &&
                                   pto_release(chip.get(), id) == PTO_OK && pto_free(chip.get(), address) == PTO_OK;
                wrong += right ? 0 : 1;
            }
        });
    threads.join();
    assert_int_equal(wrong.load(), 0);
    const pto_stats stats = stats_of(chip.get());
    assert_int_equal(stats.prepared_callables, 0);
    assert_int_equal(stats.resident_image_bytes, 0);
    assert_int_equal(stats.device_bytes, 0);
    assert_int_equal(stats.prepares, 4 * (kRunsPerThread / 10));
    assert_int_equal(stats.orch_loads, stats.prepares);
}

void contexts_run_at_the_same_time(void **)
{
    TestChip waiting;
    TestChip running;
    auto gate = gate_callable();
    auto add = combine_callable();
    waiting.prepare(0, gate);
    running.prepare(0, add);
    Gate flags;
    std::vector<float> out = {0};
    pto_status status = PTO_ERROR_INTERNAL;
    Threads threads;
    threads.start([&] { status = waiting.run(0, {floats(out)}, flags.scalars()); });
    flags.wait_until_started();
    const bool right = combines(running.get(), 0);
    flags.open = 1;
    threads.join();
    assert_true(right);
    EXPECT_STATUS(PTO_OK, status);
    assert_true(out[0] == 42);
}

// ---- close

void close_waits_for_a_run_that_is_under_way(void **)
{
    const pto_open_options options = TestChip::default_options();
    pto_context *context = nullptr;
    EXPECT_STATUS(PTO_OK, pto_open(&options, &context));
    auto gate = gate_callable();
    EXPECT_STATUS(PTO_OK, pto_prepare(context, 0, gate.get()));
    Gate flags;
    std::vector<float> out = {0};
    const pto_tensor tensor = floats(out);
    const std::vector<uint64_t> scalars = flags.scalars();
    pto_args args = PTO_ARGS_INIT;
    args.tensors = &tensor;
    args.tensor_count = 1;
    args.scalars = scalars.data();
    args.scalar_count = 2;
    pto_status status = PTO_ERROR_INTERNAL;
    std::atomic<bool> closed{false};
    Threads threads;
    threads.start([&] { status = pto_run(context, 0, &args, nullptr, nullptr); });
    flags.wait_until_started();
    threads.start([&] {
        pto_close(context);
        closed = true;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const bool closed_too_early = closed;
    flags.open = 1;
    threads.join();
    assert_false(closed_too_early);
    EXPECT_STATUS(PTO_OK, status);
    assert_true(out[0] == 42);
    EXPECT_STATUS(PTO_ERROR_INVALID_HANDLE, pto_health(context));
}

void runs_that_meet_a_close_end_well_or_are_refused(void **)
{
    const pto_open_options options = TestChip::default_options();
    for (int round = 0; round < (kSanitized ? 5 : 50); round++) {
        pto_context *context = nullptr;
        EXPECT_STATUS(PTO_OK, pto_open(&options, &context));
        EXPECT_STATUS(PTO_OK, pto_prepare(context, 0, combine_callable().get()));
        std::atomic<int> good{0};
        std::atomic<int> bad{0};
        Threads threads;
        for (int i = 0; i < 3; i++)
            threads.start([&] {
                while (combines(context, 0))
                    good++;
                bad += pto_last_error()->status == PTO_ERROR_INVALID_HANDLE ? 0 : 1;
            });
        while (good < 20 + round)
            std::this_thread::yield();
        pto_close(context);
        threads.join();
        assert_int_equal(bad.load(), 0);
    }
}

void closing_twice_at_the_same_time_is_closing_once(void **)
{
    const pto_open_options options = TestChip::default_options();
    for (int round = 0; round < 20; round++) {
        pto_context *context = nullptr;
        EXPECT_STATUS(PTO_OK, pto_open(&options, &context));
        Threads threads;
        for (int i = 0; i < 3; i++)
            threads.start([&] { pto_close(context); });
        threads.join();
        EXPECT_STATUS(PTO_ERROR_INVALID_HANDLE, pto_health(context));
    }
}

// ---- errors

void the_last_error_is_that_of_the_thread(void **)
{
    const TestChip chip;
    EXPECT_STATUS(PTO_ERROR_INVALID_CALLABLE_ID, pto_release(chip.get(), 64));
    pto_error fresh;
    pto_error own;
    Threads threads;
    threads.start([&] {
        fresh = *pto_last_error();
        pto_release(chip.get(), 7);
        own = *pto_last_error();
    });
    threads.join();
    assert_int_equal(fresh.status, PTO_OK);
    assert_int_equal(fresh.callable_id, -1);
    assert_int_equal(fresh.func_id, -1);
    assert_int_equal(fresh.core, -1);
    assert_true(fresh.task == PTO_NO_TASK);
    assert_string_equal(fresh.message, "");
    assert_int_equal(own.status, PTO_ERROR_NOT_PREPARED);
    assert_int_equal(own.callable_id, 7);
    assert_int_equal(pto_last_error()->status, PTO_ERROR_INVALID_CALLABLE_ID);
    assert_int_equal(pto_last_error()->callable_id, 64);
    EXPECT_MESSAGE("callable id 64");
}

void a_long_message_is_cut_and_terminated(void **)
{
    pto_open_options options = TestChip::default_options();
    const std::string name(5000, 'x');
    options.arch = name.c_str();
    pto_context *context = nullptr;
    EXPECT_STATUS(PTO_ERROR_UNSUPPORTED, pto_open(&options, &context));
    const pto_error *error = pto_last_error();
    assert_true(std::memchr(error->message, '\0', sizeof error->message) != nullptr);
    EXPECT_MESSAGE("arch 'xxx");
}

void a_fatal_orchestration_tells_its_code_and_the_next_run_works(void **)
{
    TestChip chip;
    auto fatal = CallableBuilder("host_orch", "give_up").scalar("code");
    auto add = combine_callable();
    chip.prepare(0, fatal);
    chip.prepare(1, add);
    for (const int32_t code : {1, -1, 0, INT32_MIN, INT32_MAX}) {
        pto_run_result result = PTO_RUN_RESULT_INIT;
        EXPECT_STATUS(PTO_ERROR_ORCHESTRATION_FATAL, chip.run(0, {}, {static_cast<uint64_t>(int64_t{code})}, &result));
        EXPECT_MESSAGE("this is not my day");
        assert_true(pto_last_error()->detail == code);
        assert_int_equal(pto_last_error()->callable_id, 0);
        assert_int_equal(result.status, PTO_ERROR_ORCHESTRATION_FATAL);
        assert_true(combines(chip.get(), 1));
    }
    assert_int_equal(stats_of(chip.get()).failed_runs, 5);
    EXPECT_STATUS(PTO_OK, pto_health(chip.get()));
}

#ifndef PTO_TEST_THREAD_SANITIZER // it interrupts threads only where they call the system
void a_faulted_device_is_refused_until_it_is_closed(void **)
{
    pto_open_options options = TestChip::default_options();
    options.stall_timeout_ns = 200'000'000;
    {
        TestChip chip(options);
        auto hang = CallableBuilder("host_orch", "hang");
        auto add = combine_callable();
        chip.prepare(0, hang);
        chip.prepare(1, add);
        uint64_t kept = 0;
        EXPECT_STATUS(PTO_OK, pto_malloc(chip.get(), 16, &kept));
        EXPECT_STATUS(PTO_ERROR_TIMEOUT, chip.run(0));
        EXPECT_MESSAGE("orchestration");
        EXPECT_REFUSED(chip.get(), PTO_ERROR_DEVICE_FAULTED, "faulted", pto_health(chip.get()));
        EXPECT_REFUSED(chip.get(), PTO_ERROR_DEVICE_FAULTED, "faulted", chip.run(1));
        EXPECT_REFUSED(chip.get(), PTO_ERROR_DEVICE_FAULTED, "faulted", pto_prepare(chip.get(), 2, add.get()));
        uint64_t address = 77;
        EXPECT_REFUSED(chip.get(), PTO_ERROR_DEVICE_FAULTED, "faulted", pto_malloc(chip.get(), 16, &address));
        assert_int_equal(address, 0);
        EXPECT_STATUS(PTO_OK, pto_free(chip.get(), kept));
        EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 1));
    }
    expect_usable(TestChip(options).get());
}
#endif

// ---- log

struct Line {
    int32_t level;
    std::string text;
    std::thread::id thread;
};

void keep_line(void *user, int32_t level, const char *message)
{
    static_cast<std::vector<Line> *>(user)->push_back({level, message, std::this_thread::get_id()});
}

std::vector<Line> lines_of_a_talk(int32_t level)
{
    std::vector<Line> lines;
    pto_open_options options = TestChip::default_options();
    options.log = keep_line;
    options.log_user = &lines;
    options.log_level = level;
    TestChip chip(options);
    auto talk = CallableBuilder("host_orch", "talk").scalar("number");
    chip.prepare(0, talk);
    EXPECT_STATUS(PTO_OK, chip.run(0, {}, {17}));
    return lines;
}

void log_lines_arrive_with_their_levels_on_the_calling_thread(void **)
{
    const std::vector<Line> lines = lines_of_a_talk(PTO_LOG_DEBUG);
    static const char *const kTexts[] = {"an error, number 17", "a warning, number 17", "an information, number 17",
                                         "a detail of 'talk', number 17"};
    assert_int_equal(lines.size(), 4);
    for (int32_t level = PTO_LOG_ERROR; level <= PTO_LOG_DEBUG; level++) {
        const Line &line = lines[static_cast<std::size_t>(level)];
        assert_int_equal(line.level, level);
        assert_string_equal(line.text.c_str(), kTexts[level]);
        assert_true(line.thread == std::this_thread::get_id());
    }
}

void log_lines_above_the_level_are_not_delivered(void **)
{
    assert_int_equal(lines_of_a_talk(PTO_LOG_INFO).size(), 3);
    assert_int_equal(lines_of_a_talk(PTO_LOG_WARN).size(), 2);
    assert_int_equal(lines_of_a_talk(PTO_LOG_ERROR).size(), 1);
    assert_int_equal(lines_of_a_talk(-1).size(), 0);
    assert_int_equal(lines_of_a_talk(INT32_MIN).size(), 0);
    assert_int_equal(lines_of_a_talk(INT32_MAX).size(), 4);
}

void without_a_log_callback_lines_go_nowhere(void **)
{
    TestChip chip;
    auto talk = CallableBuilder("host_orch", "talk").scalar("number");
    chip.prepare(0, talk);
    EXPECT_STATUS(PTO_OK, chip.run(0, {}, {17}));
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(runs_of_one_callable_from_four_threads_are_right),
        cmocka_unit_test(runs_of_different_callables_from_four_threads_are_right),
        cmocka_unit_test(prepares_runs_and_releases_mix_across_threads),
        cmocka_unit_test(contexts_run_at_the_same_time),
        cmocka_unit_test(close_waits_for_a_run_that_is_under_way),
        cmocka_unit_test(runs_that_meet_a_close_end_well_or_are_refused),
        cmocka_unit_test(closing_twice_at_the_same_time_is_closing_once),
        cmocka_unit_test(the_last_error_is_that_of_the_thread),
        cmocka_unit_test(a_long_message_is_cut_and_terminated),
        cmocka_unit_test(a_fatal_orchestration_tells_its_code_and_the_next_run_works),
#ifndef PTO_TEST_THREAD_SANITIZER
        cmocka_unit_test(a_faulted_device_is_refused_until_it_is_closed),
#endif
        cmocka_unit_test(log_lines_arrive_with_their_levels_on_the_calling_thread),
        cmocka_unit_test(log_lines_above_the_level_are_not_delivered),
        cmocka_unit_test(without_a_log_callback_lines_go_nowhere),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
