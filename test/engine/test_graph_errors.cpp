// SPDX-License-Identifier: Apache-2.0
// What the graph builder refuses, and that a run ends all the same.
#include "graph_fixture.hpp"

namespace {

using namespace pto::test;

pto_task_id submit_kernels(Graph &graph, int32_t aic, int32_t aiv0, int32_t aiv1)
{
    return pto_submit_kernels(graph.orch, aic, aiv0, aiv1, nullptr, 0);
}

// ---- kernels

void a_func_id_without_a_kernel_is_refused(void **)
{
    for (const int32_t func_id : {-2, int32_t{kNoFunc}, int32_t{kFuncCount}, 1023, 65536 + kAivFunc, INT32_MAX}) {
        Graph graph;
        assert_true(submit_kernels(graph, PTO_NO_KERNEL, PTO_NO_KERNEL, kAivFunc) != PTO_NO_TASK);
        assert_true(submit_kernels(graph, PTO_NO_KERNEL, func_id, PTO_NO_KERNEL) == PTO_NO_TASK);
        assert_int_equal(graph.error().func_id, func_id);
        assert_int_equal(graph.error().task, 1);
        graph.expect_error(PTO_ERROR_UNKNOWN_KERNEL, "no kernel with func id " + std::to_string(func_id));
        assert_int_equal(graph.ran.size(), 1);
    }
}

void a_kernel_for_the_other_core_type_is_refused(void **)
{
    Graph matrix;
    assert_true(submit_kernels(matrix, kAivFunc, PTO_NO_KERNEL, PTO_NO_KERNEL) == PTO_NO_TASK);
    matrix.expect_error(PTO_ERROR_UNKNOWN_KERNEL, "kernel 1 is for an AIV core");
    Graph vector;
    assert_true(submit_kernels(vector, kAicFunc, kAivFunc, kAicFunc) == PTO_NO_TASK);
    vector.expect_error(PTO_ERROR_UNKNOWN_KERNEL, "kernel 0 is for an AIC core");
}

void every_combination_of_cores_is_a_task(void **)
{
    Graph graph;
    for (const int32_t aic : {PTO_NO_KERNEL, int32_t{kAicFunc}})
        for (const int32_t aiv0 : {PTO_NO_KERNEL, int32_t{kAivFunc}})
            for (const int32_t aiv1 : {PTO_NO_KERNEL, int32_t{kOtherAivFunc}})
                assert_true(submit_kernels(graph, aic, aiv0, aiv1) != PTO_NO_TASK);
    graph.finish_well();
    assert_int_equal(graph.ran.size(), 8);
}

void a_kernel_for_either_core_type_runs_in_every_lane(void **)
{
    Graph graph;
    for (const int32_t aic : {PTO_NO_KERNEL, int32_t{kAnyFunc}, int32_t{kAicFunc}})
        for (const int32_t aiv0 : {PTO_NO_KERNEL, int32_t{kAnyFunc}, int32_t{kAivFunc}})
            for (const int32_t aiv1 : {PTO_NO_KERNEL, int32_t{kAnyFunc}, int32_t{kOtherAivFunc}})
                assert_true(submit_kernels(graph, aic, aiv0, aiv1) != PTO_NO_TASK);
    graph.finish_well();
    assert_int_equal(graph.ran.size(), 27);
}

// ---- the task

void a_task_that_is_not_there_is_refused(void **)
{
    Graph graph;
    assert_true(pto_submit_task(graph.orch, nullptr) == PTO_NO_TASK);
    graph.expect_error(PTO_ERROR_INVALID_TASK, "NULL");
}

void a_task_of_another_size_is_refused(void **)
{
    for (const uint32_t size : {uint32_t{0}, uint32_t{sizeof(pto_task) - 8}, uint32_t{sizeof(pto_task) + 8}}) {
        Graph graph;
        pto_task task = Graph::aiv_task();
        task.struct_size = size;
        assert_true(pto_submit_task(graph.orch, &task) == PTO_NO_TASK);
        graph.expect_error(PTO_ERROR_INVALID_TASK, "struct_size");
    }
}

void lists_that_are_not_there_are_refused(void **)
{
    Graph without_arguments;
    pto_task task = Graph::aiv_task();
    task.arg_count = 2;
    assert_true(pto_submit_task(without_arguments.orch, &task) == PTO_NO_TASK);
    without_arguments.expect_error(PTO_ERROR_INVALID_TASK, "NULL list of 2 arguments");
    Graph without_dependencies;
    task.arg_count = 0;
    task.dependency_count = 3;
    assert_true(pto_submit_task(without_dependencies.orch, &task) == PTO_NO_TASK);
    without_dependencies.expect_error(PTO_ERROR_INVALID_TASK, "3 dependencies");
}

void an_argument_of_unknown_access_is_refused(void **)
{
    Graph graph;
    pto_arg list[2] = {pto_arg_of_scalar(1), pto_arg_of_scalar(2)};
    list[1].access = PTO_ACCESS_RUN_SCALAR + 1;
    assert_true(pto_submit_kernels(graph.orch, PTO_NO_KERNEL, kAivFunc, PTO_NO_KERNEL, list, 2) == PTO_NO_TASK);
    graph.expect_error(PTO_ERROR_INVALID_TASK, "argument 1 has an unknown access");
}

void an_argument_without_a_tensor_is_refused(void **)
{
    for (uint32_t access = 0; access < PTO_ACCESS_SCALAR; access++) {
        Graph graph;
        assert_true(graph.submit({pto_arg_of_tensor(access, nullptr)}) == PTO_NO_TASK);
        graph.expect_error(PTO_ERROR_INVALID_TASK, "argument 0 has no tensor");
    }
}

/// Submits a task of so many tensors and scalars, alternating.
pto_task_id submit_arguments(Graph &graph, uint32_t tensors, uint32_t scalars)
{
    std::vector<pto_arg> list;
    const pto_tensor tensor = graph.args.tensors[0];
    for (; tensors > 0 || scalars > 0;) {
        if (tensors > 0 && tensors-- > 0)
            list.push_back(in(tensor));
        if (scalars > 0 && scalars-- > 0)
            list.push_back(pto_arg_of_scalar(scalars));
    }
    return pto_submit_kernels(graph.orch, PTO_NO_KERNEL, kAivFunc, PTO_NO_KERNEL, list.data(),
                              static_cast<uint32_t>(list.size()));
}

void a_task_takes_as_many_arguments_as_a_kernel_and_no_more(void **)
{
    Graph most({.tensor_count = 1});
    assert_true(submit_arguments(most, PTO_KERNEL_MAX_TENSORS, PTO_KERNEL_MAX_SCALARS) != PTO_NO_TASK);
    most.finish_well();
    const std::pair<uint32_t, uint32_t> refused[] = {{33, 0}, {33, 1}, {0, 17}, {32, 17}, {100, 100}};
    for (const auto &[tensors, scalars] : refused) {
        Graph graph({.tensor_count = 1});
        assert_true(submit_arguments(graph, tensors, scalars) == PTO_NO_TASK);
        graph.expect_error(PTO_ERROR_INVALID_TASK, std::to_string(tensors + scalars) + " arguments");
    }
}

void blocks_that_cannot_be_counted_are_refused(void **)
{
    for (const uint32_t blocks : {UINT32_MAX, uint32_t{INT32_MAX}, uint32_t{INT32_MAX} / 3 + 1}) {
        Graph graph;
        pto_task task = Graph::aiv_task();
        task.block_num = blocks;
        assert_true(pto_submit_task(graph.orch, &task) == PTO_NO_TASK);
        graph.expect_error(PTO_ERROR_INVALID_TASK, "blocks");
    }
    Graph joining;
    pto_task task = PTO_TASK_INIT;
    task.block_num = 2;
    assert_true(pto_submit_task(joining.orch, &task) == PTO_NO_TASK);
    joining.expect_error(PTO_ERROR_INVALID_TASK, "2 blocks of 0 kernels");
}

// ---- tensors

/// Every call that takes a tensor refuses this one.
void expect_defect(const pto_tensor &tensor, const char *text)
{
    for (const uint32_t access : {PTO_ACCESS_INPUT, PTO_ACCESS_INOUT, PTO_ACCESS_OUTPUT_EXISTING, PTO_ACCESS_NO_DEP}) {
        Graph graph({.tensor_count = 1});
        pto_tensor broken = tensor;
        broken.addr = graph.args.tensors[0].addr;
        broken.buffer = graph.args.tensors[0].buffer;
        assert_true(graph.submit({pto_arg_of_scalar(7), pto_arg_of_tensor(access, &broken)}) == PTO_NO_TASK);
        assert_non_null(std::strstr(graph.error().message, "argument 1: "));
        graph.expect_error(PTO_ERROR_INVALID_TENSOR, text);
    }
    Graph graph({.tensor_count = 1});
    pto_tensor broken = tensor;
    broken.addr = graph.args.tensors[0].addr;
    broken.buffer = graph.args.tensors[0].buffer;
    const uint32_t index[PTO_MAX_RANK] = {};
    assert_int_equal(pto_get_element(graph.orch, &broken, index), 0);
    graph.expect_error(PTO_ERROR_INVALID_TENSOR, text);
}

void a_tensor_that_cannot_be_right_is_refused(void **)
{
    const pto_tensor sound = plain(PTO_FLOAT32, {4, 16});
    pto_tensor tensor = sound;
    tensor.ndims = 6;
    expect_defect(tensor, "rank");
    tensor.ndims = 0;
    expect_defect(tensor, "rank");
    tensor = sound;
    tensor.dtype = PTO_DTYPE_COUNT;
    expect_defect(tensor, "dtype");
    tensor = sound;
    tensor.strides[0] = 0;
    expect_defect(tensor, "stride is zero");
    tensor = sound;
    tensor.strides[0] = 8;
    expect_defect(tensor, "overlap");
    tensor = sound;
    tensor.start_offset = 1;
    expect_defect(tensor, "beyond its buffer");
}

void an_output_that_cannot_be_right_is_refused(void **)
{
    const uint32_t six[] = {1, 1, 1, 1, 1, 1};
    const uint32_t huge[] = {UINT32_MAX, UINT32_MAX, UINT32_MAX};
    const pto_tensor broken[] = {pto_tensor_new(PTO_FLOAT32, 6, six),
                                 pto_tensor_new(PTO_FLOAT32, 0, six),
                                 plain(PTO_FLOAT32, {4, 0}),
                                 plain(PTO_DTYPE_COUNT, {4}),
                                 pto_tensor_new(PTO_FLOAT32, 2, huge),
                                 pto_tensor_new(PTO_FLOAT32, 3, huge),
                                 plain(PTO_INT64, {UINT32_MAX, UINT32_MAX}),
                                 plain(PTO_INT64, {1, 65536, 65536})};
    for (const pto_tensor &spec : broken) {
        Graph submitting;
        pto_tensor tensor = spec;
        assert_true(submitting.submit({out(tensor)}) == PTO_NO_TASK);
        submitting.expect_error(PTO_ERROR_INVALID_TENSOR, "argument 0: ");
        Graph allocating;
        tensor = spec;
        assert_int_equal(pto_allocate(allocating.orch, &tensor), PTO_ERROR_INVALID_TENSOR);
        assert_int_equal(tensor.addr, 0);
        allocating.expect_error(PTO_ERROR_INVALID_TENSOR, "tensor of rank");
    }
}

void allocating_nothing_is_refused(void **)
{
    Graph graph;
    assert_int_equal(pto_allocate(graph.orch, nullptr), PTO_ERROR_INVALID_ARGUMENT);
    graph.expect_error(PTO_ERROR_INVALID_ARGUMENT, "NULL");
}

void an_argument_of_the_run_that_cannot_be_right_ends_it_at_once(void **)
{
    Graph graph({.tensor_count = 3});
    graph.finish_well();
    graph.args.tensors[2].ndims = 6;
    assert_false(graph.begin_with_arguments());
    assert_non_null(std::strstr(graph.error().message, "argument 2: "));
    graph.expect_error(PTO_ERROR_INVALID_TENSOR, "rank");
}

// ---- scopes

void a_scope_that_was_not_begun_cannot_end(void **)
{
    Graph graph;
    PTO_SCOPE (graph.orch) {}
    graph.submit({});
    pto_scope_end(graph.orch);
    graph.expect_error(PTO_ERROR_SCOPE, "scope_end without a scope_begin");
}

void scopes_nest_to_the_promised_depth_and_no_deeper(void **)
{
    Graph graph;
    for (uint32_t i = 0; i < PTO_MAX_SCOPE_DEPTH; i++)
        pto_scope_begin(graph.orch);
    assert_int_equal(pto_orch_status(graph.orch), PTO_OK);
    for (uint32_t i = 0; i < PTO_MAX_SCOPE_DEPTH; i++)
        pto_scope_end(graph.orch);
    graph.finish_well();
    graph.begin();
    for (uint32_t i = 0; i <= PTO_MAX_SCOPE_DEPTH; i++)
        pto_scope_begin(graph.orch);
    assert_int_equal(graph.error().available, PTO_MAX_SCOPE_DEPTH);
    graph.expect_error(PTO_ERROR_SCOPE, "more than 64 deep");
}

void a_scope_left_open_is_an_error(void **)
{
    Graph graph;
    pto_scope_begin(graph.orch);
    pto_scope_begin(graph.orch);
    assert_int_equal(pto_orch_status(graph.orch), PTO_OK);
    graph.finish();
    assert_int_equal(pto_orch_status(graph.orch), PTO_ERROR_SCOPE);
    assert_non_null(std::strstr(graph.error().message, "2 scopes still open"));
}

// ---- fatal, reject, log, and what follows an error

void a_fatal_keeps_its_code_and_its_message(void **)
{
    Graph graph;
    graph.submit({});
    pto_fatal(graph.orch, 4711, "row %u of %s", 3u, "A");
    assert_int_equal(graph.error().detail, 4711);
    graph.expect_error(PTO_ERROR_ORCHESTRATION_FATAL, "row 3 of A");
}

void a_rejection_names_the_task_that_would_have_been_next(void **)
{
    Graph graph;
    graph.submit({});
    pto_tensor_arg(graph.orch, 3);
    assert_int_equal(graph.error().task, 1);
    graph.expect_error(PTO_ERROR_INVALID_ARGUMENT, "tensor argument 3: the orchestration has 0");
    graph.begin();
    pto_orch_reject(graph.orch, PTO_OK, "no %s", "status");
    graph.expect_error(PTO_ERROR_INVALID_ARGUMENT, "no status");
}

void after_an_error_every_call_does_nothing(void **)
{
    Graph graph({.tensor_count = 1});
    const pto_tensor &argument = graph.args.tensors[0];
    const uint32_t index[] = {0};
    pto_set_element(graph.orch, &argument, index, 0x1234);
    graph.submit({inout(argument)});
    graph.submit({inout(argument)});
    pto_fatal(graph.orch, 1, "first");
    pto_fatal(graph.orch, 2, "second");
    pto_tensor tensor = plain(PTO_FLOAT32, {4});
    assert_true(graph.submit({out(tensor)}) == PTO_NO_TASK);
    assert_true(pto_submit_task(graph.orch, nullptr) == PTO_NO_TASK);
    assert_int_equal(pto_allocate(graph.orch, &tensor), PTO_ERROR_ORCHESTRATION_FATAL);
    assert_int_equal(tensor.addr, 0);
    pto_scope_end(graph.orch);
    pto_scope_begin(graph.orch);
    assert_int_equal(pto_get_element(graph.orch, &argument, index), 0);
    pto_set_element(graph.orch, &argument, index, 0x77);
    assert_int_equal(*reinterpret_cast<uint32_t *>(argument.addr), 0x1234);
    assert_int_equal(graph.waits, 0);
    assert_int_equal(graph.error().detail, 1);
    graph.expect_error(PTO_ERROR_ORCHESTRATION_FATAL, "first");
    assert_int_equal(graph.ran.size(), 2);
}

void the_run_after_one_that_failed_is_a_fresh_one(void **)
{
    Graph graph;
    pto_scope_begin(graph.orch);
    pto_tensor tensor = sized(32);
    graph.submit({out(tensor)});
    graph.submit({in(tensor), pto_arg_of_tensor(PTO_ACCESS_INPUT, nullptr)});
    graph.expect_error(PTO_ERROR_INVALID_TASK, "no tensor");
    assert_true(graph.begin());
    assert_int_equal(pto_orch_status(graph.orch), PTO_OK);
    pto_tensor all = sized(64);
    assert_true(graph.submit({out(all)}) != PTO_NO_TASK);
    graph.finish_well();
    assert_int_equal(graph.ran.size(), 1);
}

void a_failed_task_does_not_run_when_its_producers_complete(void **)
{
    Graph graph({.tensor_count = 2});
    graph.submit({inout(graph.args.tensors[0])});
    pto_tensor broken = graph.args.tensors[1];
    broken.ndims = 7;
    assert_true(graph.submit({inout(graph.args.tensors[0]), in(broken)}) == PTO_NO_TASK);
    graph.expect_error(PTO_ERROR_INVALID_TENSOR, "argument 1: ");
    assert_int_equal(graph.ran.size(), 1);
}

void lines_go_to_the_log_as_they_are_formatted(void **)
{
    Graph graph;
    pto_log(graph.orch, PTO_LOG_WARN, "%s has %d rows", "A", 5);
    pto_log(graph.orch, PTO_LOG_DEBUG, "%300d", 1);
    assert_int_equal(graph.lines.size(), 2);
    assert_string_equal(graph.lines[0].c_str(), "1 A has 5 rows");
    assert_in_range(graph.lines[1].size(), 191, 300);
    graph.finish_well();
}

void the_orchestration_is_told_what_the_chip_has(void **)
{
    Graph graph({.tensor_count = 2});
    assert_int_equal(graph.orch->tensor_count, 2);
    assert_int_equal(graph.orch->scalar_count, 0);
    assert_int_equal(graph.orch->cluster_count, 2);
    assert_int_equal(graph.orch->aic_count, 2);
    assert_int_equal(graph.orch->aiv_count, 4);
    assert_int_equal(graph.orch->ops->struct_size, sizeof(pto_orch_ops));
    assert_int_equal(graph.orch->ops->abi_version, PTO_ABI_VERSION);
    assert_ptr_equal(pto_tensor_arg(graph.orch, 1), &graph.args.tensors[1]);
    graph.finish_well();
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_func_id_without_a_kernel_is_refused),
        cmocka_unit_test(a_kernel_for_the_other_core_type_is_refused),
        cmocka_unit_test(every_combination_of_cores_is_a_task),
        cmocka_unit_test(a_kernel_for_either_core_type_runs_in_every_lane),
        cmocka_unit_test(a_task_that_is_not_there_is_refused),
        cmocka_unit_test(a_task_of_another_size_is_refused),
        cmocka_unit_test(lists_that_are_not_there_are_refused),
        cmocka_unit_test(an_argument_of_unknown_access_is_refused),
        cmocka_unit_test(an_argument_without_a_tensor_is_refused),
        cmocka_unit_test(a_task_takes_as_many_arguments_as_a_kernel_and_no_more),
        cmocka_unit_test(blocks_that_cannot_be_counted_are_refused),
        cmocka_unit_test(a_tensor_that_cannot_be_right_is_refused),
        cmocka_unit_test(an_output_that_cannot_be_right_is_refused),
        cmocka_unit_test(allocating_nothing_is_refused),
        cmocka_unit_test(an_argument_of_the_run_that_cannot_be_right_ends_it_at_once),
        cmocka_unit_test(a_scope_that_was_not_begun_cannot_end),
        cmocka_unit_test(scopes_nest_to_the_promised_depth_and_no_deeper),
        cmocka_unit_test(a_scope_left_open_is_an_error),
        cmocka_unit_test(a_fatal_keeps_its_code_and_its_message),
        cmocka_unit_test(a_rejection_names_the_task_that_would_have_been_next),
        cmocka_unit_test(after_an_error_every_call_does_nothing),
        cmocka_unit_test(the_run_after_one_that_failed_is_a_fresh_one),
        cmocka_unit_test(a_failed_task_does_not_run_when_its_producers_complete),
        cmocka_unit_test(lines_go_to_the_log_as_they_are_formatted),
        cmocka_unit_test(the_orchestration_is_told_what_the_chip_has),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
