// SPDX-License-Identifier: Apache-2.0
// Which descriptors name a buffer, and for how long.
#include "graph_fixture.hpp"

#include <set>

namespace {

using namespace pto::test;

void an_output_is_a_tensor_of_the_device(void **)
{
    Graph graph;
    pto_tensor tensor = plain(PTO_FLOAT16, {3, 5, 7});
    tensor.version = 9;
    const pto_task_id id = graph.submit({out(tensor)});
    assert_true(tensor.owner == id);
    assert_int_equal(tensor.size_bytes, 210);
    assert_int_equal(tensor.address_space, PTO_DEVICE_MEMORY);
    assert_int_equal(tensor.version, 9);
    assert_int_equal(tensor.is_contiguous, 1);
    assert_int_equal(tensor.extent, 105);
    assert_int_not_equal(tensor.buffer, 0);
    assert_in_range(tensor.addr, graph.heap_base(), graph.heap_base() + kHeapBytes - 210);
    graph.finish_well();
}

void an_output_does_not_inherit_what_the_descriptor_said_before(void **)
{
    Graph graph({.tensor_count = 1});
    pto_tensor tensor = graph.args.tensors[0];
    tensor.start_offset = 5;
    tensor.shape[0] = 10;
    graph.submit({out(tensor)});
    assert_int_equal(tensor.start_offset, 0);
    assert_int_equal(tensor.size_bytes, 40);
    assert_true(tensor.addr < graph.outside());
    graph.submit({in(tensor)});
    graph.finish_well();
}

void a_tensor_lives_until_its_scope_ends(void **)
{
    Graph graph;
    pto_tensor outer = sized(1);
    pto_tensor inner = sized(1);
    pto_tensor allocated = sized(1);
    graph.submit({out(outer)});
    PTO_SCOPE (graph.orch) {
        graph.submit({out(inner), in(outer)});
        assert_int_equal(pto_allocate(graph.orch, &allocated), PTO_OK);
        pto_scope_begin(graph.orch);
        assert_true(graph.submit({inout(inner), in(allocated)}) != PTO_NO_TASK);
        pto_scope_end(graph.orch);
    }
    assert_true(graph.submit({in(outer)}) != PTO_NO_TASK);
    assert_true(graph.submit({pto_arg_of_scalar(0), in(inner)}) == PTO_NO_TASK);
    assert_non_null(std::strstr(graph.error().message, "argument 1: "));
    graph.expect_error(PTO_ERROR_STALE_HANDLE, "after the scope that held it has ended");
}

void every_use_of_a_stale_handle_is_refused(void **)
{
    for (int use = 0; use < 6; use++) {
        Graph graph;
        pto_tensor tensor = plain(PTO_FLOAT32, {8});
        PTO_SCOPE (graph.orch)
            pto_allocate(graph.orch, &tensor);
        if (use % 2 == 0) { // the same memory and perhaps the same record now belong to another tensor
            pto_tensor other = plain(PTO_FLOAT32, {8});
            pto_allocate(graph.orch, &other);
            assert_true(other.addr == tensor.addr);
        }
        const uint32_t index[] = {0};
        switch (use / 2) {
        case 0: pto_get_element(graph.orch, &tensor, index); break;
        case 1: pto_set_element(graph.orch, &tensor, index, 1); break;
        default: graph.submit({no_dep(tensor)});
        }
        graph.expect_error(PTO_ERROR_STALE_HANDLE, "scope");
    }
}

void a_handle_is_stale_although_a_task_still_uses_the_buffer(void **)
{
    Graph graph;
    pto_tensor tensor = sized(1);
    PTO_SCOPE (graph.orch)
        graph.submit({out(tensor)});
    assert_int_equal(graph.ready_count(), 1);
    graph.submit({in(tensor)});
    graph.expect_error(PTO_ERROR_STALE_HANDLE, "scope");
}

void another_scope_at_the_same_depth_does_not_revive_a_handle(void **)
{
    Graph graph;
    pto_tensor tensor = sized(1);
    PTO_SCOPE (graph.orch)
        graph.submit({out(tensor)});
    pto_scope_begin(graph.orch);
    graph.submit({in(tensor)});
    graph.expect_error(PTO_ERROR_STALE_HANDLE, "scope");
}

void a_handle_from_another_run_is_stale(void **)
{
    for (const bool same_shape : {false, true}) {
        Graph graph;
        pto_tensor old = sized(2);
        graph.submit({out(old)});
        graph.finish_well();
        graph.begin();
        pto_tensor fresh = sized(2);
        if (same_shape) {
            graph.submit({out(fresh)});
            assert_true(fresh.addr == old.addr && fresh.buffer == old.buffer);
        }
        assert_true(graph.submit({in(old)}) == PTO_NO_TASK);
        graph.expect_error(PTO_ERROR_STALE_HANDLE, "tensor");
    }
}

void a_tensor_that_was_never_allocated_is_refused(void **)
{
    for (const bool zeroed : {false, true}) {
        Graph graph;
        pto_tensor tensor = plain(PTO_FLOAT32, {4});
        if (zeroed)
            tensor.owner = 0;
        graph.submit({in(tensor)});
        graph.expect_error(PTO_ERROR_STALE_HANDLE, "was never allocated");
    }
}

void a_descriptor_that_left_its_buffer_is_refused(void **)
{
    // Someone did arithmetic on `addr` or wrote another size.
    const std::pair<int64_t, int64_t> changes[] = {{-1024, 0}, {1, 0},       {512, 0},   {1023, 0},
                                                   {1024, 0},  {1025, 0},    {8192, 0},  {1 << 20, 0},
                                                   {0, 1},     {0, 1 << 20}, {1024, -1}, {4096, -1000}};
    for (const auto &[address, size] : changes) {
        Graph graph({.tensor_count = 1});
        pto_tensor before = sized(1);
        pto_tensor tensor = sized(1);
        graph.submit({out(before)});
        graph.submit({out(tensor)});
        pto_tensor moved = tensor;
        moved.addr += static_cast<uint64_t>(address);
        moved.size_bytes += static_cast<uint64_t>(size);
        moved.shape[0] = 1;
        if (graph.submit({in(moved)}) != PTO_NO_TASK)
            fail_msg("a tensor moved by %d bytes and larger by %d is accepted", static_cast<int>(address),
                     static_cast<int>(size));
        assert_true(pto_orch_status(graph.orch) < 0);
        graph.finish();
    }
}

void an_argument_that_left_its_buffer_is_refused(void **)
{
    Graph graph({.tensor_count = 1});
    pto_tensor moved = graph.args.tensors[0];
    moved.addr += kOutsideBytes; // behind all of the device's memory
    if (graph.submit({in(moved)}) != PTO_NO_TASK)
        fail_msg("a tensor outside of device memory is accepted");
    graph.finish();
}

void a_part_of_a_buffer_may_be_named_by_its_address(void **)
{
    Graph graph;
    pto_tensor tensor = plain(PTO_UINT8, {1024});
    graph.submit({out(tensor)});
    pto_tensor half = tensor;
    half.addr += 512;
    half.size_bytes = half.shape[0] = 512;
    pto_tensor first = tensor;
    first.shape[0] = 512;
    graph.submit({inout(half)});
    graph.submit({inout(first)});
    graph.submit({inout(half)});
    graph.run_one();
    assert_int_equal(graph.ready_count(), 2); // the halves do not wait for each other
    graph.finish_well();
}

void a_buffer_is_reused_only_after_its_last_task(void **)
{
    Graph graph({.geometry = Geometry::of_tasks(32), .heap_bytes = 16 << 10});
    std::set<uint64_t> in_flight;
    graph.kernel = [&](TaskSlot &slot) {
        if (slot.scalar_count > 0)
            in_flight.erase(*graph.engine.tasks.payload.scalars(slot));
    };
    for (int i = 0; i < 300; i++) {
        PTO_SCOPE (graph.orch) {
            pto_tensor tensor = sized(1);
            graph.submit({out(tensor)});
            assert_true(in_flight.insert(tensor.addr).second);
            graph.submit({in(tensor), pto_arg_of_scalar(tensor.addr)});
        }
    }
    assert_true(graph.waits > 0);
    graph.finish_well();
    assert_true(in_flight.empty());
}

void everything_is_given_back_at_the_end_of_the_scopes(void **)
{
    Graph graph({.tensor_count = 1});
    for (int i = 0; i < 20; i++) {
        PTO_SCOPE (graph.orch) {
            pto_tensor tensors[4] = {sized(1), sized(2), sized(3), sized(1)};
            graph.submit({out(tensors[0]), out(tensors[1]), in(graph.args.tensors[0])});
            pto_allocate(graph.orch, &tensors[2]);
            graph.submit({in(tensors[0]), inout(tensors[2]), inout(tensors[2]), no_dep(tensors[1])});
            graph.submit({out(tensors[3]), in(tensors[3])});
        }
        graph.run_all();
    }
    pto_tensor last = plain(PTO_UINT8, {1});
    pto_allocate(graph.orch, &last); // takes back what has completed
    assert_int_equal(graph.engine.heap.used_bytes(), 1024);
    assert_int_equal(graph.engine.map.buffers().used(), 3); // none, the argument, the last one
    assert_int_equal(graph.engine.tasks.used(), 0);
    assert_int_equal(graph.engine.tasks.edges().used(), 0);
    graph.finish_well();
}

// ---- device memory by address

pto_tensor at(uint64_t address, uint32_t size)
{
    return pto_device_tensor(address, PTO_UINT8, 1, &size);
}

void device_memory_may_be_named_by_its_address(void **)
{
    Graph graph;
    const pto_tensor tensor = at(graph.outside() + 4096, 100);
    const pto_tensor same = at(graph.outside() + 4096, 100);
    const pto_tensor inside = at(graph.outside() + 4196 - 1, 1);
    assert_true(graph.submit({inout(tensor)}) != PTO_NO_TASK);
    graph.submit({inout(same)});
    graph.submit({inout(inside)});
    assert_int_equal(graph.ready_count(), 1);
    graph.submit({inout(at(graph.outside() + kOutsideBytes - 10, 10))});
    assert_int_equal(graph.ready_count(), 2);
    graph.finish_well();
}

void an_address_inside_an_argument_is_that_argument(void **)
{
    Graph graph({.tensor_count = 1});
    graph.submit({inout(graph.args.tensors[0])});
    graph.submit({in(at(graph.args.tensors[0].addr + 8, 4))});
    assert_int_equal(graph.ready_count(), 1);
    graph.finish_well();
}

void memory_that_the_run_may_not_name_is_refused(void **)
{
    for (int which = 0; which < 7; which++) {
        Graph graph({.tensor_count = 1});
        const uint64_t end = graph.outside() + kOutsideBytes;
        const pto_tensor tensors[] = {at(graph.heap_base(), 16),
                                      at(graph.outside() - 8, 4),
                                      at(graph.outside() - 8, 4096 * 2),
                                      at(graph.heap_base() - 16, 16),
                                      at(end - 8, 9),
                                      at(end, 1),
                                      at(UINT64_MAX - 15, 16)};
        graph.submit({in(tensors[which])});
        graph.expect_error(PTO_ERROR_NOT_DEVICE_MEMORY, "is not in device memory");
    }
}

void memory_that_straddles_an_argument_is_refused(void **)
{
    Graph graph({.tensor_count = 1});
    const uint64_t end = graph.args.tensors[0].addr + graph.args.tensors[0].size_bytes;
    graph.submit({in(at(end, 4))});
    graph.submit({in(at(end - 4, 8))});
    graph.expect_error(PTO_ERROR_NOT_DEVICE_MEMORY, "overlaps");
}

void arguments_that_share_bytes_share_their_dependencies(void **)
{
    Graph graph({.tensor_count = 4});
    graph.finish_well();
    pto_tensor *tensors = graph.args.tensors;
    tensors[0].addr = graph.outside() + 2048; // 2048 .. 3072
    tensors[1].addr = graph.outside() + 512;  // 512 .. 1536
    tensors[2].addr = graph.outside() + 1532; // overlaps both of the others
    tensors[3].addr = graph.outside() + 3072; // only touches the first
    assert_true(graph.begin_with_arguments());
    graph.submit({inout(tensors[0])});
    graph.submit({inout(tensors[1])});
    graph.submit({inout(tensors[3])});
    assert_int_equal(graph.ready_count(), 3);
    graph.submit({inout(tensors[2])});
    assert_int_equal(graph.ready_count(), 3);
    assert_int_equal(graph.engine.tasks.edges_pushed(), 2);
    graph.finish_well();
    assert_int_equal(graph.ran.back(), 3);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_output_is_a_tensor_of_the_device),
        cmocka_unit_test(an_output_does_not_inherit_what_the_descriptor_said_before),
        cmocka_unit_test(a_tensor_lives_until_its_scope_ends),
        cmocka_unit_test(every_use_of_a_stale_handle_is_refused),
        cmocka_unit_test(a_handle_is_stale_although_a_task_still_uses_the_buffer),
        cmocka_unit_test(another_scope_at_the_same_depth_does_not_revive_a_handle),
        cmocka_unit_test(a_handle_from_another_run_is_stale),
        cmocka_unit_test(a_tensor_that_was_never_allocated_is_refused),
        cmocka_unit_test(a_descriptor_that_left_its_buffer_is_refused),
        cmocka_unit_test(an_argument_that_left_its_buffer_is_refused),
        cmocka_unit_test(a_part_of_a_buffer_may_be_named_by_its_address),
        cmocka_unit_test(a_buffer_is_reused_only_after_its_last_task),
        cmocka_unit_test(everything_is_given_back_at_the_end_of_the_scopes),
        cmocka_unit_test(device_memory_may_be_named_by_its_address),
        cmocka_unit_test(an_address_inside_an_argument_is_that_argument),
        cmocka_unit_test(memory_that_the_run_may_not_name_is_refused),
        cmocka_unit_test(memory_that_straddles_an_argument_is_refused),
        cmocka_unit_test(arguments_that_share_bytes_share_their_dependencies),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
