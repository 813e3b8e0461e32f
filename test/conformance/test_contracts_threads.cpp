// SPDX-License-Identifier: Apache-2.0
// Callables, threads and chips at the same time: nobody gets another's kernel, id or memory.
#include <atomic>
#include <memory>
#include <random>
#include <thread>

#include "contracts.hpp"

namespace {

using namespace pto::test;

constexpr int kRounds = kSanitized ? 30 : 200;

/// Runs `body(index)` on this many threads at once and gives the sum of what they return, their mistakes.
template <class Body> int on_threads(int count, Body &&body)
{
    std::atomic<int> mistakes{0};
    std::atomic<int> waiting{count};
    std::vector<std::thread> threads;
    for (int i = 0; i < count; i++)
        threads.emplace_back([&, i] {
            waiting--;
            while (waiting > 0)
                std::this_thread::yield();
            mistakes += body(i);
        });
    for (std::thread &thread : threads)
        thread.join();
    return mistakes;
}

void threads_that_run_two_callables_in_random_order_get_their_own_results(void **)
{
    TestChip chip;
    CallableBuilder add = sum();
    CallableBuilder subtract = difference();
    chip.prepare(0, add);
    chip.prepare(1, subtract);
    const int mistakes = on_threads(6, [&](int thread) {
        std::mt19937 random(static_cast<unsigned>(thread));
        int wrong = 0;
        for (int round = 0; round < rounds(kRounds); round++) {
            const auto a = static_cast<float>(random() % 1000);
            const auto b = static_cast<float>(random() % 1000);
            const bool minus = random() % 2 == 0;
            wrong += run_binary(chip.get(), minus ? 1 : 0, a, b) == (minus ? a - b : a + b) ? 0 : 1;
        }
        return wrong;
    });
    assert_int_equal(mistakes, 0);
    assert_int_equal(orchestration_loads(chip.get()), 2);
    assert_int_equal(stats_of(chip.get()).runs, 6 * rounds(kRounds));
}

void prepares_in_a_row_before_any_run_keep_their_ids_apart(void **)
{
    TestChip chip;
    CallableBuilder add = sum();
    CallableBuilder subtract = difference();
    for (const bool backwards : {false, true}) {
        for (int32_t i = 0; i < 8; i++)
            chip.prepare(backwards ? 7 - i : i, i % 2 == 0 ? add : subtract);
        for (int32_t i = 7; i >= 0; i--)
            EXPECT_VALUE(run_binary(chip.get(), backwards ? 7 - i : i, 2, 3), i % 2 == 0 ? 5 : -1);
        for (int32_t id = 0; id < 8; id++)
            EXPECT_STATUS(PTO_OK, pto_release(chip.get(), id));
    }
    assert_int_equal(orchestration_loads(chip.get()), 16);
}

void prepares_from_several_threads_with_runs_between_load_each_id_once(void **)
{
    TestChip chip;
    CallableBuilder steady = difference();
    chip.prepare(63, steady);
    const int mistakes = on_threads(4, [&](int thread) {
        CallableBuilder add = sum();
        CallableBuilder subtract = difference();
        int wrong = 0;
        for (int32_t i = 0; i < 15; i++) {
            const int32_t id = thread * 15 + i;
            pto_callable *callable = (i % 2 == 0 ? add : subtract).get();
            wrong += pto_prepare(chip.get(), id, callable) == PTO_OK ? 0 : 1;
            wrong += run_binary(chip.get(), 63, 2, 3) == -1 ? 0 : 1;
            const int32_t earlier = thread * 15 + i / 2;
            wrong += run_binary(chip.get(), earlier, 2, 3) == (i / 2 % 2 == 0 ? 5 : -1) ? 0 : 1;
        }
        return wrong;
    });
    assert_int_equal(mistakes, 0);
    assert_int_equal(orchestration_loads(chip.get()), 61);
    assert_int_equal(stats_of(chip.get()).kernel_uploads, 2);
    for (int32_t id = 0; id < 60; id++)
        EXPECT_VALUE(run_binary(chip.get(), id, 2, 3), id % 15 % 2 == 0 ? 5 : -1);
}

void one_of_many_prepares_of_one_id_wins_and_the_others_are_refused(void **)
{
    TestChip chip;
    for (int round = 0; round < (kSanitized ? 5 : 30); round++) {
        std::atomic<int> winner{-1};
        const int mistakes = on_threads(4, [&](int thread) {
            CallableBuilder made = thread % 2 == 0 ? sum() : difference();
            const pto_status status = pto_prepare(chip.get(), 9, made.get());
            if (status == PTO_OK)
                return winner.exchange(thread) == -1 ? 0 : 1;
            return status == PTO_ERROR_ALREADY_PREPARED ? 0 : 1;
        });
        assert_int_equal(mistakes, 0);
        EXPECT_VALUE(run_binary(chip.get(), 9, 2, 3), winner % 2 == 0 ? 5 : -1);
        assert_int_equal(orchestration_loads(chip.get()), round + 1);
        EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 9));
    }
    assert_int_equal(stats_of(chip.get()).resident_image_bytes, 0);
}

void four_chips_with_four_threads_each_do_not_mix_their_callables(void **)
{
    constexpr int kChips = 4;
    constexpr int kThreads = 4;
    std::vector<std::unique_ptr<TestChip>> chips;
    for (uint32_t i = 0; i < kChips; i++) {
        pto_open_options options = TestChip::default_options();
        options.device_index = i;
        options.helper_threads = 2;
        chips.push_back(std::make_unique<TestChip>(options));
    }
    // The same id is the sum on one chip and the difference on the next.
    const int mistakes = on_threads(kChips * kThreads, [&](int thread) {
        const int chip = thread % kChips;
        const int32_t id = thread / kChips;
        pto_context *context = chips[static_cast<std::size_t>(chip)]->get();
        CallableBuilder made = (chip + id) % 2 == 0 ? sum() : difference();
        int wrong = 0;
        for (int round = 0; round < rounds(kRounds / 10); round++) {
            wrong += pto_prepare(context, id, made.get()) == PTO_OK ? 0 : 1;
            for (int run = 0; run < 10; run++) {
                const auto a = static_cast<float>(thread * 1000 + run);
                wrong += run_binary(context, id, a, 1) == ((chip + id) % 2 == 0 ? a + 1 : a - 1) ? 0 : 1;
            }
            wrong += pto_release(context, id) == PTO_OK ? 0 : 1;
        }
        return wrong;
    });
    assert_int_equal(mistakes, 0);
    for (const auto &chip : chips) {
        assert_int_equal(orchestration_loads(chip->get()), kThreads * rounds(kRounds / 10));
        assert_int_equal(stats_of(chip->get()).resident_image_bytes, 0);
        assert_int_equal(stats_of(chip->get()).failed_runs, 0);
    }
}

void an_error_belongs_to_the_thread_and_the_chip_that_met_it(void **)
{
    TestChip first;
    TestChip second;
    const int mistakes = on_threads(4, [&](int thread) {
        int wrong = 0;
        for (int32_t id = 0; id < kRounds; id++) {
            const int32_t bad = 100 + thread * 1000 + id;
            const pto_context *context = thread % 2 == 0 ? first.get() : second.get();
            wrong += pto_release(const_cast<pto_context *>(context), bad) == PTO_ERROR_INVALID_CALLABLE_ID ? 0 : 1;
            wrong += pto_last_error()->callable_id == bad ? 0 : 1;
        }
        return wrong;
    });
    assert_int_equal(mistakes, 0);
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    for (const char *name : {"orch_sum", "orch_difference", "kernel_add", "kernel_subtract"})
        module_bytes(name); // read before there are threads
    const CMUnitTest tests[] = {
        cmocka_unit_test(threads_that_run_two_callables_in_random_order_get_their_own_results),
        cmocka_unit_test(prepares_in_a_row_before_any_run_keep_their_ids_apart),
        cmocka_unit_test(prepares_from_several_threads_with_runs_between_load_each_id_once),
        cmocka_unit_test(one_of_many_prepares_of_one_id_wins_and_the_others_are_refused),
        cmocka_unit_test(four_chips_with_four_threads_each_do_not_mix_their_callables),
        cmocka_unit_test(an_error_belongs_to_the_thread_and_the_chip_that_met_it),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
