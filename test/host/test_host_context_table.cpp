// SPDX-License-Identifier: Apache-2.0
// The table that turns handles into contexts. It never looks into a context, so these are just addresses.
#include "host/context_table.h"

#include <atomic>
#include <chrono>
#include <csetjmp>
#include <cstdarg>
#include <cstdint>
#include <set>
#include <thread>
#include <vector>

extern "C" {
#include <cmocka.h>
}

using pto::host::Context;
using pto::host::ContextUse;
using pto::host::kMaxContexts;
using pto::host::publish;
using pto::host::withdraw;

namespace {

alignas(64) char places[kMaxContexts + 1];

Context *context_at(uint32_t index)
{
    return reinterpret_cast<Context *>(&places[index]);
}

void a_handle_leads_to_its_context_until_it_is_withdrawn(void **)
{
    pto_context *handle = publish(context_at(0));
    assert_non_null(handle);
    assert_ptr_equal(ContextUse(handle).context(), context_at(0));
    assert_ptr_equal(withdraw(handle), context_at(0));
    assert_null(ContextUse(handle).context());
    assert_null(withdraw(handle));
}

void a_handle_is_no_address(void **)
{
    pto_context *handle = publish(context_at(0));
    assert_true((reinterpret_cast<uintptr_t>(handle) & 1) == 1);
    assert_null(ContextUse(reinterpret_cast<pto_context *>(context_at(0))).context());
    withdraw(handle);
}

void a_slot_that_is_used_again_gives_another_handle(void **)
{
    std::set<pto_context *> handles;
    for (int i = 0; i < 10'000; i++) {
        pto_context *handle = publish(context_at(0));
        assert_true(handles.insert(handle).second);
        assert_ptr_equal(withdraw(handle), context_at(0));
    }
    for (pto_context *handle : handles)
        assert_null(ContextUse(handle).context());
}

void the_table_holds_as_many_as_it_says_and_no_more(void **)
{
    std::vector<pto_context *> handles;
    for (uint32_t i = 0; i < kMaxContexts; i++) {
        handles.push_back(publish(context_at(i)));
        assert_non_null(handles.back());
    }
    assert_null(publish(context_at(kMaxContexts)));
    for (uint32_t i = 0; i < kMaxContexts; i++)
        assert_ptr_equal(ContextUse(handles[i]).context(), context_at(i));
    assert_ptr_equal(withdraw(handles[77]), context_at(77));
    handles[77] = publish(context_at(kMaxContexts));
    assert_ptr_equal(ContextUse(handles[77]).context(), context_at(kMaxContexts));
    for (pto_context *handle : handles)
        assert_non_null(withdraw(handle));
}

void a_handle_with_any_other_bit_is_foreign(void **)
{
    pto_context *handle = publish(context_at(5));
    for (int bit = 0; bit < 64; bit++) {
        auto *other = reinterpret_cast<pto_context *>(reinterpret_cast<uintptr_t>(handle) ^ uintptr_t{1} << bit);
        assert_null(ContextUse(other).context());
        assert_null(withdraw(other));
    }
    assert_ptr_equal(withdraw(handle), context_at(5));
}

void withdrawing_waits_for_those_inside_and_lets_nobody_else_in(void **)
{
    pto_context *handle = publish(context_at(0));
    std::atomic<bool> inside{false};
    std::atomic<bool> leave{false};
    std::atomic<bool> left{false};
    std::thread user([&] {
        {
            const ContextUse use(handle);
            inside = true;
            while (!leave)
                std::this_thread::yield();
            left = true;
        }
    });
    while (!inside)
        std::this_thread::yield();
    std::atomic<bool> withdrawn{false};
    bool left_before = false;
    std::thread closer([&] {
        withdraw(handle);
        left_before = left;
        withdrawn = true;
    });
    while (ContextUse(handle).context() != nullptr)
        std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const bool too_early = withdrawn;
    leave = true;
    user.join();
    closer.join();
    assert_false(too_early);
    assert_true(left_before);
    assert_null(withdraw(handle));
}

void a_call_from_inside_another_is_waited_for_as_well(void **)
{
    pto_context *outer = publish(context_at(0));
    pto_context *inner = publish(context_at(1));
    std::atomic<int> step{0};
    std::thread user([&] {
        const ContextUse use(outer);
        {
            const ContextUse same(outer);
            const ContextUse other(inner);
            step = same.context() == context_at(0) && other.context() == context_at(1) ? 1 : -1;
            while (step == 1)
                std::this_thread::yield();
        }
        step = 3;
        while (step == 3)
            std::this_thread::yield();
    });
    while (step == 0)
        std::this_thread::yield();
    std::atomic<bool> withdrawn[2] = {};
    std::thread closers[] = {std::thread([&] { withdrawn[0] = withdraw(outer) != nullptr; }),
                             std::thread([&] { withdrawn[1] = withdraw(inner) != nullptr; })};
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const bool both_waited = step == 1 && !withdrawn[0] && !withdrawn[1];
    step = 2;
    closers[1].join();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const bool outer_waited = !withdrawn[0];
    while (step != 3)
        std::this_thread::yield();
    step = 4;
    closers[0].join();
    user.join();
    assert_true(both_waited);
    assert_true(outer_waited);
    assert_true(withdrawn[0] && withdrawn[1]);
}

void more_threads_than_have_a_visitor_are_waited_for(void **)
{
    constexpr uint32_t kThreads = pto::host::kMaxVisitors + 8;
    pto_context *handle = publish(context_at(0));
    std::atomic<uint32_t> inside{0};
    std::atomic<uint32_t> left{0};
    std::atomic<bool> leave{false};
    std::vector<std::thread> users;
    for (uint32_t i = 0; i < kThreads; i++)
        users.emplace_back([&] {
            const ContextUse use(handle);
            inside += use.context() == context_at(0) ? 1 : 0;
            while (!leave)
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            left++;
        });
    while (inside != kThreads)
        std::this_thread::yield();
    uint32_t left_before = 0;
    std::thread closer([&] {
        withdraw(handle);
        left_before = left;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    leave = true;
    closer.join();
    for (std::thread &user : users)
        user.join();
    assert_int_equal(left_before, kThreads);
    // Those that ended have given theirs back.
    handle = publish(context_at(0));
    std::thread([&] { assert_ptr_equal(ContextUse(handle).context(), context_at(0)); }).join();
    assert_ptr_equal(withdraw(handle), context_at(0));
}

void only_one_of_many_withdrawals_gets_the_context(void **)
{
    for (int round = 0; round < 50; round++) {
        pto_context *handle = publish(context_at(0));
        std::atomic<int> winners{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; i++)
            threads.emplace_back([&] { winners += withdraw(handle) != nullptr ? 1 : 0; });
        for (std::thread &thread : threads)
            thread.join();
        assert_int_equal(winners.load(), 1);
    }
}

void users_never_see_a_context_that_was_withdrawn(void **)
{
    std::atomic<pto_context *> shared{nullptr};
    std::atomic<bool> alive[2] = {};
    std::atomic<bool> stop{false};
    std::atomic<int> mistakes{0};
    std::vector<std::thread> users;
    for (int i = 0; i < 3; i++)
        users.emplace_back([&] {
            while (!stop) {
                const ContextUse use(shared.load());
                if (use.context() != nullptr && !alive[use.context() == context_at(0) ? 0 : 1])
                    mistakes++;
            }
        });
    for (int i = 0; i < 2000; i++) {
        alive[i % 2] = true;
        pto_context *handle = publish(context_at(static_cast<uint32_t>(i % 2)));
        shared = handle;
        if (i % 16 == 0)
            std::this_thread::yield();
        withdraw(handle);
        alive[i % 2] = false;
    }
    stop = true;
    for (std::thread &user : users)
        user.join();
    assert_int_equal(mistakes.load(), 0);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_handle_leads_to_its_context_until_it_is_withdrawn),
        cmocka_unit_test(a_handle_is_no_address),
        cmocka_unit_test(a_slot_that_is_used_again_gives_another_handle),
        cmocka_unit_test(the_table_holds_as_many_as_it_says_and_no_more),
        cmocka_unit_test(a_handle_with_any_other_bit_is_foreign),
        cmocka_unit_test(withdrawing_waits_for_those_inside_and_lets_nobody_else_in),
        cmocka_unit_test(a_call_from_inside_another_is_waited_for_as_well),
        cmocka_unit_test(more_threads_than_have_a_visitor_are_waited_for),
        cmocka_unit_test(only_one_of_many_withdrawals_gets_the_context),
        cmocka_unit_test(users_never_see_a_context_that_was_withdrawn),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
