// SPDX-License-Identifier: Apache-2.0
// How the threads of a launch meet, and who does what.
#include "aicpu/linux/launch_gate.h"

#include "onboard_test.hpp"

namespace {

using namespace pto;
using aicpu::LaunchGate;
using Arrival = LaunchGate::Arrival;
using Meeting = LaunchGate::Meeting;

constexpr uint64_t kForever = 3'600'000'000'000;
constexpr uint64_t kShortly = 20'000'000;

/// `threads` threads come to a launch of `expected`.
std::vector<Arrival> arrive(LaunchGate &gate, uint64_t session, uint32_t threads, uint32_t expected,
                            uint64_t timeout_ns)
{
    std::vector<Arrival> arrivals(threads);
    std::vector<std::thread> runners;
    for (uint32_t i = 0; i < threads; i++)
        runners.emplace_back([&, i] {
            arrivals[i] = gate.arrive({session, expected, timeout_ns}, static_cast<int32_t>(i));
        });
    for (std::thread &runner : runners)
        runner.join();
    return arrivals;
}

void threads_of_one_launch_meet_and_have_numbers_of_their_own(void **)
{
    LaunchGate gate;
    for (uint64_t session = 1; session <= 200; session++) {
        uint32_t seen = 0;
        int32_t cpus = 0;
        for (const Arrival &arrival : arrive(gate, session, 4, 4, kForever)) {
            assert_true(arrival.meeting == Meeting::kComplete);
            assert_int_equal(arrival.arrived, 4);
            seen |= 1u << arrival.thread;
            cpus += gate.cpu_of(arrival.thread);
        }
        assert_int_equal(seen, 0xf);
        assert_int_equal(cpus, 0 + 1 + 2 + 3);
    }
}

void one_thread_of_an_incomplete_meeting_says_how_many_came(void **)
{
    LaunchGate gate;
    uint32_t deciders = 0;
    for (const Arrival &arrival : arrive(gate, 1, 2, 3, kShortly)) {
        assert_true(arrival.meeting == Meeting::kIncomplete);
        deciders += arrival.has_decided ? 1 : 0;
        if (arrival.has_decided)
            assert_true(arrival.arrived >= 1 && arrival.arrived <= 2);
    }
    assert_int_equal(deciders, 1);
}

void who_comes_after_an_incomplete_meeting_does_not_wait(void **)
{
    LaunchGate gate;
    arrive(gate, 1, 1, 3, kShortly);
    for (const Arrival &arrival : arrive(gate, 1, 2, 3, kForever)) {
        assert_true(arrival.meeting == Meeting::kIncomplete);
        assert_false(arrival.has_decided);
    }
}

void what_an_earlier_launch_has_left_counts_as_nothing(void **)
{
    LaunchGate gate;
    arrive(gate, 1, 2, 3, kShortly);
    for (const Arrival &arrival : arrive(gate, 2, 3, 3, kForever))
        assert_true(arrival.meeting == Meeting::kComplete);
}

void a_thread_of_an_earlier_launch_is_turned_away(void **)
{
    LaunchGate gate;
    arrive(gate, 5, 2, 2, kForever);
    assert_true(gate.arrive({4, 2, kForever}, 0).meeting == Meeting::kTurnedAway);
}

void a_thread_too_many_is_turned_away(void **)
{
    LaunchGate gate;
    arrive(gate, 1, 2, 2, kForever);
    assert_true(gate.arrive({1, 2, kForever}, 0).meeting == Meeting::kTurnedAway);
}

void departures_are_those_of_one_launch(void **)
{
    LaunchGate gate;
    assert_int_equal(gate.departures(1), 0);
    gate.leave(1);
    gate.leave(1);
    assert_int_equal(gate.departures(1), 2);
    assert_int_equal(gate.departures(2), 0);
    gate.leave(2);
    assert_int_equal(gate.departures(2), 1);
    gate.leave(1); // late
    assert_int_equal(gate.departures(2), 1);
}

/// The roles of threads that come one after the other, from these CPUs.
std::vector<int32_t> roles_of(const std::vector<int32_t> &cpus, const std::vector<int32_t> &allowed)
{
    LaunchGate gate;
    const auto count = static_cast<uint32_t>(cpus.size());
    for (const int32_t cpu : cpus)
        gate.arrive({1, count, 0}, cpu);
    std::vector<int32_t> roles;
    for (uint32_t i = 0; i < count; i++)
        roles.push_back(aicpu::role_of(gate, count, allowed.data(), static_cast<uint32_t>(allowed.size()), i));
    return roles;
}

void expect_roles(const std::vector<int32_t> &cpus, const std::vector<int32_t> &allowed,
                  const std::vector<int32_t> &expected)
{
    const std::vector<int32_t> roles = roles_of(cpus, allowed);
    for (std::size_t i = 0; i < expected.size(); i++)
        if (roles[i] != expected[i])
            fail_msg("thread %zu has role %d, not %d", i, roles[i], expected[i]);
}

void a_thread_on_an_allowed_cpu_has_its_role(void **)
{
    expect_roles({5, 2, 4, 3}, {2, 3, 4, 5}, {3, 0, 2, 1});
}

void gaps_are_filled_in_the_order_of_arrival(void **)
{
    expect_roles({7, 3, 6}, {2, 3, 4}, {0, 1, 2});
    expect_roles({7, 6, 2}, {2, -1, -1}, {1, 2, 0});
    expect_roles({1, 1, 1}, {-1, -1, -1}, {0, 1, 2});
}

void threads_on_allowed_cpus_come_before_others(void **)
{
    expect_roles({6, 7, 2, 3, 4, 5}, {2, 3, 4, 5}, {-1, -1, 0, 1, 2, 3});
}

void two_threads_on_one_cpu_have_two_roles(void **)
{
    expect_roles({2, 2, 3}, {2, 3, 4}, {0, 2, 1});
}

void threads_without_a_role_are_the_last_that_came(void **)
{
    expect_roles({9, 8, 7, 6, 5}, {0, 1, 2}, {0, 1, 2, -1, -1});
}

void a_thread_whose_cpu_is_unknown_fills_a_gap(void **)
{
    expect_roles({-1, 4}, {4, -1}, {1, 0});
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(threads_of_one_launch_meet_and_have_numbers_of_their_own),
        cmocka_unit_test(one_thread_of_an_incomplete_meeting_says_how_many_came),
        cmocka_unit_test(who_comes_after_an_incomplete_meeting_does_not_wait),
        cmocka_unit_test(what_an_earlier_launch_has_left_counts_as_nothing),
        cmocka_unit_test(a_thread_of_an_earlier_launch_is_turned_away),
        cmocka_unit_test(a_thread_too_many_is_turned_away),
        cmocka_unit_test(departures_are_those_of_one_launch),
        cmocka_unit_test(a_thread_on_an_allowed_cpu_has_its_role),
        cmocka_unit_test(gaps_are_filled_in_the_order_of_arrival),
        cmocka_unit_test(threads_on_allowed_cpus_come_before_others),
        cmocka_unit_test(two_threads_on_one_cpu_have_two_roles),
        cmocka_unit_test(threads_without_a_role_are_the_last_that_came),
        cmocka_unit_test(a_thread_whose_cpu_is_unknown_fills_a_gap),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
