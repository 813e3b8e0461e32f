// SPDX-License-Identifier: Apache-2.0
// Memory that orchestrations get beside tensors, the first values of tensors, and tensors that have none.
#include "graph_fixture.hpp"

#include <cstring>

namespace {

using namespace pto::test;

GraphOptions with_scope_memory(uint64_t size_bytes)
{
    GraphOptions options;
    options.geometry.scope_memory_bytes = size_bytes;
    return options;
}

void scope_memory_is_given_back_with_its_scope(void **)
{
    Graph graph(with_scope_memory(1024));
    auto *outer = static_cast<unsigned char *>(pto_scope_memory(graph.orch, 100));
    assert_non_null(outer);
    assert_int_equal(reinterpret_cast<uintptr_t>(outer) % 64, 0);
    std::memset(outer, 0x5a, 100);
    void *first = nullptr;
    for (int i = 0; i < 50; i++) {
        PTO_SCOPE (graph.orch) {
            void *inner = pto_scope_memory(graph.orch, 1024 - 128);
            assert_non_null(inner);
            assert_true(first == nullptr || inner == first);
            first = inner;
            std::memset(inner, i, 1024 - 128);
        }
    }
    for (int i = 0; i < 100; i++)
        assert_int_equal(outer[i], 0x5a);
    graph.finish_well();
}

void more_scope_memory_than_there_is_ends_the_run_with_its_name(void **)
{
    Graph graph(with_scope_memory(1024));
    assert_non_null(pto_scope_memory(graph.orch, 1000));
    assert_null(pto_scope_memory(graph.orch, 1));
    assert_true(graph.engine.error.record().resource == pto::wire::Resource::kScopeMemory);
    assert_int_equal(graph.engine.error.record().needed, 1);
    assert_int_equal(graph.engine.error.record().available, 0);
    assert_null(pto_scope_memory(graph.orch, 0)); // after an error there is nothing
    graph.expect_error(PTO_ERROR_CAPACITY, "scope memory");
    Graph huge(with_scope_memory(1024));
    assert_null(pto_scope_memory(huge.orch, UINT64_MAX));
    huge.expect_error(PTO_ERROR_CAPACITY, "scope memory");
}

void the_next_run_has_all_scope_memory_again(void **)
{
    Graph graph(with_scope_memory(1024));
    assert_non_null(pto_scope_memory(graph.orch, 1024));
    graph.finish_well();
    assert_true(graph.begin());
    assert_non_null(pto_scope_memory(graph.orch, 1024));
    graph.finish_well();
}

template <class T> void expect_elements(const pto_tensor &tensor, uint64_t count, T value)
{
    const auto *elements = static_cast<const T *>(pto_tensor_data(&tensor));
    for (uint64_t i = 0; i < count; i++)
        assert_memory_equal(&elements[i], &value, sizeof value);
}

template <class T> void expect_first_value(pto_dtype dtype, uint64_t bits, T value)
{
    constexpr uint32_t kCount = 3 * 7;
    Graph graph;
    pto_tensor neighbour = plain(PTO_UINT8, {kCount * 8});
    pto_tensor_fill(&neighbour, 0xee);
    pto_tensor tensors[2] = {plain(dtype, {3, 7}), plain(dtype, {3, 7})};
    pto_tensor_fill(&tensors[0], bits);
    pto_tensor_fill(&tensors[1], bits);
    assert_int_equal(pto_allocate(graph.orch, &tensors[0]), PTO_OK);
    pto_allocate(graph.orch, &neighbour);
    assert_true(graph.submit({out(tensors[1])}) != PTO_NO_TASK);
    for (const pto_tensor &tensor : tensors) {
        expect_elements(tensor, kCount, value); // before any task has run
        assert_int_equal(tensor.has_initial, 0);
        assert_int_equal(tensor.initial, 0);
    }
    expect_elements(neighbour, kCount * 8, uint8_t{0xee});
    graph.run_all();
    graph.finish_well();
}

void a_first_value_is_that_of_every_element(void **)
{
    expect_first_value<uint8_t>(PTO_UINT8, 0xab, 0xab);
    expect_first_value<int8_t>(PTO_INT8, ~uint64_t{0}, -1);
    expect_first_value<uint16_t>(PTO_BFLOAT16, 0x3f80, 0x3f80);
    expect_first_value<float>(PTO_FLOAT32, pto_bits_f32(1.5f), 1.5f);
    expect_first_value<int64_t>(PTO_INT64, static_cast<uint64_t>(INT64_MIN), INT64_MIN);
}

void memory_that_is_filled_is_nobodys_any_more(void **)
{
    GraphOptions options;
    options.heap_bytes = 4096;
    Graph graph(options);
    bool has_run = false;
    pto_tensor first = plain(PTO_UINT8, {4096});
    graph.kernel = [&](TaskSlot &slot) {
        expect_elements(graph.engine.tasks.payload.tensors(slot.payload)[0], 4096, uint8_t{1});
        has_run = true;
        graph.kernel = nullptr;
    };
    PTO_SCOPE (graph.orch) {
        pto_tensor_fill(&first, 1);
        graph.submit({out(first)});
    }
    // There is room for one of them: the second one waits for the task of the first.
    pto_tensor second = plain(PTO_UINT8, {4096});
    pto_tensor_fill(&second, 2);
    pto_allocate(graph.orch, &second);
    assert_true(has_run);
    expect_elements(second, 4096, uint8_t{2});
    graph.finish_well();
}

/// A view without elements, of each kind.
void a_tensor_without_elements_waits_for_its_owner_alone(void **)
{
    for (uint32_t access = PTO_ACCESS_INPUT; access <= PTO_ACCESS_NO_DEP; access++) {
        if (access == PTO_ACCESS_OUTPUT)
            continue;
        Graph graph;
        pto_tensor whole = plain(PTO_FLOAT32, {8, 8});
        graph.submit({out(whole)});
        graph.run_all();
        graph.submit({inout(whole)});
        pto_tensor empty = whole;
        empty.shape[1] = 0;
        empty.extent = 0;
        graph.submit({pto_arg_of_tensor(access, &empty)});
        assert_int_equal(pto_orch_status(graph.orch), PTO_OK);
        assert_int_equal(graph.engine.tasks.edges_pushed(), 0); // the writer's elements are none of the view's
        graph.run_all();
        graph.finish_well();

        // While the owner has not run, it is waited for: it says where the tensor is.
        Graph early;
        pto_tensor other = plain(PTO_FLOAT32, {8, 8});
        early.submit({out(other)});
        empty = other;
        empty.shape[0] = 0;
        early.submit({pto_arg_of_tensor(access, &empty)});
        assert_int_equal(early.engine.tasks.edges_pushed(), 1);
        early.run_all();
        early.finish_well();
    }
}

void a_tensor_without_elements_still_has_to_exist(void **)
{
    Graph graph;
    pto_tensor whole = plain(PTO_FLOAT32, {8, 8});
    PTO_SCOPE (graph.orch)
        graph.submit({out(whole)});
    whole.shape[1] = 0;
    assert_true(graph.submit({in(whole)}) == PTO_NO_TASK);
    graph.expect_error(PTO_ERROR_STALE_HANDLE, "scope");
}

void an_element_of_a_tensor_without_any_is_refused(void **)
{
    Graph graph;
    pto_tensor whole = plain(PTO_FLOAT32, {8});
    pto_allocate(graph.orch, &whole);
    whole.shape[0] = 0;
    const uint32_t index = 0;
    assert_int_equal(pto_get_element(graph.orch, &whole, &index), 0);
    graph.expect_error(PTO_ERROR_INVALID_TENSOR, "index 0 of dimension 0, which has 0");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(scope_memory_is_given_back_with_its_scope),
        cmocka_unit_test(more_scope_memory_than_there_is_ends_the_run_with_its_name),
        cmocka_unit_test(the_next_run_has_all_scope_memory_again),
        cmocka_unit_test(a_first_value_is_that_of_every_element),
        cmocka_unit_test(memory_that_is_filled_is_nobodys_any_more),
        cmocka_unit_test(a_tensor_without_elements_waits_for_its_owner_alone),
        cmocka_unit_test(a_tensor_without_elements_still_has_to_exist),
        cmocka_unit_test(an_element_of_a_tensor_without_any_is_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
