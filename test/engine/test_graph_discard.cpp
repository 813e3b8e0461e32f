// SPDX-License-Identifier: Apache-2.0
// Tensors whose life ends before their scope.
#include "graph_fixture.hpp"

namespace {

using namespace pto::test;
using pto::wire::Resource;

/// Tasks that each fill 40 of the 64 KiB, in one scope.
void fill_in_a_loop(Graph &graph, uint32_t rounds, bool discarded)
{
    for (uint32_t i = 0; i < rounds && pto_orch_status(graph.orch) == PTO_OK; i++) {
        pto_tensor tensor = sized(40);
        graph.submit({out(tensor)});
        graph.submit({inout(tensor)});
        if (discarded)
            pto_discard(graph.orch, &tensor);
    }
}

void a_loop_in_one_scope_uses_the_same_memory_again(void **)
{
    Graph graph;
    fill_in_a_loop(graph, 100, true);
    graph.finish_well();
    assert_int_equal(graph.ran.size(), 200);
    assert_int_equal(graph.engine.heap.peak_bytes(), 40 << 10);
}

void without_discarding_that_loop_is_a_proved_deadlock(void **)
{
    Graph graph;
    fill_in_a_loop(graph, 100, false);
    assert_int_equal(static_cast<int>(graph.error().resource), static_cast<int>(Resource::kHeap));
    graph.expect_error(PTO_ERROR_DEADLOCK, "only the end of a scope can free more");
}

void the_memory_is_free_once_the_tasks_are_done(void **)
{
    Graph graph;
    pto_tensor tensor = sized(4);
    graph.submit({out(tensor)});
    graph.submit({in(tensor)});
    pto_discard(graph.orch, &tensor);
    pto_tensor probe = sized(1);
    assert_int_equal(pto_allocate(graph.orch, &probe), PTO_OK);
    assert_int_equal(graph.engine.heap.used_bytes(), 5 << 10);
    assert_true(graph.run_task(0));
    pto_allocate(graph.orch, &probe);
    assert_int_equal(graph.engine.heap.used_bytes(), 6 << 10);
    assert_true(graph.run_task(1));
    pto_allocate(graph.orch, &probe);
    assert_int_equal(graph.engine.heap.used_bytes(), 3 << 10);
    graph.finish_well();
}

void a_tensor_that_no_task_uses_is_free_at_once(void **)
{
    Graph graph;
    const uint32_t buffers = graph.engine.map.buffers().used();
    pto_tensor tensor = sized(4);
    pto_allocate(graph.orch, &tensor);
    pto_discard(graph.orch, &tensor);
    assert_int_equal(graph.engine.heap.used_bytes(), 0);
    assert_int_equal(graph.engine.map.buffers().used(), buffers);
    graph.finish_well();
}

void later_use_is_refused(void **)
{
    const auto after_discard = [](auto &&use) {
        Graph graph;
        pto_tensor tensor = plain(PTO_FLOAT32, {16});
        graph.submit({out(tensor)});
        pto_discard(graph.orch, &tensor);
        use(graph, tensor);
        graph.expect_error(PTO_ERROR_STALE_HANDLE, "after it was discarded");
    };
    const uint32_t index[] = {0};
    after_discard([](Graph &graph, const pto_tensor &tensor) { graph.submit({in(tensor)}); });
    after_discard([](Graph &graph, const pto_tensor &tensor) { graph.submit({no_dep(tensor)}); });
    after_discard([](Graph &graph, const pto_tensor &tensor) { pto_discard(graph.orch, &tensor); });
    after_discard([&](Graph &graph, const pto_tensor &tensor) { pto_get_element(graph.orch, &tensor, index); });
    after_discard([&](Graph &graph, const pto_tensor &tensor) { pto_set_element(graph.orch, &tensor, index, 1); });
    after_discard([](Graph &graph, const pto_tensor &tensor) {
        graph.run_all(); // the buffer itself is gone
        pto_tensor other = sized(1);
        pto_allocate(graph.orch, &other);
        graph.submit({in(tensor)});
    });
}

void a_view_stands_for_its_whole_tensor(void **)
{
    Graph graph;
    pto_tensor tensor = plain(PTO_FLOAT32, {16});
    graph.submit({out(tensor)});
    const pto_tensor view = pto_slice(graph.orch, &tensor, 0, 3, 5, 1);
    pto_discard(graph.orch, &view);
    graph.submit({in(tensor)});
    graph.expect_error(PTO_ERROR_STALE_HANDLE, "task 1: argument 0");
}

void what_the_run_did_not_allocate_cannot_be_discarded(void **)
{
    {
        Graph graph({.tensor_count = 1});
        pto_discard(graph.orch, &graph.args.tensors[0]);
        graph.expect_error(PTO_ERROR_INVALID_ARGUMENT, "no task of this run allocated the tensor");
    }
    {
        Graph graph;
        const pto_tensor unborn = sized(1);
        pto_discard(graph.orch, &unborn);
        graph.expect_error(PTO_ERROR_INVALID_ARGUMENT, "no task of this run allocated the tensor");
    }
    {
        Graph graph;
        pto_discard(graph.orch, nullptr);
        graph.expect_error(PTO_ERROR_INVALID_ARGUMENT, "the tensor is NULL");
    }
    {
        Graph graph;
        pto_tensor made_up = sized(1);
        made_up.owner = 77;
        made_up.buffer = 4000000000u;
        made_up.addr = graph.heap_base();
        pto_discard(graph.orch, &made_up);
        graph.expect_error(PTO_ERROR_STALE_HANDLE, "");
    }
}

void the_others_of_its_scope_stay_in_any_order_of_discarding(void **)
{
    constexpr uint32_t kCount = 6;
    for (uint64_t seed = 0; seed < 60; seed++) {
        Graph graph;
        Random random(seed);
        pto_tensor outer = sized(1);
        graph.submit({out(outer)});
        std::vector<pto_tensor> tensors(kCount, sized(2));
        std::vector<bool> gone(kCount, false);
        PTO_SCOPE (graph.orch) {
            for (pto_tensor &tensor : tensors)
                graph.submit({out(tensor)});
            for (uint32_t k = 0; k < kCount; k++) {
                const uint32_t victim = random.below32(kCount);
                if (gone[victim])
                    continue;
                pto_discard(graph.orch, &tensors[victim]);
                gone[victim] = true;
                assert_int_equal(graph.engine.scopes.top().held_bytes,
                                 2048 * static_cast<uint64_t>(std::count(gone.begin(), gone.end(), false)));
                for (uint32_t i = 0; i < kCount; i++)
                    if (!gone[i])
                        assert_int_not_equal(graph.submit({inout(tensors[i])}), PTO_NO_TASK);
                if (seed % 2 == 0)
                    graph.run_all(); // the buffer is gone before its neighbours in the scope's list are
                graph.submit({});
                const uint64_t held = 2048 * static_cast<uint64_t>(std::count(gone.begin(), gone.end(), false));
                assert_true(seed % 2 != 0 || graph.engine.heap.used_bytes() == 1024 + held);
            }
        }
        graph.run_all();
        graph.submit({in(outer)});
        assert_int_equal(graph.engine.heap.used_bytes(), 1 << 10);
        graph.finish_well();
    }
}

void a_tensor_of_an_outer_scope_can_be_discarded_in_an_inner_one(void **)
{
    Graph graph;
    pto_tensor first = sized(3);
    pto_tensor second = sized(5);
    graph.submit({out(first)});
    graph.submit({out(second)});
    PTO_SCOPE (graph.orch) {
        pto_tensor inner = sized(7);
        graph.submit({out(inner), in(first)});
        pto_discard(graph.orch, &first);
        assert_int_equal(graph.engine.scopes.top().held_bytes, 7 << 10);
        assert_int_equal(graph.engine.scopes.at(0).held_bytes, 5 << 10);
    }
    graph.submit({in(second)});
    graph.run_all();
    pto_discard(graph.orch, &second);
    pto_tensor probe = sized(1);
    pto_allocate(graph.orch, &probe);
    assert_int_equal(graph.engine.heap.used_bytes(), 1 << 10);
    graph.finish_well();
}

void a_discarded_tensor_can_be_allocated_anew(void **)
{
    Graph graph;
    pto_tensor tensor = sized(1);
    graph.submit({out(tensor)});
    const pto_tensor old = tensor;
    pto_discard(graph.orch, &tensor);
    graph.run_all();
    tensor = pto_tensor_like(&tensor);
    graph.submit({out(tensor)});
    assert_int_not_equal(graph.submit({in(tensor)}), PTO_NO_TASK);
    graph.submit({in(old)});
    graph.expect_error(PTO_ERROR_STALE_HANDLE, "");
}

void readers_of_what_was_discarded_still_precede_nobody_else(void **)
{
    Graph graph;
    pto_tensor tensor = sized(40);
    graph.submit({out(tensor)});
    graph.submit({in(tensor)});
    pto_discard(graph.orch, &tensor);
    pto_tensor next = sized(40);
    graph.submit({out(next)}); // waits for the memory: both tasks run first
    assert_int_equal(graph.ran.size(), 2);
    assert_int_equal(next.addr, tensor.addr);
    graph.finish_well();
}

void records_of_discarded_buffers_come_back(void **)
{
    Geometry geometry = Geometry::of_tasks(16);
    geometry.max_buffers = 3;
    Graph graph({.geometry = geometry});
    for (uint32_t i = 0; i < 500; i++) {
        pto_tensor tensor = sized(1);
        graph.submit({out(tensor)});
        graph.submit({inout(pto_slice(graph.orch, &tensor, 0, 0, 512, 1))});
        graph.submit({inout(pto_slice(graph.orch, &tensor, 0, 256, 1024, 1))});
        pto_discard(graph.orch, &tensor);
    }
    graph.finish_well();
    assert_int_equal(graph.ran.size(), 1500);
}

void after_an_error_discarding_does_nothing(void **)
{
    Graph graph;
    pto_tensor tensor = sized(1);
    graph.submit({out(tensor)});
    pto_fatal(graph.orch, 1, "enough");
    pto_discard(graph.orch, &tensor);
    pto_discard(graph.orch, nullptr);
    graph.expect_error(PTO_ERROR_ORCHESTRATION_FATAL, "enough");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_loop_in_one_scope_uses_the_same_memory_again),
        cmocka_unit_test(without_discarding_that_loop_is_a_proved_deadlock),
        cmocka_unit_test(the_memory_is_free_once_the_tasks_are_done),
        cmocka_unit_test(a_tensor_that_no_task_uses_is_free_at_once),
        cmocka_unit_test(later_use_is_refused),
        cmocka_unit_test(a_view_stands_for_its_whole_tensor),
        cmocka_unit_test(what_the_run_did_not_allocate_cannot_be_discarded),
        cmocka_unit_test(the_others_of_its_scope_stay_in_any_order_of_discarding),
        cmocka_unit_test(a_tensor_of_an_outer_scope_can_be_discarded_in_an_inner_one),
        cmocka_unit_test(a_discarded_tensor_can_be_allocated_anew),
        cmocka_unit_test(readers_of_what_was_discarded_still_precede_nobody_else),
        cmocka_unit_test(records_of_discarded_buffers_come_back),
        cmocka_unit_test(after_an_error_discarding_does_nothing),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
