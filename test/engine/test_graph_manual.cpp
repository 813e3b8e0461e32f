// SPDX-License-Identifier: Apache-2.0
// Manual scopes: nothing is inferred inside, and the order with tasks before and after them stays.
#include "graph_fixture.hpp"

namespace {

using namespace pto::test;
using pto::load_relaxed;
using pto::wire::Resource;

void tasks_in_a_manual_scope_run_although_they_conflict(void **)
{
    Graph graph({.tensor_count = 1});
    const pto_tensor &tensor = graph.args.tensors[0];
    PTO_MANUAL_SCOPE(graph.orch)
    {
        for (int i = 0; i < 5; i++)
            graph.submit({inout(tensor)});
        assert_int_equal(graph.ready_count(), 5);
    }
    graph.finish_well();
    assert_int_equal(graph.joins, 1);
}

void explicit_dependencies_order_them(void **)
{
    Graph graph;
    PTO_MANUAL_SCOPE(graph.orch)
    {
        pto_task_id last = graph.submit({});
        for (int i = 0; i < 5; i++)
            last = graph.submit({}, {last});
        graph.submit({});
    }
    assert_int_equal(graph.ready_count(), 2);
    graph.finish_well();
    graph.ran.erase(std::find(graph.ran.begin(), graph.ran.end(), 6u));
    assert_true((graph.ran == std::vector<uint32_t>{0, 1, 2, 3, 4, 5}));
}

void a_task_after_the_scope_waits_for_all_that_conflict(void **)
{
    Graph graph({.tensor_count = 2});
    const pto_tensor &a = graph.args.tensors[0];
    const pto_tensor &b = graph.args.tensors[1];
    PTO_MANUAL_SCOPE(graph.orch)
    {
        graph.submit({inout(a)});
        graph.submit({inout(a)});
        graph.submit({in(a)});
    }
    graph.submit({in(a)});
    graph.submit({inout(b)});
    assert_int_equal(graph.ready_count(), 4);
    for (const uint32_t ordinal : {2u, 0u}) {
        assert_true(graph.run_task(ordinal));
        graph.run_joins();
        assert_false(graph.run_task(3));
    }
    assert_true(graph.run_task(1));
    graph.run_joins();
    assert_true(graph.run_task(3));
    graph.finish_well();
}

void readers_in_the_scope_precede_a_writer_after_it(void **)
{
    Graph graph({.tensor_count = 1});
    const pto_tensor &tensor = graph.args.tensors[0];
    PTO_MANUAL_SCOPE(graph.orch)
    {
        graph.submit({in(tensor)});
        graph.submit({in(tensor)});
    }
    graph.submit({in(tensor)});
    graph.submit({write(tensor)});
    assert_int_equal(graph.ready_count(), 3);
    assert_true(graph.run_task(2) && graph.run_task(0));
    graph.run_joins();
    assert_false(graph.run_task(3));
    assert_true(graph.run_task(1));
    graph.run_joins();
    assert_true(graph.run_task(3));
    graph.finish_well();
}

void tasks_before_the_scope_precede_those_after_it(void **)
{
    Graph graph({.tensor_count = 1});
    const pto_tensor &tensor = graph.args.tensors[0];
    graph.submit({inout(tensor)});
    PTO_MANUAL_SCOPE(graph.orch)
    {
        graph.submit({inout(tensor)}); // not even for the one before the scope
    }
    graph.submit({inout(tensor)});
    assert_int_equal(graph.ready_count(), 2);
    assert_true(graph.run_task(1));
    graph.run_joins();
    assert_false(graph.run_task(2));
    assert_true(graph.run_task(0));
    graph.run_joins();
    assert_true(graph.run_task(2));
    graph.finish_well();
}

void a_dependency_on_a_task_before_the_scope_is_waited_for(void **)
{
    Graph graph({.tensor_count = 1});
    const pto_tensor &tensor = graph.args.tensors[0];
    const pto_task_id before = graph.submit({inout(tensor)});
    pto_task_id inside = PTO_NO_TASK;
    PTO_MANUAL_SCOPE(graph.orch)
    {
        inside = graph.submit({inout(tensor)}, {before});
        assert_int_equal(graph.ready_count(), 1);
    }
    graph.submit({}, {inside});
    assert_int_equal(graph.ready_count(), 1);
    graph.finish_well();
    assert_true((graph.ran == std::vector<uint32_t>{0, 1, 2}));
}

void outputs_of_the_scope_are_waited_for_only_by_name(void **)
{
    Graph graph;
    PTO_MANUAL_SCOPE(graph.orch)
    {
        pto_tensor tensor = sized(1);
        const pto_task_id producer = graph.submit({out(tensor)});
        graph.submit({in(tensor)});
        graph.submit({in(tensor)}, {producer});
        assert_int_equal(graph.ready_count(), 2);
    }
    graph.run_all();
    pto_tensor probe = sized(1);
    pto_allocate(graph.orch, &probe);
    assert_int_equal(graph.engine.heap.used_bytes(), 1 << 10); // the output ended with its scope
    graph.finish_well();
}

void nested_manual_scopes_are_one_for_those_outside(void **)
{
    Graph graph({.tensor_count = 1});
    const pto_tensor &tensor = graph.args.tensors[0];
    PTO_MANUAL_SCOPE(graph.orch)
    {
        graph.submit({inout(tensor)});
        PTO_MANUAL_SCOPE(graph.orch)
        {
            pto_tensor inner = sized(1);
            graph.submit({inout(tensor), out(inner)});
        }
        graph.submit({inout(tensor)}); // still inside
        assert_int_equal(graph.ready_count(), 3);
    }
    graph.submit({inout(tensor)});
    assert_true(graph.run_task(2) && graph.run_task(1));
    graph.run_joins();
    assert_false(graph.run_task(3));
    graph.finish_well();
    assert_int_equal(graph.joins, 1);
    assert_int_equal(graph.ran.back(), 3);
}

void one_manual_scope_after_the_other(void **)
{
    Graph graph({.tensor_count = 1});
    const pto_tensor &tensor = graph.args.tensors[0];
    for (int i = 0; i < 3; i++)
        PTO_MANUAL_SCOPE(graph.orch)
        {
            graph.submit({inout(tensor)});
        }
    graph.submit({inout(tensor)});
    assert_int_equal(graph.ready_count(), 3);
    assert_true(graph.run_task(2) && graph.run_task(1));
    graph.run_joins();
    assert_false(graph.run_task(3));
    graph.finish_well();
    assert_int_equal(graph.ran.back(), 3);
    assert_int_equal(graph.joins, 3);
}

void an_empty_manual_scope_leaves_nothing(void **)
{
    Graph graph({.geometry = Geometry::of_tasks(2)});
    for (int i = 0; i < 100; i++)
        PTO_MANUAL_SCOPE(graph.orch)
        {
            PTO_MANUAL_SCOPE(graph.orch) {}
        }
    assert_int_equal(graph.engine.tasks.used(), 0);
    assert_int_equal(load_relaxed(graph.engine.submitted), 0);
    graph.submit({});
    graph.finish_well();
}

void joins_are_not_the_orchestrations_tasks(void **)
{
    Graph graph({.tensor_count = 1});
    const auto tasks = [&] {
        pto::wire::ReportBlock report{};
        graph.engine.fill_report(&report);
        return report.tasks;
    };
    PTO_MANUAL_SCOPE(graph.orch)
    {
        graph.submit({inout(graph.args.tensors[0])});
        graph.submit({inout(graph.args.tensors[0])});
    }
    graph.submit({inout(graph.args.tensors[0])});
    assert_int_equal(graph.ready_count(), 2);
    assert_true(graph.run_task(0));
    assert_int_equal(tasks(), 1); // although the join is submitted and not complete
    assert_true(graph.run_task(1));
    graph.run_joins();
    assert_int_equal(tasks(), 2);
    assert_true(graph.run_task(2)); // its number does not count the join
    graph.finish_well();
    assert_int_equal(tasks(), 3);
    graph.begin();
    graph.submit({});
    graph.finish_well();
    assert_int_equal(tasks(), 1);
}

void predicates_are_not_waited_for_but_precede_what_comes_after(void **)
{
    Graph graph({.tensor_count = 1});
    const pto_tensor &flags = graph.args.tensors[0];
    const pto_predicate predicate{PTO_PREDICATE_EQ, {}, &flags, 0};
    graph.submit({write(flags)});
    PTO_MANUAL_SCOPE(graph.orch)
    {
        pto_task task = Graph::aiv_task();
        task.predicate = &predicate;
        pto_submit_task(graph.orch, &task);
    }
    assert_int_equal(graph.ready_count(), 2);
    graph.submit({write(flags)});
    graph.run_task(0);
    graph.run_joins();
    assert_false(graph.run_task(2));
    graph.finish_well();
    assert_int_equal(graph.ran.back(), 2);
}

// ---- elements

void an_element_waits_for_the_tasks_of_the_scope(void **)
{
    Graph graph({.tensor_count = 2});
    const pto_tensor &a = graph.args.tensors[0];
    const uint32_t index[] = {3};
    graph.kernel = [&](TaskSlot &slot) {
        if (slot.ordinal == 1)
            reinterpret_cast<float *>(a.addr)[3] = 7.0f;
    };
    PTO_MANUAL_SCOPE(graph.orch)
    {
        graph.submit({in(a)});
        assert_true(pto_get_element(graph.orch, &a, index) == 0);
        assert_true(graph.ran.empty()); // a reader is no reason to wait
        graph.submit({write(a)});
        assert_true(pto_f32_of(pto_get_element(graph.orch, &a, index)) == 7.0f);
        graph.submit({in(a)});
        pto_set_element(graph.orch, &a, index, pto_bits_f32(8.0f));
        assert_int_equal(graph.ran.size(), 3);
        graph.submit({in(graph.args.tensors[1])});
        pto_get_element(graph.orch, &graph.args.tensors[1], index);
        assert_int_equal(graph.ran.size(), 3);
    }
    assert_true(pto_f32_of(pto_get_element(graph.orch, &a, index)) == 8.0f);
    graph.finish_well();
}

void an_element_after_the_scope_waits_for_its_join(void **)
{
    Graph graph({.tensor_count = 1});
    const pto_tensor &tensor = graph.args.tensors[0];
    const uint32_t index[] = {0};
    graph.kernel = [&](TaskSlot &slot) {
        reinterpret_cast<float *>(tensor.addr)[0] += static_cast<float>(slot.ordinal + 1);
    };
    PTO_MANUAL_SCOPE(graph.orch)
    {
        graph.submit({inout(tensor)});
        graph.submit({inout(tensor)});
    }
    assert_true(pto_f32_of(pto_get_element(graph.orch, &tensor, index)) == 3.0f);
    graph.finish_well();
}

// ---- what is scarce

void a_manual_scope_passes_through_two_slots(void **)
{
    for (const uint32_t slots : {2u, 4u}) {
        Graph graph({.geometry = Geometry::of_tasks(slots), .tensor_count = 1});
        const pto_tensor &tensor = graph.args.tensors[0];
        for (uint32_t round = 0; round < 20; round++) {
            graph.submit({inout(tensor)});
            PTO_MANUAL_SCOPE(graph.orch)
            {
                for (uint32_t i = 0; i < 50; i++)
                    graph.submit({inout(tensor)});
            }
            graph.submit({inout(tensor)});
        }
        graph.finish_well();
        assert_int_equal(graph.ran.size(), 20 * 52);
        assert_int_equal(graph.joins, 20);
    }
}

void a_manual_scope_needs_a_slot_beside_its_tasks(void **)
{
    Graph graph({.geometry = Geometry::of_tasks(1)});
    pto_scope_begin_manual(graph.orch);
    assert_int_equal(graph.submit({}), PTO_NO_TASK);
    assert_int_equal(static_cast<int>(graph.error().resource), static_cast<int>(Resource::kTaskSlots));
    graph.expect_error(PTO_ERROR_DEADLOCK, "task slots");
}

void memory_is_waited_for_in_a_manual_scope(void **)
{
    Graph graph;
    PTO_MANUAL_SCOPE(graph.orch)
    {
        for (int i = 0; i < 50; i++) {
            PTO_MANUAL_SCOPE(graph.orch)
            {
                pto_tensor tensor = sized(40);
                const pto_task_id producer = graph.submit({out(tensor)});
                graph.submit({inout(tensor)}, {producer});
            }
        }
        for (int i = 0; i < 50; i++) {
            pto_tensor tensor = sized(40);
            graph.submit({out(tensor)});
            pto_discard(graph.orch, &tensor);
        }
    }
    graph.finish_well();
    assert_int_equal(graph.engine.heap.peak_bytes(), 40 << 10);
}

void payload_of_any_size_fits_while_a_manual_scope_is_open(void **)
{
    Geometry geometry = Geometry::of_tasks(8);
    geometry.payload_lines = 128; // one task of most arguments, or many of few
    Graph graph({.geometry = geometry, .tensor_count = 1});
    const pto_tensor &tensor = graph.args.tensors[0];
    PTO_MANUAL_SCOPE(graph.orch)
    {
        for (uint32_t round = 0; round < 4; round++)
            for (uint32_t size = 1; size <= PTO_KERNEL_MAX_TENSORS; size++) {
                std::vector<pto_arg> list(size, in(tensor));
                assert_int_not_equal(
                    pto_submit_kernels(graph.orch, PTO_NO_KERNEL, kAivFunc, PTO_NO_KERNEL, list.data(), size),
                    PTO_NO_TASK);
            }
        std::vector<pto_arg> most(PTO_KERNEL_MAX_TENSORS, in(tensor));
        most.resize(PTO_KERNEL_MAX_TENSORS + 1, pto_arg_of_scalar(1)); // beyond 64 lines
        assert_int_not_equal(pto_submit_kernels(graph.orch, PTO_NO_KERNEL, kAivFunc, PTO_NO_KERNEL, most.data(),
                                                PTO_KERNEL_MAX_TENSORS + 1),
                             PTO_NO_TASK);
    }
    graph.finish_well();
}

void without_edges_the_tasks_of_the_scope_are_waited_for(void **)
{
    for (uint32_t edges = 1; edges < 5; edges++) {
        Geometry geometry = Geometry::of_tasks(64);
        geometry.max_edges = edges;
        Graph graph({.geometry = geometry, .tensor_count = 2});
        const pto_tensor &tensor = graph.args.tensors[0];
        for (uint32_t i = 0; i < 3; i++)
            graph.submit({in(tensor)});
        PTO_MANUAL_SCOPE(graph.orch)
        {
            std::vector<pto_task_id> ids;
            for (uint32_t i = 0; i < 20; i++) {
                pto_task task = Graph::aiv_task();
                const pto_arg list[] = {inout(tensor), in(graph.args.tensors[1])};
                task.args = list;
                task.arg_count = 2;
                task.dependencies = ids.data();
                task.dependency_count = static_cast<uint32_t>(ids.size());
                ids.push_back(pto_submit_task(graph.orch, &task));
                assert_int_not_equal(ids.back(), PTO_NO_TASK);
            }
        }
        graph.submit({inout(tensor)});
        graph.finish_well();
        assert_int_equal(graph.ran.back(), 23);
    }
}

void without_room_in_the_map_the_order_stays(void **)
{
    Geometry geometry = Geometry::of_tasks(64);
    geometry.max_nodes = 12;
    geometry.max_readers = 4;
    Graph graph({.geometry = geometry, .tensor_count = 1});
    const pto_tensor &tensor = graph.args.tensors[0];
    PTO_MANUAL_SCOPE(graph.orch)
    {
        for (uint32_t i = 0; i < 60; i++) {
            const pto_tensor part = pto_slice(graph.orch, &tensor, 0, i, i + 3, 1);
            assert_int_not_equal(graph.submit({i % 2 == 0 ? in(part) : inout(part)}), PTO_NO_TASK);
        }
    }
    graph.submit({inout(tensor)});
    graph.finish_well();
    assert_int_equal(graph.ran.back(), 60);
}

// ---- errors

void an_inferring_scope_inside_a_manual_one_is_refused(void **)
{
    Graph graph;
    pto_scope_begin_manual(graph.orch);
    pto_scope_begin(graph.orch);
    graph.expect_error(PTO_ERROR_SCOPE, "inside a manual one");
}

void a_manual_scope_inside_an_inferring_one_is_fine(void **)
{
    Graph graph({.tensor_count = 1});
    const pto_tensor &tensor = graph.args.tensors[0];
    PTO_SCOPE (graph.orch) {
        PTO_MANUAL_SCOPE(graph.orch)
        {
            graph.submit({inout(tensor)});
        }
        PTO_SCOPE (graph.orch) {
            graph.submit({inout(tensor)});
            graph.submit({inout(tensor)});
        }
        assert_int_equal(graph.ready_count(), 1);
    }
    graph.finish_well();
}

void a_manual_scope_left_open_is_an_error_and_the_next_run_works(void **)
{
    Graph graph({.tensor_count = 1});
    pto_scope_begin_manual(graph.orch);
    graph.submit({inout(graph.args.tensors[0])});
    graph.finish();
    assert_int_equal(pto_orch_status(graph.orch), PTO_ERROR_SCOPE);
    graph.begin();
    graph.submit({inout(graph.args.tensors[0])});
    graph.submit({inout(graph.args.tensors[0])}); // inferred again
    assert_int_equal(graph.ready_count(), 1);
    graph.finish_well();
}

void an_unknown_mode_is_refused(void **)
{
    Graph graph;
    graph.orch->ops->scope_begin(graph.orch, 2);
    graph.expect_error(PTO_ERROR_SCOPE, "unknown mode 2");
}

void manual_scopes_nest_no_deeper_than_others(void **)
{
    Graph graph;
    for (uint32_t i = 0; i <= PTO_MAX_SCOPE_DEPTH; i++)
        pto_scope_begin_manual(graph.orch);
    graph.expect_error(PTO_ERROR_SCOPE, "nested more than 64 deep");
}

void a_made_up_id_of_the_join_is_no_dependency(void **)
{
    Graph graph;
    pto_scope_begin_manual(graph.orch);
    const pto_task_id first = graph.submit({});
    const pto::engine::TaskId id{first};
    const pto_task_id join = pto::engine::TaskId::of(id.slot() - 1, id.generation() - 1).bits;
    assert_non_null(graph.engine.tasks.find_live(pto::engine::TaskId{join}));
    graph.submit({}, {join});
    assert_int_equal(graph.ready_count(), 2);
    pto_scope_end(graph.orch);
    graph.finish_well();
}

void an_error_inside_a_manual_scope_ends_the_run(void **)
{
    Graph graph({.tensor_count = 1});
    graph.submit({inout(graph.args.tensors[0])});
    PTO_MANUAL_SCOPE(graph.orch)
    {
        graph.submit({inout(graph.args.tensors[0])});
        const pto_tensor unborn = sized(1);
        graph.submit({inout(graph.args.tensors[0]), in(unborn)});
        graph.submit({inout(graph.args.tensors[0])});
    }
    graph.expect_error(PTO_ERROR_STALE_HANDLE, "was never allocated");
    graph.begin();
    graph.submit({});
    graph.finish_well();
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(tasks_in_a_manual_scope_run_although_they_conflict),
        cmocka_unit_test(explicit_dependencies_order_them),
        cmocka_unit_test(a_task_after_the_scope_waits_for_all_that_conflict),
        cmocka_unit_test(readers_in_the_scope_precede_a_writer_after_it),
        cmocka_unit_test(tasks_before_the_scope_precede_those_after_it),
        cmocka_unit_test(a_dependency_on_a_task_before_the_scope_is_waited_for),
        cmocka_unit_test(outputs_of_the_scope_are_waited_for_only_by_name),
        cmocka_unit_test(nested_manual_scopes_are_one_for_those_outside),
        cmocka_unit_test(one_manual_scope_after_the_other),
        cmocka_unit_test(an_empty_manual_scope_leaves_nothing),
        cmocka_unit_test(joins_are_not_the_orchestrations_tasks),
        cmocka_unit_test(predicates_are_not_waited_for_but_precede_what_comes_after),
        cmocka_unit_test(an_element_waits_for_the_tasks_of_the_scope),
        cmocka_unit_test(an_element_after_the_scope_waits_for_its_join),
        cmocka_unit_test(a_manual_scope_passes_through_two_slots),
        cmocka_unit_test(a_manual_scope_needs_a_slot_beside_its_tasks),
        cmocka_unit_test(memory_is_waited_for_in_a_manual_scope),
        cmocka_unit_test(payload_of_any_size_fits_while_a_manual_scope_is_open),
        cmocka_unit_test(without_edges_the_tasks_of_the_scope_are_waited_for),
        cmocka_unit_test(without_room_in_the_map_the_order_stays),
        cmocka_unit_test(an_inferring_scope_inside_a_manual_one_is_refused),
        cmocka_unit_test(a_manual_scope_inside_an_inferring_one_is_fine),
        cmocka_unit_test(a_manual_scope_left_open_is_an_error_and_the_next_run_works),
        cmocka_unit_test(an_unknown_mode_is_refused),
        cmocka_unit_test(manual_scopes_nest_no_deeper_than_others),
        cmocka_unit_test(a_made_up_id_of_the_join_is_no_dependency),
        cmocka_unit_test(an_error_inside_a_manual_scope_ends_the_run),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
