// SPDX-License-Identifier: Apache-2.0
#include "engine_test.hpp"

#include "engine/task_store.h"

#include <set>

namespace {

using namespace pto::engine;
using namespace pto;
using namespace pto::test;

struct Fixture {
    explicit Fixture(uint32_t tasks = 8, uint32_t edges = 64) : arena(size_of(tasks, edges))
    {
        Carver carver(arena.get());
        store.layout(carver, tasks, 16, edges);
        store.reset();
    }
    static std::size_t size_of(uint32_t tasks, uint32_t edges)
    {
        TaskStore measured;
        Carver carver(nullptr);
        measured.layout(carver, tasks, 16, edges);
        return carver.used_bytes();
    }
    /// Completes a task; returns the consumers that became ready.
    std::vector<TaskSlot *> complete(TaskSlot &slot)
    {
        std::vector<TaskSlot *> ready;
        store.close_edges(slot, pto::Sharing::kShared, [&](TaskSlot &consumer) { ready.push_back(&consumer); });
        return ready;
    }
    /// What the owner does with all that was retired; returns how many that were.
    uint32_t drain()
    {
        uint32_t count = 0;
        for (uint32_t at = store.take_retired(); at != kNone; count++) {
            TaskSlot &slot = store[at];
            at = load_relaxed(slot.next);
            store.reclaim_edges(slot);
            store.free(slot);
        }
        return count;
    }

    Arena arena;
    TaskStore store;
};

void ids_are_never_given_again(void **)
{
    Fixture fixture;
    Random random(31);
    std::set<uint64_t> ids;
    std::vector<TaskSlot *> held;
    for (int i = 0; i < 20000; i++) {
        if (random.one_in(500)) {
            fixture.store.reset();
            held.clear();
        } else if (!held.empty() && random.one_in(2)) {
            const std::size_t at = random.below(held.size());
            fixture.store.free(*held[at]);
            held.erase(held.begin() + static_cast<std::ptrdiff_t>(at));
        } else if (TaskSlot *slot = fixture.store.allocate(); slot != nullptr) {
            assert_true(ids.insert(fixture.store.id_of(*slot).bits).second);
            held.push_back(slot);
        } else {
            assert_int_equal(held.size(), fixture.store.capacity());
        }
        if (random.one_in(4))
            assert_true(ids.insert(fixture.store.make_orphan_id().bits).second);
        assert_int_equal(fixture.store.used(), held.size());
    }
    assert_false(ids.contains(PTO_NO_TASK));
    assert_false(ids.contains(0));
}

void slots_run_out_and_come_back(void **)
{
    Fixture fixture(3);
    TaskSlot *slots[3];
    for (TaskSlot *&slot : slots)
        slot = fixture.store.allocate();
    assert_null(fixture.store.allocate());
    fixture.store.free(*slots[1]);
    assert_ptr_equal(fixture.store.allocate(), slots[1]);
    assert_null(fixture.store.allocate());
    assert_int_equal(fixture.store.peak(), 3);
}

void a_fresh_slot_is_open_and_cannot_start(void **)
{
    Fixture fixture;
    for (int i = 0; i < 3; i++) {
        TaskSlot *slot = fixture.store.allocate();
        assert_int_equal(load_relaxed(slot->fan_in), kFanInBias);
        assert_int_equal(load_relaxed(slot->fan_out), kFanOutOpen);
        assert_int_equal(slot->mark, 0);
        assert_int_equal(slot->next_block, 0);
        slot->mark = slot->next_block = 77;
        fixture.complete(*slot);
        fixture.store.free(*slot);
    }
}

void a_task_is_live_until_it_completes(void **)
{
    Fixture fixture;
    TaskSlot *slot = fixture.store.allocate();
    const TaskId id = fixture.store.id_of(*slot);
    assert_ptr_equal(fixture.store.find_live(id), slot);
    fixture.complete(*slot);
    assert_null(fixture.store.find_live(id));
    fixture.store.free(*slot);
    assert_null(fixture.store.find_live(id));
    TaskSlot *again = fixture.store.allocate();
    assert_ptr_equal(again, slot);
    assert_null(fixture.store.find_live(id));
    assert_ptr_equal(fixture.store.find_live(fixture.store.id_of(*again)), slot);
}

void ids_that_name_nothing_are_not_live(void **)
{
    Fixture fixture;
    TaskSlot *slot = fixture.store.allocate();
    const TaskId id = fixture.store.id_of(*slot);
    assert_null(fixture.store.find_live(TaskId::none()));
    assert_null(fixture.store.find_live(TaskId{0}));
    assert_null(fixture.store.find_live(fixture.store.make_orphan_id()));
    assert_null(fixture.store.find_live(TaskId::of(id.slot() + 1, id.generation())));
    assert_null(fixture.store.find_live(TaskId::of(id.slot(), id.generation() + 1)));
    assert_null(fixture.store.find_live(TaskId::of(kNone - 1, id.generation())));
    fixture.store.reset();
    assert_null(fixture.store.find_live(id));
    fixture.store.allocate();
    assert_null(fixture.store.find_live(id));
}

void the_last_producer_makes_the_consumer_ready(void **)
{
    Fixture fixture;
    TaskSlot *first = fixture.store.allocate();
    TaskSlot *second = fixture.store.allocate();
    TaskSlot *consumer = fixture.store.allocate();
    const uint32_t index = fixture.store.index_of(*consumer);
    assert_true(fixture.store.push_edge(*first, index) == TaskStore::Push::kAdded);
    assert_true(fixture.store.push_edge(*second, index) == TaskStore::Push::kAdded);
    store_relaxed(consumer->fan_in, 2u);
    assert_true(fixture.complete(*first).empty());
    assert_true(fixture.complete(*second) == std::vector<TaskSlot *>{consumer});
    assert_int_equal(fixture.store.edges_pushed(), 2);
}

void a_consumer_that_is_being_submitted_is_not_started(void **)
{
    Fixture fixture;
    TaskSlot *producer = fixture.store.allocate();
    TaskSlot *consumer = fixture.store.allocate();
    fixture.store.push_edge(*producer, fixture.store.index_of(*consumer));
    assert_true(fixture.complete(*producer).empty());
    assert_int_equal(load_relaxed(consumer->fan_in), kFanInBias - 1);
}

void a_complete_producer_takes_no_edge(void **)
{
    Fixture fixture(2, 1);
    TaskSlot *producer = fixture.store.allocate();
    TaskSlot *consumer = fixture.store.allocate();
    fixture.complete(*producer);
    for (int i = 0; i < 3; i++)
        assert_true(fixture.store.push_edge(*producer, fixture.store.index_of(*consumer)) ==
                    TaskStore::Push::kComplete);
    assert_int_equal(fixture.store.edges().used(), 0);
    assert_int_equal(fixture.store.edges_pushed(), 0);
}

void edges_run_out_and_come_back(void **)
{
    Fixture fixture(4, 2);
    TaskSlot *producer = fixture.store.allocate();
    TaskSlot *consumer = fixture.store.allocate();
    const uint32_t index = fixture.store.index_of(*consumer);
    assert_true(fixture.store.push_edge(*producer, index) == TaskStore::Push::kAdded);
    assert_true(fixture.store.push_edge(*producer, index) == TaskStore::Push::kAdded);
    assert_true(fixture.store.push_edge(*producer, index) == TaskStore::Push::kExhausted);
    fixture.complete(*producer);
    fixture.store.retire(*producer);
    assert_int_equal(fixture.drain(), 1);
    assert_int_equal(fixture.store.edges().available(), 2);
}

void what_is_retired_is_taken_once(void **)
{
    Fixture fixture;
    assert_int_equal(fixture.store.take_retired(), kNone);
    for (int i = 0; i < 5; i++) {
        TaskSlot *slot = fixture.store.allocate();
        fixture.complete(*slot);
        fixture.store.retire(*slot);
    }
    assert_int_equal(fixture.drain(), 5);
    assert_int_equal(fixture.store.used(), 0);
    assert_int_equal(fixture.drain(), 0);
}

// ---- two threads

struct Race {
    std::atomic<uint32_t> round{0};
    std::atomic<uint32_t> begun{0}; ///< The owner looks at it without acquiring: it orders nothing.
    std::atomic<uint32_t> closed{0};
    uint64_t written = 0; ///< What the producer's kernel writes: plain memory.
    uint32_t ready = 0;
};

/// Spins first: a thread that has yielded comes back when the other one is through.
template <class Condition> void wait_until(Condition &&condition)
{
    for (uint32_t round = 0; !condition(); round++)
        if (round > 20000)
            std::this_thread::yield();
}

/// The worker: completes the producer of each round as soon as it sees the round.
void complete_rounds(Fixture *fixture, TaskSlot *producer, Race *race, uint32_t rounds)
{
    for (uint32_t round = 1; round <= rounds; round++) {
        wait_until([&] { return load_acquire(race->round) == round; });
        store_release(race->begun, round);
        race->written = round;
        race->ready = static_cast<uint32_t>(fixture->complete(*producer).size());
        fixture->store.retire(*producer);
        store_release(race->closed, round);
    }
}

struct Outcome {
    bool sound = true;
    uint32_t added = 0;
    uint32_t refused = 0;
};

/// The owner: gives the producer of a round its consumers, some of them while it completes, at times one afterwards.
Outcome push_edges(Fixture &fixture, TaskSlot &producer, const std::vector<TaskSlot *> &consumers, Race &race,
                   Random &random)
{
    Outcome outcome;
    const uint32_t round = load_relaxed(race.round);
    const TaskId id = fixture.store.id_of(producer);
    const std::size_t meet = random.below(consumers.size() + 1);
    const bool late = random.one_in(4);
    for (std::size_t i = 0; i < consumers.size(); i++) {
        if (i == meet)
            wait_until([&] { return load_relaxed(race.begun) == round; });
        if (late && i + 1 == consumers.size())
            wait_until([&] { return load_relaxed(producer.fan_out) == kFanOutClosed; });
        const TaskStore::Push pushed = fixture.store.push_edge(producer, fixture.store.index_of(*consumers[i]));
        outcome.sound = outcome.sound && pushed != TaskStore::Push::kExhausted;
        outcome.added += pushed == TaskStore::Push::kAdded ? 1 : 0;
        if (pushed != TaskStore::Push::kComplete)
            continue;
        outcome.refused++; // then all that the producer wrote is here
        outcome.sound = outcome.sound && race.written == round && fixture.store.find_live(id) == nullptr;
    }
    return outcome;
}

void an_edge_is_taken_or_refused_while_the_producer_completes(void **)
{
    constexpr uint32_t kConsumers = 12;
    constexpr uint32_t kRounds = 5000;
    Fixture fixture(kConsumers + 1, kConsumers);
    Race race;
    Random random(32);
    Outcome total;
    TaskSlot *producer = fixture.store.allocate();
    std::thread worker(complete_rounds, &fixture, producer, &race, kRounds);
    for (uint32_t round = 1; round <= kRounds; round++) {
        std::vector<TaskSlot *> consumers(kConsumers);
        for (TaskSlot *&consumer : consumers)
            consumer = fixture.store.allocate();
        store_release(race.round, round);
        const Outcome outcome = push_edges(fixture, *producer, consumers, race, random);
        wait_until([&] { return load_acquire(race.closed) == round; });
        uint32_t counted = 0;
        for (TaskSlot *consumer : consumers) {
            counted += kFanInBias - load_relaxed(consumer->fan_in);
            fixture.store.free(*consumer);
        }
        total.sound = total.sound && outcome.sound && counted == outcome.added && race.ready == 0;
        total.sound = total.sound && fixture.drain() == 1 && fixture.store.edges().used() == 0;
        total.sound = total.sound && fixture.store.allocate() == producer;
        total.added += outcome.added;
        total.refused += outcome.refused;
    }
    worker.join();
    assert_true(total.sound);
    assert_true(total.added > 0 && total.refused > 0);
    print_message("# %u edges came in time, %u did not\n", total.added, total.refused);
}

void the_retired_stack_loses_nothing(void **)
{
    constexpr uint32_t kWorkers = 3;
    constexpr uint32_t kPerWorker = 20000;
    Fixture fixture(kWorkers * kPerWorker, 1);
    std::vector<TaskSlot *> slots;
    while (TaskSlot *slot = fixture.store.allocate())
        slots.push_back(slot);
    std::vector<uint32_t> seen(slots.size());
    std::atomic<uint32_t> working{kWorkers};
    uint32_t broken = 0;
    on_threads(kWorkers + 1, [&](uint32_t thread) {
        if (thread < kWorkers) {
            for (uint32_t i = 0; i < kPerWorker; i++) {
                TaskSlot &slot = *slots[thread * kPerWorker + i];
                slot.next_block = 1000 + thread; // plain memory that the owner reads
                fixture.store.close_edges(slot, pto::Sharing::kShared, [](TaskSlot &) {});
                fixture.store.retire(slot);
            }
            working.fetch_sub(1);
            return;
        }
        for (bool last = false; !last;) {
            last = working.load() == 0;
            for (uint32_t at = fixture.store.take_retired(); at != kNone;) {
                TaskSlot &slot = fixture.store[at];
                broken += ++seen[at] == 1 && slot.next_block == 1000 + at / kPerWorker ? 0 : 1;
                at = load_relaxed(slot.next);
                fixture.store.free(slot);
            }
        }
    });
    assert_int_equal(broken, 0);
    assert_int_equal(fixture.store.used(), 0);
    assert_int_equal(fixture.store.take_retired(), kNone);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_never_given_again),
        cmocka_unit_test(slots_run_out_and_come_back),
        cmocka_unit_test(a_fresh_slot_is_open_and_cannot_start),
        cmocka_unit_test(a_task_is_live_until_it_completes),
        cmocka_unit_test(ids_that_name_nothing_are_not_live),
        cmocka_unit_test(the_last_producer_makes_the_consumer_ready),
        cmocka_unit_test(a_consumer_that_is_being_submitted_is_not_started),
        cmocka_unit_test(a_complete_producer_takes_no_edge),
        cmocka_unit_test(edges_run_out_and_come_back),
        cmocka_unit_test(what_is_retired_is_taken_once),
        cmocka_unit_test(an_edge_is_taken_or_refused_while_the_producer_completes),
        cmocka_unit_test(the_retired_stack_loses_nothing),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
