/* SPDX-License-Identifier: Apache-2.0 */
/* Enumerators, limits and initial values that binaries carry. New ones may join; none of these may change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pto/pto.h"

static void element_types_keep_their_numbers_and_sizes(void **state)
{
    static const struct {
        pto_dtype dtype;
        uint8_t number;
        uint8_t bytes;
    } dtypes[] = {
        {PTO_FLOAT32, 0, 4},        {PTO_FLOAT16, 1, 2},      {PTO_INT32, 2, 4},        {PTO_INT16, 3, 2},
        {PTO_INT8, 4, 1},           {PTO_UINT8, 5, 1},        {PTO_BFLOAT16, 6, 2},     {PTO_INT64, 7, 8},
        {PTO_UINT64, 8, 8},         {PTO_UINT16, 9, 2},       {PTO_UINT32, 10, 4},      {PTO_BOOL, 11, 1},
        {PTO_FLOAT8_E4M3FN, 12, 1}, {PTO_FLOAT8_E8M0, 13, 1}, {PTO_FLOAT4_E2M1, 14, 1},
    };
    (void)state;
    assert_int_equal(sizeof dtypes / sizeof dtypes[0], PTO_DTYPE_COUNT);
    for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++) {
        assert_int_equal(dtypes[i].dtype, dtypes[i].number);
        assert_int_equal(pto_dtype_size(dtypes[i].dtype), dtypes[i].bytes);
    }
}

static void a_number_that_is_no_element_type_has_size_zero(void **state)
{
    (void)state;
    for (uint32_t number = PTO_DTYPE_COUNT; number <= UINT8_MAX; number++)
        assert_int_equal(pto_dtype_size((pto_dtype)number), 0);
}

static void accesses_keep_their_numbers(void **state)
{
    (void)state;
    assert_int_equal(PTO_ACCESS_INPUT, 0);
    assert_int_equal(PTO_ACCESS_OUTPUT, 1);
    assert_int_equal(PTO_ACCESS_INOUT, 2);
    assert_int_equal(PTO_ACCESS_OUTPUT_EXISTING, 3);
    assert_int_equal(PTO_ACCESS_NO_DEP, 4);
    assert_int_equal(PTO_ACCESS_SCALAR, 5);
    assert_int_equal(PTO_ACCESS_RUN_SCALAR, 6);
}

static void predicates_scope_modes_and_task_flags_keep_their_numbers(void **state)
{
    (void)state;
    assert_int_equal(PTO_PREDICATE_EQ, 1);
    assert_int_equal(PTO_PREDICATE_NE, 2);
    assert_int_equal(PTO_PREDICATE_GT, 3);
    assert_int_equal(PTO_PREDICATE_LT, 4);
    assert_int_equal(PTO_PREDICATE_GE, 5);
    assert_int_equal(PTO_PREDICATE_LE, 6);
    assert_int_equal(PTO_SCOPE_AUTO, 0);
    assert_int_equal(PTO_SCOPE_MANUAL, 1);
    assert_int_equal(PTO_TASK_SYNC_START, 1);
    assert_int_equal(PTO_COMPLETION_COUNTER, 0);
    assert_int_equal(PTO_COMPLETION_OVERFLOW, 1);
}

static void builders_graph_sources_and_stalls_keep_their_numbers(void **state)
{
    (void)state;
    assert_int_equal(PTO_DEVICE_BUILT, 0);
    assert_int_equal(PTO_HOST_BUILT, 1);
    assert_int_equal(PTO_GRAPH_ORCHESTRATED, 0);
    assert_int_equal(PTO_GRAPH_RECORDED, 1);
    assert_int_equal(PTO_GRAPH_REPLAYED, 2);
    assert_int_equal(PTO_STALL_NONE, 0);
    assert_int_equal(PTO_STALL_RUNNING, 1);
    assert_int_equal(PTO_STALL_READY, 2);
    assert_int_equal(PTO_STALL_COMPLETION, 3);
    assert_int_equal(PTO_STALL_DEPENDENCY, 4);
    assert_int_equal(PTO_STALL_ORCHESTRATION, 5);
}

static void directions_core_types_and_address_spaces_keep_their_numbers(void **state)
{
    (void)state;
    assert_int_equal(PTO_SCALAR_ARG, 0);
    assert_int_equal(PTO_DIR_IN, 1);
    assert_int_equal(PTO_DIR_OUT, 2);
    assert_int_equal(PTO_DIR_INOUT, 3);
    assert_int_equal(PTO_ANY_DTYPE, 255);
    assert_int_equal(PTO_CORE_AIC, 0);
    assert_int_equal(PTO_CORE_AIV, 1);
    assert_int_equal(PTO_CORE_ANY, 2);
    assert_int_equal(PTO_HOST_MEMORY, 0);
    assert_int_equal(PTO_DEVICE_MEMORY, 1);
    assert_int_equal(PTO_LOG_ERROR, 0);
    assert_int_equal(PTO_LOG_WARN, 1);
    assert_int_equal(PTO_LOG_INFO, 2);
    assert_int_equal(PTO_LOG_DEBUG, 3);
}

static void limits_keep_their_values(void **state)
{
    (void)state;
    assert_int_equal(PTO_MAX_RANK, 5);
    assert_int_equal(PTO_MAX_CALLABLES, 64);
    assert_int_equal(PTO_MAX_FUNC_IDS, 1024);
    assert_int_equal(PTO_MAX_RUN_TENSORS, 256);
    assert_int_equal(PTO_MAX_RUN_SCALARS, 128);
    assert_int_equal(PTO_MAX_SCOPE_DEPTH, 64);
    assert_int_equal(PTO_MAX_NAME, 63);
    assert_int_equal(PTO_MAX_RUNS, 1024);
    assert_int_equal(PTO_KERNEL_MAX_TENSORS, 32);
    assert_int_equal(PTO_KERNEL_MAX_SCALARS, 16);
    assert_int_equal(PTO_KERNEL_MAX_COMPLETIONS, 64);
    assert_int_equal(PTO_NO_KERNEL, -1);
    assert_true(PTO_NO_TASK == UINT64_MAX);
}

static void the_words_of_a_kernels_arguments_keep_their_places(void **state)
{
    (void)state;
    assert_int_equal(PTO_KERNEL_LOCAL_CONTEXT, 48);
    assert_int_equal(PTO_KERNEL_GLOBAL_CONTEXT, 49);
    assert_int_equal(PTO_KERNEL_ARG_WORDS, 50);
    assert_true(PTO_KERNEL_MAX_TENSORS + PTO_KERNEL_MAX_SCALARS <= PTO_KERNEL_LOCAL_CONTEXT);
}

static void status_codes_keep_their_numbers(void **state)
{
    (void)state;
    assert_int_equal(PTO_OK, 0);
    assert_int_equal(PTO_PENDING, 1);
    assert_int_equal(PTO_ERROR_INVALID_ARGUMENT, -1);
    assert_int_equal(PTO_ERROR_INVALID_HANDLE, -2);
    assert_int_equal(PTO_ERROR_INVALID_CALLABLE_ID, -3);
    assert_int_equal(PTO_ERROR_NOT_PREPARED, -4);
    assert_int_equal(PTO_ERROR_ALREADY_PREPARED, -5);
    assert_int_equal(PTO_ERROR_SIGNATURE_MISMATCH, -6);
    assert_int_equal(PTO_ERROR_NOT_DEVICE_MEMORY, -7);
    assert_int_equal(PTO_ERROR_UNSUPPORTED, -8);
    assert_int_equal(PTO_ERROR_BUSY, -9);
    assert_int_equal(PTO_ERROR_CANCELLED, -10);
    assert_int_equal(PTO_ERROR_INVALID_IMAGE, -16);
    assert_int_equal(PTO_ERROR_INCOMPATIBLE_IMAGE, -17);
    assert_int_equal(PTO_ERROR_MISSING_ENTRY, -18);
    assert_int_equal(PTO_ERROR_LOAD_FAILED, -19);
    assert_int_equal(PTO_ERROR_OUT_OF_HOST_MEMORY, -32);
    assert_int_equal(PTO_ERROR_OUT_OF_DEVICE_MEMORY, -33);
    assert_int_equal(PTO_ERROR_SYSTEM, -34);
    assert_int_equal(PTO_ERROR_UNKNOWN_KERNEL, -48);
    assert_int_equal(PTO_ERROR_INVALID_TASK, -49);
    assert_int_equal(PTO_ERROR_INVALID_TENSOR, -50);
    assert_int_equal(PTO_ERROR_STALE_HANDLE, -51);
    assert_int_equal(PTO_ERROR_SCOPE, -52);
    assert_int_equal(PTO_ERROR_CAPACITY, -53);
    assert_int_equal(PTO_ERROR_DEADLOCK, -54);
    assert_int_equal(PTO_ERROR_ORCHESTRATION_FATAL, -55);
    assert_int_equal(PTO_ERROR_INVALID_COMPLETION, -56);
    assert_int_equal(PTO_ERROR_TIMEOUT, -64);
    assert_int_equal(PTO_ERROR_KERNEL_FAULT, -65);
    assert_int_equal(PTO_ERROR_DEVICE_FAULTED, -66);
    assert_int_equal(PTO_ERROR_CORE, -67);
    assert_int_equal(PTO_ERROR_INTERNAL, -127);
}

static void the_entry_magic_spells_its_name_in_memory(void **state)
{
    const uint32_t magic = PTO_ORCH_MAGIC;
    (void)state;
    assert_memory_equal(&magic, "PPTO", sizeof magic);
    assert_int_equal(PTO_ABI_VERSION, 3);
}

static void initial_values_carry_their_size_and_defaults(void **state)
{
    const pto_open_options options = PTO_OPEN_OPTIONS_INIT;
    const pto_args args = PTO_ARGS_INIT;
    const pto_run_options run_options = PTO_RUN_OPTIONS_INIT;
    const pto_run_result result = PTO_RUN_RESULT_INIT;
    const pto_stats stats = PTO_STATS_INIT;
    const pto_callable callable = PTO_CALLABLE_INIT;
    const pto_build_info build_info = PTO_BUILD_INFO_INIT;
    const pto_import_options import_options = PTO_IMPORT_OPTIONS_INIT;
    const pto_task task = PTO_TASK_INIT;
    (void)state;
    assert_int_equal(options.struct_size, sizeof options);
    assert_int_equal(options.log_level, PTO_LOG_WARN);
    assert_int_equal(args.struct_size, sizeof args);
    assert_int_equal(run_options.struct_size, sizeof run_options);
    assert_int_equal(result.struct_size, sizeof result);
    assert_int_equal(stats.struct_size, sizeof stats);
    assert_int_equal(callable.struct_size, sizeof callable);
    assert_null(callable.build_identity);
    assert_int_equal(build_info.struct_size, sizeof build_info);
    assert_int_equal(import_options.struct_size, sizeof import_options);
    assert_int_equal(task.struct_size, sizeof task);
    assert_int_equal(task.aic, PTO_NO_KERNEL);
    assert_int_equal(task.aiv0, PTO_NO_KERNEL);
    assert_int_equal(task.aiv1, PTO_NO_KERNEL);
    assert_int_equal(task.block_num, 1);
    assert_int_equal(task.flags, 0);
    assert_null(task.predicate);
    assert_int_equal(callable.builder, PTO_DEVICE_BUILT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(element_types_keep_their_numbers_and_sizes),
        cmocka_unit_test(a_number_that_is_no_element_type_has_size_zero),
        cmocka_unit_test(accesses_keep_their_numbers),
        cmocka_unit_test(predicates_scope_modes_and_task_flags_keep_their_numbers),
        cmocka_unit_test(builders_graph_sources_and_stalls_keep_their_numbers),
        cmocka_unit_test(directions_core_types_and_address_spaces_keep_their_numbers),
        cmocka_unit_test(limits_keep_their_values),
        cmocka_unit_test(the_words_of_a_kernels_arguments_keep_their_places),
        cmocka_unit_test(status_codes_keep_their_numbers),
        cmocka_unit_test(the_entry_magic_spells_its_name_in_memory),
        cmocka_unit_test(initial_values_carry_their_size_and_defaults),
    };
    return cmocka_run_group_tests_name("numbers of the ABI", tests, NULL, NULL);
}
