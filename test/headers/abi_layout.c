/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes and offsets of everything that crosses a binary interface, by number. A kernel, an orchestration or a host
 * program that was built against these headers keeps working only while all of them stay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pto/callable.h"
#include "pto/comm.h"
#include "pto/kernel.h"
#include "pto/orch.h"
#include "pto/pto.h"
#include "pto/tensor.h"

/* cmocka prints the line, and the line names the field. */
#define SIZE(type, bytes)          assert_int_equal(sizeof(type), bytes)
#define FIELD(type, field, offset) assert_int_equal(offsetof(type, field), offset)
#define BYTES(type, field, bytes)  assert_int_equal(sizeof(((type *)NULL)->field), bytes)

struct probe_of_alignment {
    char first;
    pto_tensor tensor;
};

static void the_tensor_descriptor_has_128_bytes_in_this_order(void **state)
{
    (void)state;
    SIZE(pto_tensor, 128);
    FIELD(pto_tensor, addr, 0);
    FIELD(pto_tensor, size_bytes, 8);
    FIELD(pto_tensor, owner, 16);
    FIELD(pto_tensor, start_offset, 24);
    FIELD(pto_tensor, version, 32);
    FIELD(pto_tensor, ndims, 36);
    FIELD(pto_tensor, dtype, 40);
    FIELD(pto_tensor, manual_dep, 41);
    FIELD(pto_tensor, is_contiguous, 42);
    FIELD(pto_tensor, address_space, 43);
    FIELD(pto_tensor, shape, 44);
    BYTES(pto_tensor, shape, 20);
    FIELD(pto_tensor, extent, 64);
    FIELD(pto_tensor, strides, 72);
    BYTES(pto_tensor, strides, 20);
    FIELD(pto_tensor, buffer, 92);
    FIELD(pto_tensor, initial, 96);
    FIELD(pto_tensor, has_initial, 104);
    FIELD(pto_tensor, reserved, 108);
    BYTES(pto_tensor, reserved, 20);
}

static void a_tensor_descriptor_is_aligned_to_a_cache_line(void **state)
{
    (void)state;
    FIELD(struct probe_of_alignment, tensor, 64);
}

static void a_deferred_completion_has_32_bytes_in_this_order(void **state)
{
    (void)state;
    SIZE(pto_completion, 32);
    FIELD(pto_completion, addr, 0);
    FIELD(pto_completion, backend_cookie, 8);
    FIELD(pto_completion, expected_value, 16);
    FIELD(pto_completion, engine, 20);
    FIELD(pto_completion, completion_type, 24);
    FIELD(pto_completion, reserved, 28);
}

static void the_async_context_has_40_bytes_in_this_order(void **state)
{
    (void)state;
    SIZE(pto_async_context, 40);
    FIELD(pto_async_context, count, 0);
    FIELD(pto_async_context, error_code, 8);
    FIELD(pto_async_context, entries, 16);
    FIELD(pto_async_context, capacity, 24);
    BYTES(pto_async_context, capacity, 4);
    FIELD(pto_async_context, task_token, 32);
}

static void the_local_context_has_48_bytes_in_this_order(void **state)
{
    (void)state;
    SIZE(pto_local_context, 48);
    FIELD(pto_local_context, block_idx, 0);
    FIELD(pto_local_context, block_num, 4);
    FIELD(pto_local_context, async, 8);
}

static void the_global_context_has_24_bytes_in_this_order(void **state)
{
    (void)state;
    SIZE(pto_global_context, 24);
    FIELD(pto_global_context, sub_block_id, 0);
    BYTES(pto_global_context, sub_block_id, 4);
    FIELD(pto_global_context, dma_workspace, 8);
    BYTES(pto_global_context, dma_workspace, 16);
}

static void a_task_argument_has_16_bytes_in_this_order(void **state)
{
    (void)state;
    SIZE(pto_arg, 16);
    FIELD(pto_arg, access, 0);
    FIELD(pto_arg, reserved, 4);
    FIELD(pto_arg, value, 8);
    BYTES(pto_arg, value, 8);
}

static void a_task_has_56_bytes_in_this_order(void **state)
{
    (void)state;
    SIZE(pto_task, 56);
    FIELD(pto_task, struct_size, 0);
    FIELD(pto_task, aic, 4);
    FIELD(pto_task, aiv0, 8);
    FIELD(pto_task, aiv1, 12);
    FIELD(pto_task, block_num, 16);
    FIELD(pto_task, arg_count, 20);
    FIELD(pto_task, args, 24);
    FIELD(pto_task, dependency_count, 32);
    FIELD(pto_task, flags, 36);
    FIELD(pto_task, dependencies, 40);
    FIELD(pto_task, predicate, 48);
    SIZE(pto_task_id, 8);
}

static void a_predicate_has_40_bytes_in_this_order(void **state)
{
    (void)state;
    SIZE(pto_predicate, 40);
    FIELD(pto_predicate, op, 0);
    FIELD(pto_predicate, index, 4);
    BYTES(pto_predicate, index, 20);
    FIELD(pto_predicate, tensor, 24);
    FIELD(pto_predicate, value, 32);
}

static void the_orchestration_table_has_112_bytes_in_this_order(void **state)
{
    (void)state;
    SIZE(pto_orch_ops, 112);
    FIELD(pto_orch_ops, struct_size, 0);
    FIELD(pto_orch_ops, abi_version, 4);
    FIELD(pto_orch_ops, submit, 8);
    FIELD(pto_orch_ops, allocate, 16);
    FIELD(pto_orch_ops, discard, 24);
    FIELD(pto_orch_ops, scope_begin, 32);
    FIELD(pto_orch_ops, scope_end, 40);
    FIELD(pto_orch_ops, get_element, 48);
    FIELD(pto_orch_ops, set_element, 56);
    FIELD(pto_orch_ops, scalar, 64);
    FIELD(pto_orch_ops, log, 72);
    FIELD(pto_orch_ops, fatal, 80);
    FIELD(pto_orch_ops, reject, 88);
    FIELD(pto_orch_ops, status, 96);
    FIELD(pto_orch_ops, scope_memory, 104);
}

static void an_adapter_has_16_bytes_in_this_order(void **state)
{
    (void)state;
    SIZE(pto_orch_adapter, 16);
    FIELD(pto_orch_adapter, magic, 0);
    FIELD(pto_orch_adapter, abi_version, 4);
    FIELD(pto_orch_adapter, run, 8);
}

static void what_an_orchestration_sees_has_40_bytes_in_this_order(void **state)
{
    (void)state;
    SIZE(pto_orch, 40);
    FIELD(pto_orch, ops, 0);
    FIELD(pto_orch, tensors, 8);
    FIELD(pto_orch, tensor_count, 16);
    FIELD(pto_orch, scalar_count, 20);
    FIELD(pto_orch, cluster_count, 24);
    FIELD(pto_orch, aic_count, 28);
    FIELD(pto_orch, aiv_count, 32);
    FIELD(pto_orch, reserved, 36);
}

static void an_orchestration_entry_has_32_bytes_in_this_order(void **state)
{
    (void)state;
    SIZE(pto_orch_entry, 32);
    FIELD(pto_orch_entry, magic, 0);
    FIELD(pto_orch_entry, abi_version, 4);
    FIELD(pto_orch_entry, tensor_count, 8);
    FIELD(pto_orch_entry, scalar_count, 12);
    FIELD(pto_orch_entry, name, 16);
    FIELD(pto_orch_entry, run, 24);
}

static void a_callable_and_its_parts_keep_their_order(void **state)
{
    (void)state;
    SIZE(pto_param, 16);
    FIELD(pto_param, direction, 0);
    FIELD(pto_param, dtype, 1);
    FIELD(pto_param, ndims, 2);
    FIELD(pto_param, reserved, 3);
    FIELD(pto_param, name, 8);

    SIZE(pto_kernel, 32);
    FIELD(pto_kernel, func_id, 0);
    FIELD(pto_kernel, core_type, 4);
    FIELD(pto_kernel, name, 8);
    FIELD(pto_kernel, image, 16);
    FIELD(pto_kernel, image_bytes, 24);

    SIZE(pto_callable, 96);
    FIELD(pto_callable, struct_size, 0);
    FIELD(pto_callable, param_count, 4);
    FIELD(pto_callable, kernel_count, 8);
    FIELD(pto_callable, builder, 12);
    FIELD(pto_callable, graph_limit, 16);
    FIELD(pto_callable, reserved, 20);
    FIELD(pto_callable, name, 24);
    FIELD(pto_callable, arch, 32);
    FIELD(pto_callable, orch_entry, 40);
    FIELD(pto_callable, orch_config, 48);
    FIELD(pto_callable, orch_image, 56);
    FIELD(pto_callable, orch_image_bytes, 64);
    FIELD(pto_callable, params, 72);
    FIELD(pto_callable, kernels, 80);
    FIELD(pto_callable, build_identity, 88);

    SIZE(pto_import_options, 24);
    FIELD(pto_import_options, struct_size, 0);
    FIELD(pto_import_options, reserved, 4);
    FIELD(pto_import_options, name, 8);
    FIELD(pto_import_options, arch, 16);

    SIZE(pto_image_error, 192);
    FIELD(pto_image_error, message, 0);
}

static void the_open_options_have_88_bytes_in_this_order(void **state)
{
    (void)state;
    SIZE(pto_open_options, 88);
    FIELD(pto_open_options, struct_size, 0);
    FIELD(pto_open_options, device_index, 4);
    FIELD(pto_open_options, arch, 8);
    FIELD(pto_open_options, cluster_count, 16);
    FIELD(pto_open_options, helper_threads, 20);
    FIELD(pto_open_options, log, 24);
    FIELD(pto_open_options, log_user, 32);
    FIELD(pto_open_options, log_level, 40);
    FIELD(pto_open_options, reserved, 44);
    FIELD(pto_open_options, allocator, 48);
    FIELD(pto_open_options, device_memory_bytes, 56);
    FIELD(pto_open_options, heap_bytes, 64);
    FIELD(pto_open_options, max_tasks, 72);
    FIELD(pto_open_options, sim_mode, 76);
    FIELD(pto_open_options, stall_timeout_ns, 80);

    SIZE(pto_allocator, 24);
    FIELD(pto_allocator, user, 0);
    FIELD(pto_allocator, allocate, 8);
    FIELD(pto_allocator, release, 16);
}

static void the_arguments_and_options_of_a_run_keep_their_order(void **state)
{
    (void)state;
    SIZE(pto_args, 32);
    FIELD(pto_args, struct_size, 0);
    FIELD(pto_args, tensor_count, 4);
    FIELD(pto_args, scalar_count, 8);
    FIELD(pto_args, reserved, 12);
    FIELD(pto_args, tensors, 16);
    FIELD(pto_args, scalars, 24);

    SIZE(pto_run_options, 16);
    FIELD(pto_run_options, struct_size, 0);
    FIELD(pto_run_options, reserved, 4);
    FIELD(pto_run_options, timeout_ns, 8);
}

static void the_result_of_a_run_has_136_bytes_in_this_order(void **state)
{
    (void)state;
    SIZE(pto_run_result, 136);
    FIELD(pto_run_result, struct_size, 0);
    FIELD(pto_run_result, status, 4);
    FIELD(pto_run_result, tasks, 8);
    FIELD(pto_run_result, kernels, 16);
    FIELD(pto_run_result, skipped, 24);
    FIELD(pto_run_result, edges, 32);
    FIELD(pto_run_result, bytes_to_device, 40);
    FIELD(pto_run_result, bytes_from_device, 48);
    FIELD(pto_run_result, total_ns, 56);
    FIELD(pto_run_result, queue_ns, 64);
    FIELD(pto_run_result, stage_in_ns, 72);
    FIELD(pto_run_result, build_ns, 80);
    FIELD(pto_run_result, device_ns, 88);
    FIELD(pto_run_result, stage_out_ns, 96);
    FIELD(pto_run_result, loads, 104);
    FIELD(pto_run_result, graph_source, 108);
    FIELD(pto_run_result, peak_tasks, 112);
    FIELD(pto_run_result, peak_edges, 116);
    FIELD(pto_run_result, peak_map_entries, 120);
    FIELD(pto_run_result, peak_scope_depth, 124);
    FIELD(pto_run_result, peak_heap_bytes, 128);
}

static void the_counters_of_a_context_have_136_bytes_in_this_order(void **state)
{
    (void)state;
    SIZE(pto_stats, 136);
    FIELD(pto_stats, struct_size, 0);
    FIELD(pto_stats, prepared_callables, 4);
    FIELD(pto_stats, runs_under_way, 8);
    FIELD(pto_stats, reserved, 12);
    FIELD(pto_stats, prepares, 16);
    FIELD(pto_stats, releases, 24);
    FIELD(pto_stats, runs, 32);
    FIELD(pto_stats, failed_runs, 40);
    FIELD(pto_stats, orch_loads, 48);
    FIELD(pto_stats, host_orch_loads, 56);
    FIELD(pto_stats, graph_records, 64);
    FIELD(pto_stats, graph_replays, 72);
    FIELD(pto_stats, graph_bytes, 80);
    FIELD(pto_stats, kernel_uploads, 88);
    FIELD(pto_stats, orch_uploads, 96);
    FIELD(pto_stats, dedup_hits, 104);
    FIELD(pto_stats, resident_image_bytes, 112);
    FIELD(pto_stats, device_bytes, 120);
    FIELD(pto_stats, staging_bytes, 128);
}

static void the_description_of_a_build_has_56_bytes_in_this_order(void **state)
{
    (void)state;
    SIZE(pto_build_info, 56);
    FIELD(pto_build_info, struct_size, 0);
    FIELD(pto_build_info, abi_version, 4);
    FIELD(pto_build_info, image_format, 8);
    FIELD(pto_build_info, sdma_channels, 12);
    FIELD(pto_build_info, version, 16);
    FIELD(pto_build_info, archs, 24);
    FIELD(pto_build_info, targets, 32);
    FIELD(pto_build_info, compiler, 40);
    FIELD(pto_build_info, identity, 48);
}

static void the_last_error_has_432_bytes_in_this_order(void **state)
{
    (void)state;
    SIZE(pto_error, 432);
    FIELD(pto_error, status, 0);
    FIELD(pto_error, callable_id, 4);
    FIELD(pto_error, func_id, 8);
    FIELD(pto_error, core, 12);
    FIELD(pto_error, device, 16);
    FIELD(pto_error, stall, 20);
    FIELD(pto_error, detail, 24);
    FIELD(pto_error, raw, 32);
    FIELD(pto_error, task, 40);
    FIELD(pto_error, needed, 48);
    FIELD(pto_error, available, 56);
    FIELD(pto_error, held, 64);
    FIELD(pto_error, holder, 72);
    FIELD(pto_error, reserved, 76);
    FIELD(pto_error, resource, 80);
    BYTES(pto_error, resource, 32);
    FIELD(pto_error, kernel, 112);
    BYTES(pto_error, kernel, 64);
    FIELD(pto_error, message, 176);
    BYTES(pto_error, message, 256);
}

static void what_a_rank_knows_has_1056_bytes_in_this_order(void **state)
{
    (void)state;
    SIZE(pto_comm_context, 1056);
    FIELD(pto_comm_context, workspace, 0);
    FIELD(pto_comm_context, workspace_bytes, 8);
    FIELD(pto_comm_context, rank, 16);
    FIELD(pto_comm_context, rank_count, 20);
    FIELD(pto_comm_context, window_bytes, 24);
    FIELD(pto_comm_context, windows_in, 32);
    FIELD(pto_comm_context, windows_out, 544);
}

static void the_options_and_ranks_of_a_communicator_keep_their_order(void **state)
{
    (void)state;
    SIZE(pto_comm_options, 40);
    FIELD(pto_comm_options, struct_size, 0);
    FIELD(pto_comm_options, rank_count, 4);
    FIELD(pto_comm_options, contexts, 8);
    FIELD(pto_comm_options, window_bytes, 16);
    FIELD(pto_comm_options, workspace_bytes, 24);
    FIELD(pto_comm_options, has_out_windows, 32);
    FIELD(pto_comm_options, reserved, 36);
    SIZE(pto_comm_rank, 48);
    FIELD(pto_comm_rank, struct_size, 0);
    FIELD(pto_comm_rank, rank, 4);
    FIELD(pto_comm_rank, context_address, 8);
    FIELD(pto_comm_rank, window_in, 16);
    FIELD(pto_comm_rank, window_out, 24);
    FIELD(pto_comm_rank, window_bytes, 32);
    FIELD(pto_comm_rank, workspace, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tensor_descriptor_has_128_bytes_in_this_order),
        cmocka_unit_test(a_tensor_descriptor_is_aligned_to_a_cache_line),
        cmocka_unit_test(a_deferred_completion_has_32_bytes_in_this_order),
        cmocka_unit_test(the_async_context_has_40_bytes_in_this_order),
        cmocka_unit_test(the_local_context_has_48_bytes_in_this_order),
        cmocka_unit_test(the_global_context_has_24_bytes_in_this_order),
        cmocka_unit_test(a_task_argument_has_16_bytes_in_this_order),
        cmocka_unit_test(a_task_has_56_bytes_in_this_order),
        cmocka_unit_test(a_predicate_has_40_bytes_in_this_order),
        cmocka_unit_test(the_orchestration_table_has_112_bytes_in_this_order),
        cmocka_unit_test(an_adapter_has_16_bytes_in_this_order),
        cmocka_unit_test(what_an_orchestration_sees_has_40_bytes_in_this_order),
        cmocka_unit_test(an_orchestration_entry_has_32_bytes_in_this_order),
        cmocka_unit_test(a_callable_and_its_parts_keep_their_order),
        cmocka_unit_test(the_open_options_have_88_bytes_in_this_order),
        cmocka_unit_test(the_arguments_and_options_of_a_run_keep_their_order),
        cmocka_unit_test(the_result_of_a_run_has_136_bytes_in_this_order),
        cmocka_unit_test(the_counters_of_a_context_have_136_bytes_in_this_order),
        cmocka_unit_test(the_description_of_a_build_has_56_bytes_in_this_order),
        cmocka_unit_test(the_last_error_has_432_bytes_in_this_order),
        cmocka_unit_test(what_a_rank_knows_has_1056_bytes_in_this_order),
        cmocka_unit_test(the_options_and_ranks_of_a_communicator_keep_their_order),
    };
    return cmocka_run_group_tests_name("layout of the ABI", tests, NULL, NULL);
}
