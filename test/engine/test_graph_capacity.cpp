// SPDX-License-Identifier: Apache-2.0
// What happens when something runs out: the builder waits, and gives up only when waiting cannot help.
#include "graph_fixture.hpp"

namespace {

using namespace pto::test;
using pto::load_relaxed;
using pto::store_relaxed;
using pto::wire::Resource;

void expect_limit(Graph &graph, pto_status status, Resource resource, uint64_t needed, uint64_t available)
{
    assert_int_equal(pto_orch_status(graph.orch), status);
    assert_int_equal(static_cast<int>(graph.error().resource), static_cast<int>(resource));
    assert_int_equal(graph.error().needed, needed);
    assert_int_equal(graph.error().available, available);
}

/// The scope that holds most of what is missing, and how much heap it holds; -1: no scope is to blame.
void expect_holder(Graph &graph, int32_t holder, uint64_t held)
{
    assert_int_equal(graph.error().holder, holder);
    assert_int_equal(graph.error().held, held);
}

// ---- the builder waits

void ten_thousand_tasks_pass_through_four_slots(void **)
{
    Graph graph({.geometry = Geometry::of_tasks(4)});
    pto_tensor sum = plain(PTO_FLOAT32, {16});
    pto_allocate(graph.orch, &sum);
    for (uint32_t i = 0; i < 5000; i++) {
        PTO_SCOPE (graph.orch) {
            pto_tensor tensor = sized(1 + i % 7);
            graph.submit({out(tensor)});
            graph.submit({in(tensor), inout(sum), pto_arg_of_scalar(1)});
        }
    }
    graph.finish_well();
    assert_int_equal(graph.ran.size(), 10000);
    assert_int_equal(graph.engine.tasks.peak(), 4);
    uint32_t next = 1;
    for (const uint32_t ordinal : graph.ran) {
        if (ordinal % 2 == 0)
            continue;
        assert_int_equal(ordinal, next);
        next += 2;
    }
}

void memory_of_ended_scopes_is_waited_for(void **)
{
    Graph graph;
    for (int i = 0; i < 100; i++) {
        PTO_SCOPE (graph.orch) {
            pto_tensor tensor = sized(40);
            graph.submit({out(tensor)});
        }
    }
    assert_int_equal(graph.waits, 99);
    graph.finish_well();
    assert_int_equal(graph.engine.heap.peak_bytes(), 40 << 10);
}

void an_allocation_without_a_task_waits_too(void **)
{
    Graph graph;
    for (int i = 0; i < 10; i++) {
        PTO_SCOPE (graph.orch) {
            pto_tensor tensor = sized(40);
            assert_int_equal(pto_allocate(graph.orch, &tensor), PTO_OK);
            graph.submit({inout(tensor)});
        }
    }
    assert_int_equal(graph.waits, 9);
    graph.finish_well();
}

void records_of_buffers_are_waited_for(void **)
{
    Geometry geometry = Geometry::of_tasks(64);
    geometry.max_buffers = 3;
    Graph graph({.geometry = geometry});
    for (int i = 0; i < 100; i++) {
        PTO_SCOPE (graph.orch) {
            pto_tensor tensors[2] = {sized(1), sized(1)};
            graph.submit({out(tensors[0]), out(tensors[1])});
        }
    }
    assert_true(graph.waits > 0);
    graph.finish_well();
}

void without_room_for_an_edge_the_producers_are_waited_for(void **)
{
    Geometry geometry = Geometry::of_tasks(64);
    geometry.max_edges = 3;
    Graph graph({.geometry = geometry});
    std::vector<pto_task_id> ids;
    for (int i = 0; i < 10; i++)
        ids.push_back(graph.submit({}));
    pto_task task = Graph::aiv_task();
    task.dependencies = ids.data();
    task.dependency_count = 10;
    assert_true(pto_submit_task(graph.orch, &task) != PTO_NO_TASK);
    assert_int_equal(graph.ran.size(), 10);
    assert_int_equal(graph.ready_count(), 1);
    for (int i = 0; i < 3; i++)
        graph.submit({}, {graph.submit({})});
    graph.finish_well();
}

void without_room_in_the_map_everything_is_waited_for(void **)
{
    Geometry geometry = Geometry::of_tasks(512);
    geometry.max_nodes = 40;
    Graph graph({.geometry = geometry, .tensor_count = 1});
    const uint32_t shape[] = {1};
    for (uint32_t i = 0; i < 2 * kArgumentElements; i++) {
        const uint32_t offset[] = {i % kArgumentElements};
        const pto_tensor element = pto_view(graph.orch, &graph.args.tensors[0], offset, shape);
        assert_true(graph.submit({inout(element)}) != PTO_NO_TASK);
    }
    assert_true(graph.waits > 0);
    graph.finish_well();
    std::vector<bool> first(kArgumentElements);
    for (const uint32_t ordinal : graph.ran) {
        assert_true(ordinal < kArgumentElements || first[ordinal - kArgumentElements]);
        if (ordinal < kArgumentElements)
            first[ordinal] = true;
    }
}

void without_room_for_readers_everything_is_waited_for(void **)
{
    Geometry geometry = Geometry::of_tasks(512);
    geometry.max_readers = 8;
    Graph graph({.geometry = geometry, .tensor_count = 1});
    for (int i = 0; i < 100; i++)
        graph.submit({in(graph.args.tensors[0])});
    graph.submit({inout(graph.args.tensors[0])});
    graph.finish_well();
    assert_int_equal(graph.ran.back(), 100);
}

/// Submits `count` tasks that each take so many tensors.
void submit_many(Graph &graph, uint32_t count, uint32_t tensors)
{
    const std::vector<pto_arg> list(tensors, in(graph.args.tensors[0]));
    for (uint32_t i = 0; i < count; i++)
        if (pto_submit_kernels(graph.orch, PTO_NO_KERNEL, kAivFunc, PTO_NO_KERNEL, list.data(), tensors) == PTO_NO_TASK)
            fail_msg("%s", graph.error().message);
}

void room_for_arguments_serves_tasks_of_every_size_in_turn(void **)
{
    Graph graph({.tensor_count = 1});
    for (int round = 0; round < 3; round++)
        for (const uint32_t tensors : {2u, 4u, 1u, 32u, 8u, 16u})
            submit_many(graph, 64, tensors);
    graph.finish_well();
}

// ---- it gives up

void only_the_end_of_a_scope_can_help_is_a_deadlock(void **)
{
    Graph graph;
    pto_tensor small = sized(1);
    pto_tensor large = sized(40);
    pto_tensor next = sized(30);
    graph.submit({out(small)});
    pto_scope_begin(graph.orch);
    graph.submit({out(large)});
    pto_scope_begin(graph.orch);
    assert_true(graph.submit({out(next)}) == PTO_NO_TASK);
    assert_int_equal(graph.ran.size(), 2); // nothing is in flight: this is the proof
    expect_limit(graph, PTO_ERROR_DEADLOCK, Resource::kHeap, 30 << 10, 23 << 10);
    assert_int_equal(graph.error().task, 2);
    expect_holder(graph, 1, 40 << 10);
    for (const char *text : {"task 2", "30720 bytes", "23552 of 65536", "depth 1 holds 40960 bytes"})
        assert_non_null(std::strstr(graph.error().message, text));
    graph.expect_error(PTO_ERROR_DEADLOCK, "device heap");
}

void outputs_of_one_task_that_do_not_fit_together_are_a_deadlock(void **)
{
    Graph graph;
    pto_tensor tensors[] = {sized(40), sized(40)};
    assert_true(graph.submit({out(tensors[0]), out(tensors[1])}) == PTO_NO_TASK);
    expect_limit(graph, PTO_ERROR_DEADLOCK, Resource::kHeap, 40 << 10, 24 << 10);
    expect_holder(graph, 0, 40 << 10);
    graph.expect_error(PTO_ERROR_DEADLOCK, "depth 0 holds 40960 bytes");
}

void memory_in_pieces_is_not_a_deadlock_before_the_scope_ends(void **)
{
    Graph graph;
    pto_tensor kept = sized(1);
    pto_tensor first = sized(31);
    pto_scope_begin(graph.orch);
    graph.submit({out(first)});
    pto_scope_end(graph.orch);
    graph.submit({out(kept)});
    pto_tensor large = sized(32);
    assert_true(graph.submit({out(large)}) != PTO_NO_TASK);
    pto_tensor too_large = sized(32);
    assert_true(graph.submit({out(too_large)}) == PTO_NO_TASK);
    expect_limit(graph, PTO_ERROR_DEADLOCK, Resource::kHeap, 32 << 10, 31 << 10);
    graph.expect_error(PTO_ERROR_DEADLOCK, "31744 of 65536");
}

void an_output_larger_than_the_heap_never_fits(void **)
{
    Graph graph;
    pto_tensor tensor = plain(PTO_UINT8, {kHeapBytes + 1});
    assert_true(graph.submit({out(tensor)}) == PTO_NO_TASK);
    expect_limit(graph, PTO_ERROR_CAPACITY, Resource::kHeap, kHeapBytes + 1, kHeapBytes);
    expect_holder(graph, -1, 0);
    graph.expect_error(PTO_ERROR_CAPACITY, "65537 bytes of device heap, which has 65536 in all");
    graph.begin();
    assert_int_equal(pto_allocate(graph.orch, &tensor), PTO_ERROR_CAPACITY);
    graph.expect_error(PTO_ERROR_CAPACITY, "device heap");
    graph.begin();
    pto_tensor fits = plain(PTO_UINT8, {kHeapBytes});
    assert_true(graph.submit({out(fits)}) != PTO_NO_TASK);
    graph.finish_well();
}

void an_output_as_large_as_the_heap_but_for_a_little_fits(void **)
{
    for (const uint32_t kilobytes : {57u, 58u, 59u, 60u, 61u, 62u, 63u}) {
        Graph graph;
        pto_tensor tensor = sized(kilobytes);
        if (graph.submit({out(tensor)}) == PTO_NO_TASK)
            fail_msg("%s", graph.error().message);
        graph.finish_well();
    }
}

void a_heap_of_nothing_serves_tasks_without_outputs(void **)
{
    Graph graph({.heap_bytes = 0, .tensor_count = 1});
    graph.submit({inout(graph.args.tensors[0])});
    pto_tensor tensor = plain(PTO_UINT8, {1});
    assert_int_equal(pto_allocate(graph.orch, &tensor), PTO_ERROR_CAPACITY);
    graph.expect_error(PTO_ERROR_CAPACITY, "which has 0 in all");
}

void more_tensors_in_open_scopes_than_there_are_records_is_a_deadlock(void **)
{
    Geometry geometry = Geometry::of_tasks(64);
    geometry.max_buffers = 3;
    Graph graph({.geometry = geometry});
    pto_tensor tensors[4] = {sized(1), sized(1), sized(1), sized(1)};
    for (int i = 0; i < 3; i++)
        assert_true(graph.submit({out(tensors[i])}) != PTO_NO_TASK);
    assert_true(graph.submit({out(tensors[3])}) == PTO_NO_TASK);
    assert_int_equal(graph.ran.size(), 3);
    expect_limit(graph, PTO_ERROR_DEADLOCK, Resource::kBuffers, 1, 0);
    expect_holder(graph, 0, 3 << 10);
    graph.expect_error(PTO_ERROR_DEADLOCK, "1 of buffers, 0 of 3 are free");
}

void the_scope_with_most_records_is_to_blame_for_them_and_not_the_one_with_most_bytes(void **)
{
    Geometry geometry = Geometry::of_tasks(64);
    geometry.max_buffers = 6;
    Graph graph({.geometry = geometry});
    pto_tensor large = sized(30);
    pto_tensor tensors[] = {sized(1), sized(1), sized(1), sized(1), sized(1)};
    graph.submit({out(large)});
    pto_scope_begin(graph.orch);
    for (int i = 0; i < 4; i++)
        assert_true(graph.submit({out(tensors[i])}) != PTO_NO_TASK);
    pto_scope_begin(graph.orch);
    assert_true(graph.submit({out(tensors[4])}) != PTO_NO_TASK);
    pto_tensor last = sized(1);
    assert_int_equal(pto_allocate(graph.orch, &last), PTO_ERROR_DEADLOCK);
    expect_limit(graph, PTO_ERROR_DEADLOCK, Resource::kBuffers, 1, 0);
    expect_holder(graph, 1, 4 << 10);
    graph.expect_error(PTO_ERROR_DEADLOCK, "the scope at depth 1 holds 4");
}

void memory_that_is_free_in_pieces_is_said_to_be(void **)
{
    Graph graph;
    pto_tensor kept[] = {sized(8), sized(8), sized(8), sized(8)};
    // Every second piece of the heap stays taken.
    for (pto_tensor &tensor : kept) {
        PTO_SCOPE (graph.orch) {
            pto_tensor gap = sized(8);
            graph.submit({out(gap)});
        }
        graph.submit({out(tensor)});
    }
    pto_tensor large = sized(25);
    assert_true(graph.submit({out(large)}) == PTO_NO_TASK);
    expect_limit(graph, PTO_ERROR_DEADLOCK, Resource::kHeap, 25 << 10, 32 << 10);
    expect_holder(graph, 0, 32 << 10);
    graph.expect_error(PTO_ERROR_DEADLOCK, "are free but not in one piece");
}

void arguments_larger_than_all_room_for_them_never_fit(void **)
{
    Geometry geometry = Geometry::of_tasks(8);
    geometry.payload_lines = 12;
    Graph graph({.geometry = geometry, .tensor_count = 1});
    submit_many(graph, 3, 4);
    const std::vector<pto_arg> list(8, in(graph.args.tensors[0]));
    assert_true(pto_submit_kernels(graph.orch, PTO_NO_KERNEL, kAivFunc, PTO_NO_KERNEL, list.data(), 8) == PTO_NO_TASK);
    expect_limit(graph, PTO_ERROR_CAPACITY, Resource::kTaskPayload, 1024, 768);
    expect_holder(graph, -1, 0);
    graph.expect_error(PTO_ERROR_CAPACITY, "task payload");
}

void without_any_task_slot_nothing_fits(void **)
{
    Geometry geometry = Geometry::of_tasks(8);
    geometry.max_tasks = 0;
    Graph graph({.geometry = geometry});
    assert_true(graph.submit({}) == PTO_NO_TASK);
    expect_limit(graph, PTO_ERROR_CAPACITY, Resource::kTaskSlots, 1, 0);
    expect_holder(graph, -1, 0);
    graph.expect_error(PTO_ERROR_CAPACITY, "task slots");
}

// ---- while it waits

void an_error_of_a_task_ends_the_wait(void **)
{
    Graph graph({.geometry = Geometry::of_tasks(4)});
    graph.kernel = [&](TaskSlot &slot) {
        graph.engine.error.set(pto::engine::error_record(PTO_ERROR_KERNEL_FAULT), "task %u is broken", slot.ordinal);
    };
    for (int i = 0; i < 4; i++)
        assert_true(graph.submit({}) != PTO_NO_TASK);
    while (graph.submit({}) != PTO_NO_TASK) {}
    assert_true(graph.ran.size() <= 2);
    graph.expect_error(PTO_ERROR_KERNEL_FAULT, "task 3 is broken");
    assert_int_equal(graph.ran.size(), load_relaxed(graph.engine.submitted));
}

void nobody_waits_in_a_run_that_was_abandoned(void **)
{
    Graph graph({.geometry = Geometry::of_tasks(4)});
    graph.kernel = [&](TaskSlot &) {
        graph.engine.error.set(pto::engine::error_record(PTO_ERROR_TIMEOUT), "given up");
        store_relaxed(graph.engine.abandoned, true);
    };
    for (int i = 0; i < 5; i++)
        graph.submit({});
    assert_true(graph.submit({}) == PTO_NO_TASK);
    const uint32_t waits = graph.waits;
    graph.finish();
    assert_int_equal(graph.waits, waits);
}

void the_peaks_of_a_run_that_ran_out_are_in_its_report(void **)
{
    Geometry geometry = Geometry::of_tasks(64);
    geometry.max_nodes = 100;
    Graph graph({.geometry = geometry, .tensor_count = 1});
    const uint32_t shape[] = {1};
    for (uint32_t i = 0; i < 51; i++) { // one more than there is room for
        const uint32_t offset[] = {2 * i};
        const pto_tensor element = pto_view(graph.orch, &graph.args.tensors[0], offset, shape);
        graph.submit({inout(element)});
    }
    graph.finish_well();
    pto::wire::ReportBlock report{};
    graph.engine.fill_report(&report);
    assert_true(report.peak_map_entries >= 99);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(ten_thousand_tasks_pass_through_four_slots),
        cmocka_unit_test(memory_of_ended_scopes_is_waited_for),
        cmocka_unit_test(an_allocation_without_a_task_waits_too),
        cmocka_unit_test(records_of_buffers_are_waited_for),
        cmocka_unit_test(without_room_for_an_edge_the_producers_are_waited_for),
        cmocka_unit_test(without_room_in_the_map_everything_is_waited_for),
        cmocka_unit_test(without_room_for_readers_everything_is_waited_for),
        cmocka_unit_test(room_for_arguments_serves_tasks_of_every_size_in_turn),
        cmocka_unit_test(only_the_end_of_a_scope_can_help_is_a_deadlock),
        cmocka_unit_test(outputs_of_one_task_that_do_not_fit_together_are_a_deadlock),
        cmocka_unit_test(memory_in_pieces_is_not_a_deadlock_before_the_scope_ends),
        cmocka_unit_test(an_output_larger_than_the_heap_never_fits),
        cmocka_unit_test(an_output_as_large_as_the_heap_but_for_a_little_fits),
        cmocka_unit_test(a_heap_of_nothing_serves_tasks_without_outputs),
        cmocka_unit_test(more_tensors_in_open_scopes_than_there_are_records_is_a_deadlock),
        cmocka_unit_test(the_scope_with_most_records_is_to_blame_for_them_and_not_the_one_with_most_bytes),
        cmocka_unit_test(memory_that_is_free_in_pieces_is_said_to_be),
        cmocka_unit_test(arguments_larger_than_all_room_for_them_never_fit),
        cmocka_unit_test(without_any_task_slot_nothing_fits),
        cmocka_unit_test(an_error_of_a_task_ends_the_wait),
        cmocka_unit_test(nobody_waits_in_a_run_that_was_abandoned),
        cmocka_unit_test(the_peaks_of_a_run_that_ran_out_are_in_its_report),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
