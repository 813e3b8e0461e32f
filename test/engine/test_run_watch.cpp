// SPDX-License-Identifier: Apache-2.0
#include "engine_test.hpp"

#include "aicpu/run_watch.h"
#include "engine/arch/arch.h"

namespace {

using pto::aicpu::RunWatch;
using Verdict = RunWatch::Verdict;

constexpr uint64_t kMs = 1'000'000;

/// Looks every millisecond until the verdict changes; returns the time that took.
uint64_t look_until(RunWatch &watch, Verdict verdict, uint64_t begin_ns, bool moves)
{
    uint64_t progress = 0;
    for (uint64_t time = begin_ns + kMs;; time += kMs) {
        const Verdict now = watch.look(time, moves ? ++progress : 0);
        if (now == verdict)
            return time - begin_ns;
        assert_true(now == Verdict::kGoesOn && time < begin_ns + 10'000 * kMs);
    }
}

void a_run_that_does_not_move_has_stalled_after_its_time(void **)
{
    RunWatch watch;
    watch.begin(77 * kMs, 100 * kMs, 0);
    assert_int_equal(look_until(watch, Verdict::kStalled, 77 * kMs, false), 100 * kMs);
    assert_int_equal(watch.quiet_ns(), 100 * kMs);
    assert_true(watch.is_quiet());
}

void progress_begins_the_wait_anew(void **)
{
    RunWatch watch;
    watch.begin(0, 100 * kMs, 0);
    for (uint64_t ms = 1; ms <= 99; ms++)
        assert_true(watch.look(ms * kMs, 0) == Verdict::kGoesOn);
    assert_true(watch.look(100 * kMs, 1) == Verdict::kGoesOn);
    assert_int_equal(watch.quiet_ns(), 0);
    assert_true(watch.look(199 * kMs, 1) == Verdict::kGoesOn);
}

void a_run_that_moves_may_take_too_long(void **)
{
    RunWatch watch;
    watch.begin(0, 100 * kMs, 250 * kMs);
    assert_int_equal(look_until(watch, Verdict::kTooLong, 0, true), 250 * kMs);
    assert_int_equal(watch.running_ns(), 250 * kMs);
    assert_false(watch.is_quiet());
}

void a_run_without_a_limit_may_move_for_ever(void **)
{
    RunWatch watch;
    watch.begin(0, 100 * kMs, 0);
    for (uint64_t ms = 1; ms <= 5'000; ms++)
        assert_true(watch.look(ms * kMs, ms) == Verdict::kGoesOn);
}

void time_in_which_nobody_looked_hardly_counts(void **)
{
    RunWatch watch;
    watch.begin(0, 1'000 * kMs, 1'000 * kMs);
    assert_true(watch.look(3'600'000 * kMs, 0) == Verdict::kGoesOn);
    assert_true(watch.quiet_ns() < 100 * kMs);
}

void the_next_run_begins_with_nothing(void **)
{
    RunWatch watch;
    watch.begin(0, 100 * kMs, 0);
    for (uint64_t ms = 1; ms <= 90; ms++)
        watch.look(ms * kMs, 5);
    watch.begin(90 * kMs, 100 * kMs, 0);
    assert_int_equal(look_until(watch, Verdict::kStalled, 90 * kMs, false), 100 * kMs);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_run_that_does_not_move_has_stalled_after_its_time),
        cmocka_unit_test(progress_begins_the_wait_anew),
        cmocka_unit_test(a_run_that_moves_may_take_too_long),
        cmocka_unit_test(a_run_without_a_limit_may_move_for_ever),
        cmocka_unit_test(time_in_which_nobody_looked_hardly_counts),
        cmocka_unit_test(the_next_run_begins_with_nothing),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
