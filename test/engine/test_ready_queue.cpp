// SPDX-License-Identifier: Apache-2.0
#include "engine_test.hpp"

#include "engine/ready_queue.h"

#include <memory>

namespace {

using namespace pto::engine;
using namespace pto::test;
using pto::load_relaxed;
using pto::store_relaxed;

struct Fixture {
    explicit Fixture(uint32_t count) : slots(std::make_unique<TaskSlot[]>(count)) { queue.reset(); }

    void push(uint32_t index) { queue.push(slots.get(), index); }
    uint32_t pop() { return queue.pop(slots.get()); }

    std::unique_ptr<TaskSlot[]> slots;
    ReadyQueue queue;
};

void the_newest_comes_first(void **)
{
    Fixture fixture(4);
    for (uint32_t i = 0; i < 4; i++)
        fixture.push(i);
    for (uint32_t i = 4; i-- > 0;)
        assert_int_equal(fixture.pop(), i);
}

void an_empty_queue_gives_nothing(void **)
{
    Fixture fixture(2);
    assert_true(fixture.queue.is_empty());
    assert_int_equal(fixture.pop(), kNone);
    fixture.push(1);
    assert_false(fixture.queue.is_empty());
    assert_int_equal(fixture.pop(), 1);
    assert_true(fixture.queue.is_empty());
    assert_int_equal(fixture.pop(), kNone);
}

void a_reset_drops_what_was_queued(void **)
{
    Fixture fixture(2);
    fixture.push(0);
    fixture.queue.reset();
    assert_true(fixture.queue.is_empty());
    assert_int_equal(fixture.pop(), kNone);
}

constexpr uint32_t kThreads = 4;

void many_threads_lose_nothing_and_take_nothing_twice(void **)
{
    constexpr uint32_t kPerThread = 20000;
    constexpr uint32_t kCount = kThreads * kPerThread;
    Fixture fixture(kCount);
    std::vector<uint32_t> taken[kThreads];
    std::atomic<uint32_t> total{0};
    on_threads(kThreads, [&](uint32_t thread) {
        Random random(thread);
        uint32_t pushed = 0;
        while (pushed < kPerThread || total.load() < kCount) {
            if (pushed < kPerThread && random.one_in(2)) {
                const uint32_t index = thread * kPerThread + pushed++;
                fixture.slots[index].payload = index ^ 0x5a5a; // plain memory that travels with the task
                fixture.push(index);
            } else if (const uint32_t index = fixture.pop(); index != kNone) {
                if (fixture.slots[index].payload == (index ^ 0x5a5a))
                    taken[thread].push_back(index);
                total.fetch_add(1);
            }
        }
    });
    std::vector<uint32_t> all;
    for (const auto &part : taken)
        all.insert(all.end(), part.begin(), part.end());
    std::sort(all.begin(), all.end());
    assert_int_equal(all.size(), kCount);
    for (uint32_t i = 0; i < kCount; i++)
        assert_int_equal(all[i], i);
    assert_true(fixture.queue.is_empty());
}

/// Few tasks and many hands: takes two and gives the first one back at once, so that to a third thread the head went
/// away and came back, with another task behind it.
struct Carousel {
    static constexpr uint32_t kTasks = 3;
    static constexpr uint32_t kRounds = 400000;

    Fixture fixture{kTasks};
    std::atomic<uint32_t> holders[kTasks] = {};
    std::atomic<uint32_t> broken{0};
    uint32_t turns[kThreads] = {};

    void hold(uint32_t index, uint32_t thread)
    {
        broken += holders[index].exchange(1) != 0 ? 1 : 0;
        fixture.slots[index].mark++; // plain memory: whoever holds the task is alone with it
        turns[thread]++;
    }
    void give_back(uint32_t index)
    {
        store_relaxed(holders[index], 0u);
        fixture.push(index);
    }
    void go_round(uint32_t thread)
    {
        for (uint32_t round = 0; round < kRounds && load_relaxed(broken) == 0; round++) {
            const uint32_t first = fixture.pop();
            const uint32_t second = fixture.pop();
            for (const uint32_t index : {first, second})
                if (index != kNone)
                    hold(index, thread);
            for (const uint32_t index : {first, second})
                if (index != kNone)
                    give_back(index);
        }
    }
};

void a_task_that_goes_round_is_held_by_one_thread_at_a_time(void **)
{
    Carousel carousel;
    for (uint32_t i = 0; i < Carousel::kTasks; i++) {
        carousel.fixture.slots[i].mark = 0;
        carousel.fixture.push(i);
    }
    on_threads(kThreads, [&](uint32_t thread) { carousel.go_round(thread); });
    assert_int_equal(carousel.broken.load(), 0);
    uint32_t marks = 0;
    for (uint32_t i = 0; i < Carousel::kTasks; i++) {
        const uint32_t index = carousel.fixture.pop();
        assert_int_not_equal(index, kNone);
        marks += carousel.fixture.slots[index].mark;
    }
    assert_true(carousel.fixture.queue.is_empty());
    uint32_t turns = 0;
    for (const uint32_t count : carousel.turns)
        turns += count;
    assert_int_equal(marks, turns);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_comes_first),
        cmocka_unit_test(an_empty_queue_gives_nothing),
        cmocka_unit_test(a_reset_drops_what_was_queued),
        cmocka_unit_test(many_threads_lose_nothing_and_take_nothing_twice),
        cmocka_unit_test(a_task_that_goes_round_is_held_by_one_thread_at_a_time),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
