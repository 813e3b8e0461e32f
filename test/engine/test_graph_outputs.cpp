// SPDX-License-Identifier: Apache-2.0
// Descriptors of outputs: what the orchestration gets back and what the task sees.
#include "graph_fixture.hpp"

namespace {

using namespace pto::test;

/// A specification as somebody may hand it in: only dtype, shape, version and manual_dep count.
pto_tensor specification(Random &random, uint32_t dtype, uint32_t rank)
{
    uint32_t shape[PTO_MAX_RANK];
    for (uint32_t &extent : shape)
        extent = random.between(1, 6);
    pto_tensor tensor = pto_tensor_new(static_cast<pto_dtype>(dtype), rank, shape);
    tensor.version = random.one_in(2) ? static_cast<int32_t>(random.next()) : 0;
    tensor.manual_dep = random.one_in(2) ? static_cast<uint8_t>(random.next()) : 0;
    return tensor;
}

/// Puts something into every field that does not count.
void make_dirty(pto_tensor *tensor, Random &random)
{
    tensor->addr = random.next();
    tensor->size_bytes = random.next();
    tensor->owner = random.next();
    tensor->start_offset = random.next();
    tensor->is_contiguous = static_cast<uint8_t>(random.next());
    tensor->address_space = static_cast<uint8_t>(random.next());
    tensor->extent = random.next();
    tensor->buffer = random.below32(UINT32_MAX);
    for (uint32_t &stride : tensor->strides)
        stride = random.below32(UINT32_MAX);
    for (uint32_t i = tensor->ndims; i < PTO_MAX_RANK; i++)
        tensor->shape[i] = random.below32(UINT32_MAX);
    tensor->initial = random.next(); // which does not count
    for (uint32_t &word : tensor->reserved)
        word = random.below32(UINT32_MAX);
}

/// What is to come of it; where it lies and whose it is are taken from the result.
pto_tensor expected(const pto_tensor &clean, const pto_tensor &result)
{
    pto_tensor tensor = pto_tensor_new(clean.dtype, clean.ndims, clean.shape);
    tensor.version = clean.version;
    tensor.manual_dep = clean.manual_dep;
    tensor.address_space = PTO_DEVICE_MEMORY;
    tensor.addr = result.addr;
    tensor.owner = result.owner;
    tensor.buffer = result.buffer;
    return tensor;
}

void assert_in_heap(const Graph &graph, const pto_tensor &tensor)
{
    assert_int_not_equal(tensor.buffer, 0);
    const pto::engine::Buffer &buffer = const_cast<Graph &>(graph).engine.map[tensor.buffer];
    assert_true(buffer.base == tensor.addr && buffer.size_bytes == tensor.size_bytes);
    assert_true(buffer.owner.bits == tensor.owner);
    assert_true(tensor.addr >= graph.heap_base() && tensor.addr + tensor.size_bytes <= graph.outside());
}

template <class Body> void for_each_kind(Body &&body)
{
    Random random(17);
    for (uint32_t dtype = 0; dtype < PTO_DTYPE_COUNT; dtype++)
        for (uint32_t rank = 1; rank <= PTO_MAX_RANK; rank++)
            for (const bool dirty : {false, true})
                for (int i = 0; i < 4; i++) {
                    const pto_tensor clean = specification(random, dtype, rank);
                    pto_tensor given = clean;
                    if (dirty)
                        make_dirty(&given, random);
                    body(clean, given);
                }
}

void an_output_of_a_task_is_a_new_tensor_for_both(void **)
{
    Graph graph;
    pto_task_id id = PTO_NO_TASK;
    const pto_tensor *wanted = nullptr;
    graph.kernel = [&](TaskSlot &slot) {
        assert_int_equal(slot.tensor_count, 2);
        for (uint32_t i = 0; i < 2; i++)
            assert_memory_equal(&graph.engine.tasks.payload.tensors(slot.payload)[i], &wanted[i], sizeof(pto_tensor));
        wanted = nullptr;
    };
    for_each_kind([&](const pto_tensor &clean, const pto_tensor &given) {
        PTO_SCOPE (graph.orch) {
            pto_tensor results[2] = {given, given};
            id = graph.submit({out(results[0]), out(results[1])});
            assert_int_equal(pto_orch_status(graph.orch), PTO_OK);
            for (const pto_tensor &result : results) {
                assert_true(result.owner == id);
                const pto_tensor right = expected(clean, result);
                assert_memory_equal(&result, &right, sizeof result);
                assert_in_heap(graph, result);
            }
            assert_true(results[0].addr != results[1].addr && results[0].buffer != results[1].buffer);
            wanted = results;
            graph.run_all();
            assert_null(wanted);
        }
    });
    graph.finish_well();
}

void an_allocated_tensor_is_a_new_one(void **)
{
    Graph graph;
    for_each_kind([&](const pto_tensor &clean, const pto_tensor &given) {
        PTO_SCOPE (graph.orch) {
            pto_tensor result = given;
            pto_allocate(graph.orch, &result);
            assert_int_equal(pto_orch_status(graph.orch), PTO_OK);
            const pto_tensor right = expected(clean, result);
            assert_memory_equal(&result, &right, sizeof result);
            assert_in_heap(graph, result);
            assert_true(result.owner != PTO_NO_TASK);
        }
        assert_int_equal(graph.engine.heap.used_bytes(), 0); // the scope alone has held it
    });
    graph.finish_well();
}

/// A specification that no memory can hold, or none at all, and the text of its refusal.
struct Refusal {
    pto_tensor tensor;
    const char *text;
};

std::vector<Refusal> refusals()
{
    std::vector<Refusal> list;
    const auto add = [&](const char *text, auto &&change) {
        pto_tensor tensor = plain(PTO_FLOAT32, {2, 3});
        change(tensor);
        list.push_back({tensor, text});
    };
    add("rank 0", [](pto_tensor &tensor) { tensor.ndims = 0; });
    add("rank 6", [](pto_tensor &tensor) { tensor.ndims = 6; });
    add("dtype", [](pto_tensor &tensor) { tensor.dtype = PTO_DTYPE_COUNT; });
    add("an extent is zero", [](pto_tensor &tensor) { tensor.shape[0] = 0; });
    add("an extent is zero", [](pto_tensor &tensor) { tensor.shape[1] = 0; });
    add("", [](pto_tensor &tensor) { tensor = plain(PTO_UINT8, {2, 1u << 16, 1u << 16}); });
    add("", [](pto_tensor &tensor) { tensor = plain(PTO_INT64, {UINT32_MAX, UINT32_MAX}); }); // bytes overflow
    return list;
}

void a_specification_that_is_none_is_refused_and_stays_as_it_is(void **)
{
    for (const Refusal &refusal : refusals()) {
        for (const bool by_task : {true, false}) {
            Graph graph;
            pto_tensor given = refusal.tensor;
            if (by_task)
                assert_true(graph.submit({out(given)}) == PTO_NO_TASK);
            else
                pto_allocate(graph.orch, &given);
            assert_memory_equal(&given, &refusal.tensor, sizeof given);
            assert_int_equal(graph.engine.heap.used_bytes(), 0);
            graph.expect_error(PTO_ERROR_INVALID_TENSOR, refusal.text);
        }
    }
}

void the_largest_inner_extents_are_laid_out(void **)
{
    Graph graph;
    // As large as strides can say; there is no memory for it, which is another error.
    pto_tensor given = plain(PTO_UINT8, {2, UINT32_MAX});
    assert_true(graph.submit({out(given)}) == PTO_NO_TASK);
    graph.expect_error(PTO_ERROR_CAPACITY, std::to_string(uint64_t{UINT32_MAX} * 2));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_output_of_a_task_is_a_new_tensor_for_both),
        cmocka_unit_test(an_allocated_tensor_is_a_new_one),
        cmocka_unit_test(a_specification_that_is_none_is_refused_and_stays_as_it_is),
        cmocka_unit_test(the_largest_inner_extents_are_laid_out),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
