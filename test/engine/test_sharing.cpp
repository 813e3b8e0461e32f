// SPDX-License-Identifier: Apache-2.0
// What an owner does that is alone has the same results as what it does among others.
#include "engine_test.hpp"

#include "aicpu/core_pool.h"
#include "engine/ready_queue.h"
#include "engine/task_store.h"

#include <memory>

namespace {

using namespace pto;
using namespace pto::engine;
using namespace pto::test;
using pto::aicpu::CorePool;
using pto::aicpu::kNoCore;

constexpr Sharing kBoth[] = {Sharing::kAlone, Sharing::kShared};

Sharing random_sharing(Random &random)
{
    return kBoth[random.below(2)];
}

void cells_take_the_same_values(void **)
{
    constexpr uint32_t kValues[] = {0, 1, 2, 1u << 30, UINT32_MAX - 1, UINT32_MAX};
    for (const Sharing sharing : kBoth) {
        for (const uint32_t before : kValues) {
            for (const uint32_t value : kValues) {
                std::atomic<uint32_t> cell{before};
                assert_int_equal(exchange_acq_rel(cell, value, sharing), before);
                assert_int_equal(cell.load(), value);
                cell.store(before);
                assert_int_equal(fetch_sub_acq_rel(cell, value, sharing), before);
                assert_int_equal(cell.load(), before - value);
            }
        }
        std::atomic<uint8_t> small{3};
        assert_int_equal(fetch_sub_acq_rel(small, 5, sharing), 3);
        assert_int_equal(small.load(), 254);
    }
}

void a_queue_gives_the_same_tasks(void **)
{
    constexpr uint32_t kSlots = 16;
    const auto slots = std::make_unique<TaskSlot[]>(kSlots);
    for (uint64_t seed = 0; seed < 20; seed++) {
        Random random(seed);
        ReadyQueue queue;
        queue.reset();
        std::vector<uint32_t> model;
        std::vector<uint32_t> outside;
        for (uint32_t i = 0; i < kSlots; i++)
            outside.push_back(i);
        for (int i = 0; i < 2000; i++) {
            const Sharing sharing = random_sharing(random);
            if (!outside.empty() && random.one_in(2)) {
                const std::size_t at = random.below(outside.size());
                queue.push(slots.get(), outside[at], sharing);
                model.push_back(outside[at]);
                outside.erase(outside.begin() + static_cast<std::ptrdiff_t>(at));
            } else {
                const uint32_t index = queue.pop(slots.get(), sharing);
                assert_int_equal(index, model.empty() ? kNone : model.back());
                if (model.empty())
                    continue;
                model.pop_back();
                outside.push_back(index);
            }
            assert_int_equal(queue.is_empty(), model.empty());
        }
    }
}

/// Pops like a worker that reads the head, is held up, and compares late: it must see that there were others.
void a_head_that_was_taken_and_put_back_alone_is_another(void **)
{
    static_assert(sizeof(ReadyQueue) == 64);
    TaskSlot slots[2];
    const auto head_of = [](const ReadyQueue &queue) {
        uint64_t head;
        std::memcpy(&head, static_cast<const void *>(&queue), sizeof head);
        return head;
    };
    for (const Sharing sharing : kBoth) {
        ReadyQueue queue;
        queue.reset();
        queue.push(slots, 1, sharing);
        const uint64_t before = head_of(queue);
        assert_int_equal(queue.pop(slots, sharing), 1);
        const uint64_t between = head_of(queue);
        queue.push(slots, 1, sharing);
        const uint64_t after = head_of(queue);
        assert_true(before != after && static_cast<uint32_t>(before) == static_cast<uint32_t>(after));
        assert_true((between >> 32) - (before >> 32) == 1 && (after >> 32) - (between >> 32) == 1);
    }
}

void a_pool_gives_the_same_cores(void **)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        Random random(seed);
        CorePool alone;
        CorePool shared;
        const uint32_t clusters = random.between(1, 5);
        alone.reset(clusters);
        shared.reset(clusters);
        std::vector<uint32_t> taken;
        for (int i = 0; i < 1000; i++) {
            const uint32_t choice = random.below32(4);
            if (choice == 0 && !taken.empty()) {
                const std::size_t at = random.below(taken.size());
                alone.release(taken[at]);
                shared.release(taken[at]);
                taken.erase(taken.begin() + static_cast<std::ptrdiff_t>(at));
                continue;
            }
            const Shape shape = choice == 1 ? Shape::kAic : Shape::kAiv;
            const uint32_t home = random.below32(80);
            const uint32_t core = alone.claim_one(shape, home, Sharing::kAlone);
            assert_int_equal(core, shared.claim_one(shape, home, Sharing::kShared));
            assert_true(std::find(taken.begin(), taken.end(), core) == taken.end());
            if (core != kNoCore)
                taken.push_back(core);
            assert_int_equal(alone.idle_for(Shape::kAiv, 2), shared.idle_for(Shape::kAiv, 2));
            assert_int_equal(alone.idle_for(Shape::kAic, 1), shared.idle_for(Shape::kAic, 1));
        }
    }
}

/// A store and what came of the last operations on it.
struct Store {
    Store() : arena(bytes())
    {
        Carver carver(arena.get());
        lay_out(tasks, carver);
        tasks.reset();
    }
    static void lay_out(TaskStore &tasks, Carver &carver) { tasks.layout(carver, 32, 64, 48); }
    static std::size_t bytes()
    {
        TaskStore measured;
        Carver carver(nullptr);
        lay_out(measured, carver);
        return carver.used_bytes();
    }
    void complete(uint32_t index, Sharing sharing)
    {
        ready.clear();
        tasks.close_edges(tasks[index], sharing, [&](TaskSlot &slot) { ready.push_back(tasks.index_of(slot)); });
        assert_int_equal(load_relaxed(tasks[index].fan_out), kFanOutClosed);
    }
    void give_back(uint32_t index)
    {
        tasks.reclaim_edges(tasks[index]);
        tasks.free(tasks[index]);
    }

    Arena arena;
    TaskStore tasks;
    std::vector<uint32_t> ready;
};

/// One operation on both stores; `live` are the tasks.
void step_both(Store &alone, Store &shared, std::vector<uint32_t> &live, Random &random)
{
    if (live.size() < 2 || (live.size() < 32 && random.one_in(4))) {
        TaskSlot *one = alone.tasks.allocate();
        TaskSlot *other = shared.tasks.allocate();
        assert_int_equal(alone.tasks.index_of(*one), shared.tasks.index_of(*other));
        live.push_back(alone.tasks.index_of(*one));
        // Waits for as many edges as it will get at most, so that it becomes ready now and then.
        store_relaxed(one->fan_in, 2u);
        store_relaxed(other->fan_in, 2u);
        return;
    }
    const std::size_t at = random.below(live.size());
    const uint32_t producer = live[at];
    if (!random.one_in(5)) {
        const uint32_t consumer = live[random.below(live.size())];
        assert_true(alone.tasks.push_edge(alone.tasks[producer], consumer, Sharing::kAlone) ==
                    shared.tasks.push_edge(shared.tasks[producer], consumer, Sharing::kShared));
        return;
    }
    alone.complete(producer, Sharing::kAlone);
    shared.complete(producer, Sharing::kShared);
    assert_true(alone.ready == shared.ready);
    assert_true(alone.tasks.push_edge(alone.tasks[producer], 0, Sharing::kAlone) !=
                TaskStore::Push::kAdded); // it is complete, or there is no edge
    assert_true(shared.tasks.push_edge(shared.tasks[producer], 0, Sharing::kShared) != TaskStore::Push::kAdded);
    alone.give_back(producer);
    shared.give_back(producer);
    live.erase(live.begin() + static_cast<std::ptrdiff_t>(at));
}

void edges_make_the_same_tasks_ready(void **)
{
    uint64_t ready = 0;
    for (uint64_t seed = 0; seed < 20; seed++) {
        Random random(seed);
        Store alone;
        Store shared;
        std::vector<uint32_t> live;
        for (int i = 0; i < 2000; i++) {
            step_both(alone, shared, live, random);
            ready += alone.ready.size();
            assert_int_equal(alone.tasks.edges().used(), shared.tasks.edges().used());
            assert_int_equal(alone.tasks.edges_pushed(), shared.tasks.edges_pushed());
            for (const uint32_t index : live) {
                assert_int_equal(load_relaxed(alone.tasks[index].fan_in), load_relaxed(shared.tasks[index].fan_in));
                assert_int_equal(load_relaxed(alone.tasks[index].fan_out), load_relaxed(shared.tasks[index].fan_out));
            }
        }
    }
    assert_true(ready > 100);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(cells_take_the_same_values),
        cmocka_unit_test(a_queue_gives_the_same_tasks),
        cmocka_unit_test(a_head_that_was_taken_and_put_back_alone_is_another),
        cmocka_unit_test(a_pool_gives_the_same_cores),
        cmocka_unit_test(edges_make_the_same_tasks_ready),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
