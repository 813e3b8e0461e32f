// SPDX-License-Identifier: Apache-2.0
// Comparisons of elements, and tasks that depend on them.
#include "graph_fixture.hpp"

#include <bit>
#include <cmath>
#include <limits>

namespace {

using namespace pto::test;
using pto::load_relaxed;
using pto::engine::compare;
using pto::engine::is_comparable;

constexpr uint32_t kOps[] = {PTO_PREDICATE_EQ, PTO_PREDICATE_NE, PTO_PREDICATE_GT,
                             PTO_PREDICATE_LT, PTO_PREDICATE_GE, PTO_PREDICATE_LE};

template <class T> bool expected(uint32_t op, T a, T b)
{
    switch (op) {
    case PTO_PREDICATE_EQ: return a == b;
    case PTO_PREDICATE_NE: return a != b;
    case PTO_PREDICATE_GT: return a > b;
    case PTO_PREDICATE_LT: return a < b;
    case PTO_PREDICATE_GE: return a >= b;
    default: return a <= b;
    }
}

/// The bits of a value, zero-extended.
template <class T> uint64_t bits_of(T value)
{
    uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    return bits;
}

template <class T> void check_integers(pto_dtype dtype)
{
    using Limits = std::numeric_limits<T>;
    const T values[] = {T{0}, T{1}, T{2}, static_cast<T>(-1), Limits::min(), Limits::max(), static_cast<T>(100)};
    assert_true(is_comparable(dtype));
    for (const uint32_t op : kOps)
        for (const T a : values)
            for (const T b : values) {
                if (compare(op, dtype, bits_of(a), bits_of(b)) != expected(op, a, b))
                    fail_msg("dtype %u, comparison %u: %lld and %lld", unsigned{dtype}, op, static_cast<long long>(a),
                             static_cast<long long>(b));
                // A value whose upper bits are not what the contract asks for is the same value.
                const uint64_t upper = sizeof(T) == 8 ? 0 : ~uint64_t{0} << 8 * (sizeof(T) % 8);
                assert_int_equal(compare(op, dtype, bits_of(a), bits_of(b) | upper), expected(op, a, b));
            }
}

void integers_compare_by_their_sign_and_size(void **)
{
    check_integers<int8_t>(PTO_INT8);
    check_integers<int16_t>(PTO_INT16);
    check_integers<int32_t>(PTO_INT32);
    check_integers<int64_t>(PTO_INT64);
    check_integers<uint8_t>(PTO_UINT8);
    check_integers<uint16_t>(PTO_UINT16);
    check_integers<uint32_t>(PTO_UINT32);
    check_integers<uint64_t>(PTO_UINT64);
    check_integers<uint8_t>(PTO_BOOL);
}

/// Bits of a float that a 16-bit type represents exactly.
uint64_t half_bits(float value)
{
    if (std::isnan(value))
        return 0x7e01;
    const uint32_t sign = std::signbit(value) ? 0x8000u : 0;
    const float magnitude = std::fabs(value);
    if (std::isinf(value))
        return sign | 0x7c00;
    if (magnitude < 0x1p-14f) // subnormal
        return sign | static_cast<uint32_t>(magnitude * 0x1p24f);
    int exponent = 0;
    const float fraction = std::frexp(magnitude, &exponent); // [0.5, 1)
    return sign | static_cast<uint32_t>(exponent + 14) << 10 | (static_cast<uint32_t>(fraction * 2048) & 1023);
}
uint64_t brain_bits(float value)
{
    return std::isnan(value) ? 0xffc0 : std::bit_cast<uint32_t>(value) >> 16;
}
uint64_t float_bits(float value)
{
    return std::bit_cast<uint32_t>(value);
}

void floats_compare_as_numbers_and_a_nan_is_only_unequal(void **)
{
    struct Type {
        pto_dtype dtype;
        uint64_t (*bits)(float);
    };
    const Type types[] = {{PTO_FLOAT32, float_bits}, {PTO_FLOAT16, half_bits}, {PTO_BFLOAT16, brain_bits}};
    const float inf = std::numeric_limits<float>::infinity();
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const float values[] = {0.0f,     -0.0f,     1.0f,     -1.0f,      1.5f,     0.75f, -2.5f, 96.0f, -1024.0f,
                            0x1p-24f, -0x1p-24f, 0x1p-14f, 0x1.8p-20f, 65280.0f, inf,   -inf,  nan};
    for (const Type &type : types) {
        assert_true(is_comparable(type.dtype));
        for (const uint32_t op : kOps)
            for (const float a : values)
                for (const float b : values)
                    if (compare(op, type.dtype, type.bits(a), type.bits(b)) != expected(op, a, b))
                        fail_msg("dtype %u, comparison %u: %g and %g", unsigned{type.dtype}, op, static_cast<double>(a),
                                 static_cast<double>(b));
    }
}

void tiny_floats_cannot_be_compared(void **)
{
    for (const pto_dtype dtype : {PTO_FLOAT8_E4M3FN, PTO_FLOAT8_E8M0, PTO_FLOAT4_E2M1, PTO_DTYPE_COUNT}) {
        assert_false(is_comparable(dtype));
        assert_false(compare(PTO_PREDICATE_EQ, dtype, 0, 0));
    }
    assert_false(compare(0, PTO_INT32, 0, 0));
    assert_false(compare(7, PTO_INT32, 0, 0));
}

// ---- tasks

pto_task_id submit_if(Graph &graph, const pto_predicate &predicate, std::initializer_list<pto_arg> list = {})
{
    pto_task task = Graph::aiv_task();
    task.args = list.begin();
    task.arg_count = static_cast<uint32_t>(list.size());
    task.predicate = &predicate;
    return pto_submit_task(graph.orch, &task);
}

/// "Element `index` of the tensor of floats is 1."
pto_predicate is_one(const pto_tensor &tensor, uint32_t index)
{
    return {PTO_PREDICATE_EQ, {index, 0, 0, 0, 0}, &tensor, pto_bits_f32(1.0f)};
}

float *element_of(const pto_tensor &tensor, uint32_t index)
{
    return reinterpret_cast<float *>(tensor.addr) + index;
}

void a_task_runs_if_its_predicate_holds_and_completes_anyway(void **)
{
    Graph graph({.tensor_count = 1});
    const pto_tensor &flags = graph.args.tensors[0];
    *element_of(flags, 3) = 1.0f;
    const pto_task_id runs = submit_if(graph, is_one(flags, 3));
    const pto_task_id skipped = submit_if(graph, is_one(flags, 4));
    graph.submit({}, {runs, skipped});
    graph.finish_well();
    assert_true((graph.ran == std::vector<uint32_t>{0, 2}) && (graph.skipped == std::vector<uint32_t>{1}));
}

void the_element_is_looked_at_when_the_task_could_start(void **)
{
    Graph graph({.tensor_count = 1});
    const pto_tensor &flags = graph.args.tensors[0];
    const uint32_t offset[] = {5};
    const uint32_t shape[] = {1};
    const pto_tensor element = pto_view(graph.orch, &flags, offset, shape);
    graph.kernel = [&](TaskSlot &slot) {
        if (slot.ordinal == 0)
            *element_of(flags, 5) = 1.0f;
    };
    graph.submit({write(element)});
    submit_if(graph, is_one(flags, 5));
    assert_int_equal(graph.ready_count(), 1);
    graph.finish_well();
    assert_int_equal(graph.ran.size(), 2);
}

void a_writer_of_the_element_waits_for_the_predicate(void **)
{
    Graph graph({.tensor_count = 1});
    const pto_tensor &flags = graph.args.tensors[0];
    const uint32_t shape[] = {1};
    const uint32_t five[] = {5};
    const uint32_t six[] = {6};
    submit_if(graph, is_one(flags, 5));
    graph.submit({write(pto_view(graph.orch, &flags, five, shape))});
    assert_int_equal(graph.ready_count(), 1);
    graph.submit({write(pto_view(graph.orch, &flags, six, shape))});
    submit_if(graph, is_one(flags, 7));
    assert_int_equal(graph.ready_count(), 3);
    graph.finish_well();
}

void a_predicate_in_a_view_names_the_views_element(void **)
{
    Graph graph({.tensor_count = 1});
    pto_tensor matrix = graph.args.tensors[0];
    const uint32_t shape[] = {16, 16};
    matrix = pto_reshape(graph.orch, &matrix, 2, shape);
    const pto_tensor transposed = pto_transpose(graph.orch, &matrix, 0, 1);
    *element_of(matrix, 2 * 16 + 3) = 1.0f;
    const pto_predicate there{PTO_PREDICATE_EQ, {3, 2, 0, 0, 0}, &transposed, pto_bits_f32(1.0f)};
    const pto_predicate elsewhere{PTO_PREDICATE_EQ, {2, 3, 0, 0, 0}, &transposed, pto_bits_f32(1.0f)};
    submit_if(graph, there);
    submit_if(graph, elsewhere);
    graph.finish_well();
    assert_true((graph.ran == std::vector<uint32_t>{0}) && (graph.skipped == std::vector<uint32_t>{1}));
}

void the_arguments_beside_a_predicate_stay_whole(void **)
{
    Graph graph({.tensor_count = 1});
    const pto_tensor &flags = graph.args.tensors[0];
    *element_of(flags, 0) = 1.0f;
    // With a predicate the arguments fill one line more.
    for (uint32_t scalars = 0; scalars <= PTO_KERNEL_MAX_SCALARS; scalars++) {
        std::vector<pto_arg> list;
        for (uint32_t i = 0; i < scalars; i++)
            list.push_back(pto_arg_of_scalar(100 * scalars + i));
        const pto_predicate predicate = is_one(flags, 0);
        pto_task task = Graph::aiv_task();
        task.args = list.data();
        task.arg_count = scalars;
        task.predicate = &predicate;
        assert_int_not_equal(pto_submit_task(graph.orch, &task), PTO_NO_TASK);
    }
    graph.kernel = [&](TaskSlot &slot) {
        const uint64_t *scalars = graph.engine.tasks.payload.scalars(slot);
        assert_int_equal(slot.scalar_count, slot.ordinal);
        for (uint32_t i = 0; i < slot.scalar_count; i++)
            assert_int_equal(scalars[i], 100 * slot.ordinal + i);
    };
    graph.finish_well();
    assert_int_equal(graph.ran.size(), PTO_KERNEL_MAX_SCALARS + 1);
}

void the_predicates_buffer_lives_as_long_as_the_task(void **)
{
    Graph graph;
    PTO_SCOPE (graph.orch) {
        pto_tensor flags = plain(PTO_FLOAT32, {16});
        graph.submit({out(flags)});
        submit_if(graph, is_one(flags, 0));
    }
    graph.run_task(0);
    pto_tensor other = sized(1);
    pto_allocate(graph.orch, &other); // takes back what is complete
    assert_int_equal(graph.engine.heap.used_bytes(), 2048);
    graph.run_all();
    pto_tensor another = sized(1);
    pto_allocate(graph.orch, &another);
    assert_int_equal(graph.engine.heap.used_bytes(), 2048); // the flags are gone
    graph.finish_well();
}

void predicates_leave_no_memory_behind(void **)
{
    Graph graph({.geometry = Geometry::of_tasks(4)});
    for (uint32_t i = 0; i < 1000; i++) {
        PTO_SCOPE (graph.orch) {
            pto_tensor flags = plain(PTO_FLOAT32, {16});
            graph.submit({out(flags)});
            submit_if(graph, is_one(flags, i % 16), {inout(flags)});
            submit_if(graph, is_one(flags, (i + 1) % 16));
        }
    }
    graph.finish_well();
    assert_int_equal(graph.ran.size() + graph.skipped.size(), 3000);
    assert_true(graph.engine.heap.peak_bytes() <= 4 << 10);
}

void a_task_without_a_kernel_may_have_a_predicate(void **)
{
    Graph graph({.tensor_count = 1});
    const pto_predicate predicate = is_one(graph.args.tensors[0], 0);
    pto_task task = PTO_TASK_INIT;
    task.predicate = &predicate;
    pto_submit_task(graph.orch, &task);
    graph.finish_well();
    assert_int_equal(graph.skipped.size(), 1);
}

void predicates_that_cannot_be_are_refused(void **)
{
    struct Case {
        uint32_t op;
        pto_dtype dtype;
        uint32_t index;
        bool tensor;
        pto_status status;
        const char *message;
    };
    const Case cases[] = {
        {0, PTO_FLOAT32, 0, true, PTO_ERROR_INVALID_TASK, "predicate with comparison 0 of dtype 0"},
        {7, PTO_FLOAT32, 0, true, PTO_ERROR_INVALID_TASK, "predicate with comparison 7 of dtype 0"},
        {1, PTO_FLOAT8_E4M3FN, 0, true, PTO_ERROR_INVALID_TASK, "predicate with comparison 1 of dtype 12"},
        {1, PTO_FLOAT32, kArgumentElements, true, PTO_ERROR_INVALID_TENSOR, "index 256 of dimension 0"},
        {1, PTO_FLOAT32, 0, false, PTO_ERROR_INVALID_ARGUMENT, "the tensor is NULL"},
        {1, PTO_DTYPE_COUNT, 0, true, PTO_ERROR_INVALID_TENSOR, "its dtype is unknown"},
    };
    for (const Case &each : cases) {
        Graph graph({.tensor_count = 1});
        pto_tensor tensor = graph.args.tensors[0];
        tensor.dtype = each.dtype;
        submit_if(graph, {each.op, {each.index, 0, 0, 0, 0}, each.tensor ? &tensor : nullptr, 0});
        graph.expect_error(each.status, each.message);
        assert_true(graph.ran.empty() && graph.skipped.empty());
    }
}

void a_predicate_on_a_stale_tensor_is_refused(void **)
{
    Graph graph;
    pto_tensor flags = plain(PTO_FLOAT32, {16});
    pto_allocate(graph.orch, &flags);
    pto_discard(graph.orch, &flags);
    submit_if(graph, is_one(flags, 0));
    graph.expect_error(PTO_ERROR_STALE_HANDLE, "after it was discarded");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(integers_compare_by_their_sign_and_size),
        cmocka_unit_test(floats_compare_as_numbers_and_a_nan_is_only_unequal),
        cmocka_unit_test(tiny_floats_cannot_be_compared),
        cmocka_unit_test(a_task_runs_if_its_predicate_holds_and_completes_anyway),
        cmocka_unit_test(the_element_is_looked_at_when_the_task_could_start),
        cmocka_unit_test(a_writer_of_the_element_waits_for_the_predicate),
        cmocka_unit_test(a_predicate_in_a_view_names_the_views_element),
        cmocka_unit_test(the_arguments_beside_a_predicate_stay_whole),
        cmocka_unit_test(the_predicates_buffer_lives_as_long_as_the_task),
        cmocka_unit_test(predicates_leave_no_memory_behind),
        cmocka_unit_test(a_task_without_a_kernel_may_have_a_predicate),
        cmocka_unit_test(predicates_that_cannot_be_are_refused),
        cmocka_unit_test(a_predicate_on_a_stale_tensor_is_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
