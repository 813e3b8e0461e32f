// SPDX-License-Identifier: Apache-2.0
// Single elements that the orchestration reads and writes, and whom it waits for.
#include "graph_fixture.hpp"

namespace {

using namespace pto::test;

uint64_t get(Graph &graph, const pto_tensor &tensor, std::initializer_list<uint32_t> index)
{
    return pto_get_element(graph.orch, &tensor, index.begin());
}
void set(Graph &graph, const pto_tensor &tensor, std::initializer_list<uint32_t> index, uint64_t bits)
{
    pto_set_element(graph.orch, &tensor, index.begin(), bits);
}

pto_tensor part(Graph &graph, const pto_tensor &tensor, uint32_t begin, uint32_t size)
{
    return pto_view(graph.orch, &tensor, &begin, &size);
}

void an_element_of_every_type_keeps_its_low_bits(void **)
{
    for (pto_dtype dtype = 0; dtype < PTO_DTYPE_COUNT; dtype++) {
        Graph graph;
        pto_tensor tensor = plain(dtype, {3, 4});
        assert_int_equal(pto_allocate(graph.orch, &tensor), PTO_OK);
        std::memset(pto_tensor_data(&tensor), 0xee, tensor.size_bytes);
        set(graph, tensor, {1, 2}, 0x8182838485868788);
        const uint32_t bits = 8 * pto_dtype_size(dtype);
        const uint64_t mask = UINT64_MAX >> (64 - bits);
        assert_true(get(graph, tensor, {1, 2}) == (0x8182838485868788 & mask));
        assert_true(get(graph, tensor, {1, 1}) == (0xeeeeeeeeeeeeeeee & mask));
        assert_true(get(graph, tensor, {1, 3}) == (0xeeeeeeeeeeeeeeee & mask));
        graph.finish_well();
    }
}

void an_element_of_a_view_is_the_one_of_its_buffer(void **)
{
    Graph graph;
    pto_tensor matrix = plain(PTO_INT32, {6, 8});
    pto_allocate(graph.orch, &matrix);
    for (uint32_t i = 0; i < 48; i++)
        set(graph, matrix, {i / 8, i % 8}, i);
    const pto_tensor columns = pto_slice(graph.orch, &matrix, 1, 1, 8, 3);
    const pto_tensor turned = pto_transpose(graph.orch, &columns, 0, 1);
    assert_int_equal(get(graph, columns, {2, 1}), 2 * 8 + 4);
    assert_int_equal(get(graph, turned, {2, 5}), 5 * 8 + 7);
    graph.finish_well();
}

void reading_waits_for_the_writers(void **)
{
    Graph graph;
    pto_tensor tensor = plain(PTO_INT32, {16});
    graph.kernel = [&](TaskSlot &slot) {
        const pto_tensor &argument = *graph.engine.tasks.payload.tensors(slot.payload);
        *static_cast<uint32_t *>(pto_tensor_data(&argument)) = 100 + slot.ordinal;
    };
    graph.submit({out(tensor)});
    graph.submit({inout(tensor)});
    const pto_tensor second_half = part(graph, tensor, 8, 8);
    graph.submit({inout(second_half)});
    assert_int_equal(get(graph, tensor, {0}), 101);
    assert_int_equal(graph.ran.size(), 2);
    assert_int_equal(get(graph, second_half, {0}), 102);
    assert_int_equal(graph.ran.size(), 3);
    graph.finish_well();
}

void reading_does_not_wait_for_readers_or_for_other_parts(void **)
{
    Graph graph;
    pto_tensor tensor = plain(PTO_INT32, {16});
    pto_allocate(graph.orch, &tensor);
    graph.submit({in(tensor)});
    graph.submit({in(part(graph, tensor, 0, 4))});
    graph.submit({write(part(graph, tensor, 4, 4))});
    get(graph, tensor, {2});
    get(graph, tensor, {12});
    assert_int_equal(graph.waits, 0);
    get(graph, tensor, {4});
    assert_true(graph.waits > 0);
    graph.finish_well();
}

void writing_waits_for_readers_and_writers(void **)
{
    Graph graph;
    pto_tensor tensor = plain(PTO_INT32, {16});
    pto_allocate(graph.orch, &tensor);
    graph.submit({in(part(graph, tensor, 0, 4))});
    set(graph, tensor, {8}, 5);
    assert_int_equal(graph.waits, 0);
    set(graph, tensor, {3}, 5);
    assert_int_equal(graph.ran.size(), 1);
    graph.submit({in(tensor)});
    set(graph, tensor, {8}, 6);
    assert_int_equal(graph.ran.size(), 2);
    graph.submit({write(part(graph, tensor, 8, 8))});
    set(graph, tensor, {8}, 7);
    assert_int_equal(graph.ran.size(), 3);
    assert_int_equal(get(graph, tensor, {8}), 7);
    graph.finish_well();
}

void a_value_decides_what_is_submitted_next(void **)
{
    Graph graph({.geometry = Geometry::of_tasks(4)});
    pto_tensor counter = plain(PTO_INT32, {1});
    graph.kernel = [&](TaskSlot &slot) {
        const pto_tensor &argument = *graph.engine.tasks.payload.tensors(slot.payload);
        auto *value = static_cast<uint32_t *>(pto_tensor_data(&argument));
        *value = slot.ordinal == 0 ? 1 : *value + 1;
    };
    graph.submit({out(counter)});
    for (int i = 0; i < 100 && get(graph, counter, {0}) < 50; i++)
        graph.submit({inout(counter)});
    assert_int_equal(get(graph, counter, {0}), 50);
    graph.finish_well();
    assert_int_equal(graph.ran.size(), 50);
}

void an_element_of_an_argument_is_found_by_its_handle_and_by_its_address(void **)
{
    Graph graph({.tensor_count = 1});
    const pto_tensor &argument = graph.args.tensors[0];
    set(graph, argument, {7}, pto_bits_f32(2.5f));
    const uint32_t shape[] = {4};
    const pto_tensor named = pto_device_tensor(argument.addr + 16, PTO_FLOAT32, 1, shape);
    assert_true(pto_f32_of(get(graph, named, {3})) == 2.5f);
    graph.submit({inout(argument)});
    get(graph, named, {0});
    assert_int_equal(graph.ran.size(), 1);
    graph.finish_well();
}

void an_index_out_of_range_is_refused(void **)
{
    for (const bool write_it : {false, true}) {
        for (const auto &[row, column] : {std::pair{3u, 0u}, std::pair{0u, 4u}, std::pair{UINT32_MAX, 0u}}) {
            Graph graph;
            pto_tensor tensor = plain(PTO_INT32, {3, 4});
            pto_allocate(graph.orch, &tensor);
            if (write_it)
                set(graph, tensor, {row, column}, 1);
            else
                assert_int_equal(get(graph, tensor, {row, column}), 0);
            graph.expect_error(PTO_ERROR_INVALID_TENSOR, "index");
        }
    }
}

void an_element_of_nothing_is_refused(void **)
{
    Graph graph({.tensor_count = 1});
    const uint32_t index[] = {0};
    assert_int_equal(pto_get_element(graph.orch, nullptr, index), 0);
    graph.expect_error(PTO_ERROR_INVALID_ARGUMENT, "tensor is NULL");
    graph.begin();
    pto_set_element(graph.orch, &graph.args.tensors[0], nullptr, 1);
    graph.expect_error(PTO_ERROR_INVALID_ARGUMENT, "index is NULL");
    graph.begin();
    const pto_tensor fresh = plain(PTO_INT32, {4});
    assert_int_equal(pto_get_element(graph.orch, &fresh, index), 0);
    graph.expect_error(PTO_ERROR_STALE_HANDLE, "never allocated");
}

void a_wait_for_an_element_ends_with_the_run(void **)
{
    Graph graph;
    pto_tensor tensor = plain(PTO_INT32, {4});
    graph.kernel = [&](TaskSlot &) {
        graph.engine.error.set(pto::engine::error_record(PTO_ERROR_KERNEL_FAULT), "broken");
    };
    graph.submit({out(tensor)});
    for (int i = 0; i < 4; i++)
        graph.submit({inout(tensor)});
    std::memset(pto_tensor_data(&tensor), 0x55, tensor.size_bytes);
    assert_int_equal(get(graph, tensor, {0}), 0);
    set(graph, tensor, {0}, 1);
    assert_int_equal(*static_cast<uint32_t *>(pto_tensor_data(&tensor)), 0x55555555);
    assert_int_equal(graph.ran.size(), 1);
    graph.expect_error(PTO_ERROR_KERNEL_FAULT, "broken");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_element_of_every_type_keeps_its_low_bits),
        cmocka_unit_test(an_element_of_a_view_is_the_one_of_its_buffer),
        cmocka_unit_test(reading_waits_for_the_writers),
        cmocka_unit_test(reading_does_not_wait_for_readers_or_for_other_parts),
        cmocka_unit_test(writing_waits_for_readers_and_writers),
        cmocka_unit_test(a_value_decides_what_is_submitted_next),
        cmocka_unit_test(an_element_of_an_argument_is_found_by_its_handle_and_by_its_address),
        cmocka_unit_test(an_index_out_of_range_is_refused),
        cmocka_unit_test(an_element_of_nothing_is_refused),
        cmocka_unit_test(a_wait_for_an_element_ends_with_the_run),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
