// SPDX-License-Identifier: Apache-2.0
// What completing workers and the owner share: counts, and what completed tasks held.
#include "graph_fixture.hpp"

#include "engine/gate.h"

#include <bit>

namespace {

using namespace pto::test;
using pto::load_relaxed;
using pto::store_relaxed;
using pto::engine::kFanOutClosed;
using pto::engine::kMaxWorkers;

/// Completes a ready task as this worker would.
void complete_one(Graph &graph, uint32_t worker)
{
    for (pto::engine::ReadyQueue &queue : graph.engine.ready) {
        const uint32_t index = queue.pop(&graph.engine.tasks[0]);
        if (index == kNone)
            continue;
        if (TaskSlot *next = graph.engine.complete(worker, graph.engine.tasks[index]); next != nullptr)
            graph.engine.push_ready(*next);
        return;
    }
    fail_msg("no task is ready");
}

// ---- workers that come late

void what_a_worker_completes_counts_once_it_is_engaged(void **)
{
    for (const uint32_t worker : {1u, 2u, 5u, kMaxWorkers - 1}) {
        Graph graph({.workers = 1});
        for (int i = 0; i < 3; i++)
            graph.submit({});
        assert_int_equal(graph.engine.outstanding(), 3);
        graph.engine.engage(worker);
        assert_int_equal(load_relaxed(graph.engine.engaged), worker + 1);
        complete_one(graph, worker);
        assert_int_equal(graph.engine.outstanding(), 2);
        complete_one(graph, 0);
        complete_one(graph, worker);
        assert_int_equal(graph.engine.outstanding(), 0);
        store_relaxed(graph.engine.counts[worker].kernels, uint64_t{4});
        store_relaxed(graph.engine.counts[worker].skipped, uint64_t{2});
        pto::wire::ReportBlock report{};
        graph.engine.fill_report(&report);
        assert_int_equal(report.tasks, 3);
        assert_int_equal(report.kernels, 4);
        assert_int_equal(report.skipped, 2);
    }
}

void engaging_never_disengages(void **)
{
    Graph graph({.workers = 3});
    for (const uint32_t worker : {0u, 2u}) {
        graph.engine.engage(worker);
        assert_int_equal(load_relaxed(graph.engine.engaged), 3);
    }
    graph.engine.engage(3);
    assert_int_equal(load_relaxed(graph.engine.engaged), 4);
    graph.engine.engage(1);
    assert_int_equal(load_relaxed(graph.engine.engaged), 4);
}

void a_run_does_not_count_what_late_workers_did_in_the_one_before(void **)
{
    Graph graph({.workers = 1});
    graph.submit({});
    graph.engine.engage(9);
    complete_one(graph, 9);
    for (std::atomic<uint64_t> *count :
         {&graph.engine.counts[9].kernels, &graph.engine.counts[9].skipped, &graph.engine.counts[9].joins})
        store_relaxed(*count, uint64_t{3});
    graph.finish();
    graph.begin();
    assert_int_equal(load_relaxed(graph.engine.engaged), 1);
    graph.submit({});
    graph.engine.engage(9);
    assert_int_equal(graph.engine.outstanding(), 1);
    complete_one(graph, 9);
    assert_int_equal(graph.engine.outstanding(), 0);
    pto::wire::ReportBlock report{};
    graph.engine.fill_report(&report);
    assert_int_equal(report.tasks, 1);
    assert_int_equal(report.kernels, 0);
    assert_int_equal(report.skipped, 0);
}

void threads_that_engage_at_the_same_time_all_count(void **)
{
    constexpr uint32_t kThreads = 4;
    for (int round = 0; round < 200; round++) {
        Graph graph({.workers = 1});
        for (uint32_t i = 0; i < kThreads; i++)
            graph.submit({});
        on_threads(kThreads, [&](uint32_t thread) {
            graph.engine.engage(thread + 1);
            complete_one(graph, thread + 1);
        });
        assert_int_equal(graph.engine.outstanding(), 0);
        assert_int_equal(load_relaxed(graph.engine.engaged), kThreads + 1);
    }
}

// ---- what completed tasks held

void what_the_owner_completes_is_taken_back_at_once(void **)
{
    Graph graph;
    graph.engine.reclaims_at_once = true;
    pto_tensor held = sized(4);
    PTO_SCOPE (graph.orch) {
        graph.submit({out(held)});
        graph.submit({in(held)});
    }
    assert_int_equal(graph.engine.heap.used_bytes(), 4096);
    assert_int_equal(graph.engine.tasks.used(), 2);
    assert_int_equal(graph.engine.tasks.edges().used(), 1);
    const uint32_t payloads = graph.engine.tasks.payload.live();
    complete_one(graph, 0);
    assert_false(graph.engine.tasks.has_retired());
    assert_int_equal(graph.engine.tasks.used(), 1);
    assert_int_equal(graph.engine.tasks.edges().used(), 0);
    assert_int_equal(graph.engine.tasks.payload.live(), payloads - 1);
    assert_int_equal(graph.engine.heap.used_bytes(), 4096); // its reader has it still
    complete_one(graph, 0);
    assert_int_equal(graph.engine.tasks.used(), 0);
    assert_int_equal(graph.engine.tasks.payload.live(), payloads - 2);
    assert_int_equal(graph.engine.heap.used_bytes(), 0);
    assert_int_equal(graph.engine.outstanding(), 0);
}

void what_others_complete_waits_for_the_owner(void **)
{
    for (const bool at_once : {false, true}) {
        Graph graph;
        graph.engine.reclaims_at_once = at_once;
        pto_tensor held = sized(4);
        PTO_SCOPE (graph.orch) {
            graph.submit({out(held)});
        }
        complete_one(graph, at_once ? 1 : 0);
        assert_true(graph.engine.tasks.has_retired());
        assert_int_equal(graph.engine.heap.used_bytes(), 4096);
        graph.engine.drain_retired();
        assert_false(graph.engine.tasks.has_retired());
        assert_int_equal(graph.engine.heap.used_bytes(), 0);
        assert_int_equal(graph.engine.tasks.used(), 0);
    }
}

void once_nothing_more_is_submitted_nothing_is_taken_back(void **)
{
    Graph graph;
    graph.engine.reclaims_at_once = true;
    pto_tensor held = sized(4);
    graph.submit({out(held)});
    graph.submit({in(held)});
    store_relaxed(graph.engine.recycling, false);
    complete_one(graph, 0);
    complete_one(graph, 1);
    assert_false(graph.engine.tasks.has_retired());
    assert_int_equal(graph.engine.tasks.used(), 2);
    assert_int_equal(graph.engine.heap.used_bytes(), 4096);
    assert_int_equal(graph.engine.outstanding(), 0);
}

/// A random graph of outputs that are read, discarded and left to their scopes: as much room as when the owner takes
/// everything back later, and all of it free at the end.
void room_that_is_taken_back_at_once_is_used_at_once(void **)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        Graph graph({.geometry = Geometry::of_tasks(8), .heap_bytes = 32 << 10});
        graph.engine.reclaims_at_once = true;
        graph.work = [&] {
            for (const pto::engine::ReadyQueue &queue : graph.engine.ready)
                if (!queue.is_empty())
                    return complete_one(graph, 0), true;
            return false;
        };
        Random random(seed);
        for (int i = 0; i < 300; i++) {
            PTO_SCOPE (graph.orch) {
                pto_tensor held[3] = {sized(random.between(1, 4)), sized(random.between(1, 4)), sized(1)};
                graph.submit({out(held[0])});
                graph.submit({in(held[0]), out(held[1])});
                if (random.one_in(2))
                    pto_discard(graph.orch, &held[0]);
                graph.submit({in(held[1]), out(held[2])});
                if (random.one_in(2))
                    complete_one(graph, 0);
                graph.submit({in(held[2]), inout(held[1])});
            }
        }
        assert_int_equal(pto_orch_status(graph.orch), PTO_OK);
        while (graph.engine.outstanding() != 0)
            complete_one(graph, 0);
        assert_int_equal(graph.engine.heap.used_bytes(), 0);
        assert_int_equal(graph.engine.tasks.used(), 0);
        assert_int_equal(graph.engine.tasks.edges().used(), 0);
        assert_int_equal(graph.engine.tasks.payload.live(), 0);
        graph.finish();
    }
}

// ---- an owner that is alone at first

/// A task waits for room, which lets a visitor in, and then gets an edge from a task that the visitor is just
/// completing: the edge must not be put in with plain instructions.
void a_wait_in_the_middle_of_a_task_may_end_the_owner_s_stay_alone(void **)
{
    constexpr uint32_t kRounds = 10000;
    Graph graph({.geometry = Geometry::of_tasks(16), .heap_bytes = 4 << 10, .tensor_count = 1});
    pto::engine::Gate gate;
    graph.engine.gate.use(&gate);
    graph.on_relax = [] { std::this_thread::yield(); };
    std::atomic<TaskSlot *> for_visitor{nullptr};
    std::atomic<bool> over{false};
    std::atomic<TaskSlot *> made_ready{nullptr};
    std::thread visitor([&] {
        Random random(3);
        while (!over.load()) {
            TaskSlot *slot = for_visitor.load();
            if (slot == nullptr)
                continue;
            for (uint64_t spin = random.below(600); spin > 0; spin--)
                std::atomic_signal_fence(std::memory_order_seq_cst);
            TaskSlot *next = graph.engine.complete(1, *slot);
            made_ready.store(next);
            for_visitor.store(nullptr);
            gate.visitors.fetch_sub(1);
        }
    });
    const pto_tensor &argument = graph.args.tensors[0];
    uint32_t alone = 0;
    uint32_t lost = 0;
    for (uint32_t i = 0; i < kRounds && lost == 0; i++) {
        TaskSlot *writer = nullptr;
        TaskSlot *holder = nullptr;
        pto_tensor held = sized(4);
        graph.work = [] { return false; };
        PTO_SCOPE (graph.orch) {
            graph.submit({out(held)});
        }
        holder = &graph.engine.tasks[graph.engine.ready[1].pop(&graph.engine.tasks[0])];
        graph.submit({inout(argument)});
        writer = &graph.engine.tasks[graph.engine.ready[1].pop(&graph.engine.tasks[0])];
        // While the owner waits for the heap a visitor comes in, and the owner completes the holder itself.
        graph.work = [&] {
            if (holder == nullptr)
                return false;
            alone += graph.engine.gate.sharing() == pto::Sharing::kAlone ? 1 : 0;
            graph.engine.gate.open();
            gate.visitors.fetch_add(1);
            for_visitor.store(writer);
            graph.engine.gate.close();
            graph.engine.complete(0, *holder);
            holder = nullptr;
            return true;
        };
        pto_tensor next = sized(4);
        PTO_SCOPE (graph.orch) {
            graph.submit({out(next), inout(argument)});
        }
        while (for_visitor.load() != nullptr)
            std::this_thread::yield();
        while (gate.visitors.load() != 0)
            std::this_thread::yield();
        if (TaskSlot *ready = made_ready.exchange(nullptr); ready != nullptr)
            graph.engine.push_ready(*ready);
        lost = graph.engine.ready[1].is_empty() ? 1 : 0; // a consumer that nobody makes ready
        if (lost == 0)
            complete_one(graph, 0);
    }
    over.store(true);
    visitor.join();
    assert_int_equal(lost, 0);
    assert_int_equal(alone, kRounds);
    graph.engine.gate.use(nullptr);
    graph.work = [] { return false; }; // nothing is left, and the last round's holder is gone
    graph.finish();
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_a_worker_completes_counts_once_it_is_engaged),
        cmocka_unit_test(engaging_never_disengages),
        cmocka_unit_test(a_run_does_not_count_what_late_workers_did_in_the_one_before),
        cmocka_unit_test(threads_that_engage_at_the_same_time_all_count),
        cmocka_unit_test(what_the_owner_completes_is_taken_back_at_once),
        cmocka_unit_test(what_others_complete_waits_for_the_owner),
        cmocka_unit_test(once_nothing_more_is_submitted_nothing_is_taken_back),
        cmocka_unit_test(room_that_is_taken_back_at_once_is_used_at_once),
        cmocka_unit_test(a_wait_in_the_middle_of_a_task_may_end_the_owner_s_stay_alone),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
