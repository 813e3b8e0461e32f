/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of orch.h: arguments, scopes, and the tasks that reach the table; views have a file of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_orch.h"

/* A 4 x 6 x 8 tensor of floats that some task owns, in a buffer with a name. */
static pto_tensor sample(void)
{
    pto_tensor tensor = pto_device_tensor(0x40000, PTO_FLOAT32, PTO_SHAPE(4, 6, 8));
    tensor.owner = 77;
    tensor.buffer = 5;
    tensor.version = -3;
    tensor.manual_dep = 1;
    return tensor;
}

static int set_up(void **state)
{
    static fake_orch fake;
    fake_init(&fake);
    *state = &fake;
    return 0;
}

static pto_orch *orch_of(void **state)
{
    return &((fake_orch *)*state)->orch;
}

static void assert_rejected(void **state, pto_status status, const char *text)
{
    fake_orch *fake = (fake_orch *)*state;
    assert_int_equal(fake->rejects, 1);
    assert_int_equal(fake->status, status);
    assert_non_null(strstr(fake->message, text));
    fake->rejects = 0;
}

static void assert_nothing_rejected(void **state)
{
    assert_int_equal(((fake_orch *)*state)->rejects, 0);
}

/* ---- arguments of the run, elements, messages ---------------------------------------------------------------- */

static void arguments_of_the_run_come_in_order(void **state)
{
    fake_orch *fake = (fake_orch *)*state;
    const pto_tensor tensors[] = {sample(), sample()};
    const uint64_t scalars[] = {11, UINT64_MAX};
    fake->orch.tensors = tensors;
    fake->orch.tensor_count = 2;
    fake->scalars = scalars;
    fake->orch.scalar_count = 2;
    assert_ptr_equal(pto_tensor_arg(&fake->orch, 1), &tensors[1]);
    assert_int_equal(pto_scalar_arg(&fake->orch, 0), 11);
    assert_true(pto_scalar_arg(&fake->orch, 1) == UINT64_MAX);
    assert_nothing_rejected(state);
}

static void an_argument_that_was_not_declared_is_rejected_and_harmless(void **state)
{
    const pto_tensor *none = pto_tensor_arg(orch_of(state), 0);
    assert_rejected(state, PTO_ERROR_INVALID_ARGUMENT, "tensor argument 0: the orchestration has 0");
    assert_non_null(none);
    assert_int_equal(none->ndims, 0);
    assert_int_equal(pto_scalar_arg(orch_of(state), 3), 0);
    assert_rejected(state, PTO_ERROR_INVALID_ARGUMENT, "scalar argument 3: the orchestration has 0");
}

static void elements_pass_through_with_their_index(void **state)
{
    fake_orch *fake = (fake_orch *)*state;
    const pto_tensor tensor = sample();
    const uint32_t index[] = {3, 1, 4};
    pto_set_element(&fake->orch, &tensor, index, pto_bits_f32(2.5f));
    assert_memory_equal(fake->index, index, sizeof index);
    assert_true(pto_f32_of(pto_get_element(&fake->orch, &tensor, index)) == 2.5f);
}

static void floats_survive_their_way_through_bits(void **state)
{
    (void)state;
    assert_int_equal(pto_bits_f32(1.0f), 0x3f800000);
    assert_int_equal(pto_bits_f32(-1.0f), 0xbf800000);
    assert_true(pto_bits_f64(1.0) == 0x3ff0000000000000);
    assert_true(pto_f32_of(0xdeadbeef40000000) == 2.0f);
    assert_true(pto_f64_of(pto_bits_f64(-0.1)) == -0.1);
}

static void messages_are_formatted_with_their_values(void **state)
{
    fake_orch *fake = (fake_orch *)*state;
    pto_log(&fake->orch, PTO_LOG_DEBUG, "tile %d of %s", 3, "c");
    assert_int_equal(fake->lines, 1);
    assert_int_equal(fake->level, PTO_LOG_DEBUG);
    assert_string_equal(fake->message, "tile 3 of c");
    pto_fatal(&fake->orch, -42, "no %s", "room");
    assert_int_equal(fake->fatals, 1);
    assert_int_equal(fake->fatal_code, -42);
    assert_string_equal(fake->message, "no room");
    assert_int_equal(pto_orch_status(&fake->orch), PTO_ERROR_ORCHESTRATION_FATAL);
}

/* ---- scopes and tasks ---------------------------------------------------------------------------------------- */

static void a_scope_ends_when_its_block_does(void **state)
{
    fake_orch *fake = (fake_orch *)*state;
    for (uint32_t turn = 0; turn < 2; turn++) {
        PTO_SCOPE (&fake->orch) {
            assert_int_equal(fake->scopes_begun, turn + 1);
            assert_int_equal(fake->scopes_ended, turn);
            assert_int_equal(fake->scope_mode, PTO_SCOPE_AUTO);
        }
        assert_int_equal(fake->scopes_ended, turn + 1);
    }
}

static void a_manual_scope_says_so_and_ends_when_its_block_does(void **state)
{
    fake_orch *fake = (fake_orch *)*state;
    PTO_MANUAL_SCOPE(&fake->orch)
    {
        assert_int_equal(fake->scopes_begun, 1);
        assert_int_equal(fake->scope_mode, PTO_SCOPE_MANUAL);
        PTO_MANUAL_SCOPE(&fake->orch)
        {
            assert_int_equal(fake->scopes_begun, 2);
        }
        assert_int_equal(fake->scopes_ended, 1);
    }
    assert_int_equal(fake->scopes_ended, 2);
    pto_scope_begin(&fake->orch);
    assert_int_equal(fake->scope_mode, PTO_SCOPE_AUTO);
    pto_scope_begin_manual(&fake->orch);
    assert_int_equal(fake->scope_mode, PTO_SCOPE_MANUAL);
    assert_int_equal(fake->scopes_begun, 4);
    pto_scope_end(&fake->orch);
    assert_int_equal(fake->scopes_ended, 3);
}

static void memory_of_the_scope_is_asked_for_in_bytes(void **state)
{
    fake_orch *fake = (fake_orch *)*state;
    assert_ptr_equal(pto_scope_memory(&fake->orch, 4096), fake->scope_memory);
    assert_true(fake->scope_bytes == 4096);
}

static void a_discarded_tensor_is_named_to_the_engine(void **state)
{
    fake_orch *fake = (fake_orch *)*state;
    const pto_tensor tensor = sample();
    pto_discard(&fake->orch, &tensor);
    assert_ptr_equal(fake->discarded, &tensor);
}

static void a_scalar_of_the_run_travels_as_its_index_and_is_not_read(void **state)
{
    fake_orch *fake = (fake_orch *)*state;
    const pto_tensor a = sample();
    fake->scalars = NULL; /* Reading one would crash. */
    pto_submit_aiv(&fake->orch, 1, PTO_IN(&a), PTO_RUN_SCALAR(3), PTO_RUN_SCALAR(127u));
    assert_int_equal(fake->task.arg_count, 3);
    assert_int_equal(fake->args[1].access, PTO_ACCESS_RUN_SCALAR);
    assert_int_equal(fake->args[1].reserved, 0);
    assert_int_equal(fake->args[1].value.scalar, 3);
    assert_int_equal(fake->args[2].access, PTO_ACCESS_RUN_SCALAR);
    assert_int_equal(fake->args[2].value.scalar, 127);
}

static void a_task_reaches_the_table_with_its_arguments_in_order(void **state)
{
    fake_orch *fake = (fake_orch *)*state;
    const pto_tensor a = sample();
    pto_tensor c = pto_tensor_like(&a);
    const pto_task_id id = pto_submit_aiv(&fake->orch, 9, PTO_IN(&a), PTO_OUT(&c), PTO_INOUT(&a), PTO_WRITE(&a),
                                          PTO_NO_DEP(&a), PTO_SCALAR(6), PTO_F32(1.0f), PTO_F64(1.0));
    static const uint32_t accesses[] = {PTO_ACCESS_INPUT,           PTO_ACCESS_OUTPUT, PTO_ACCESS_INOUT,
                                        PTO_ACCESS_OUTPUT_EXISTING, PTO_ACCESS_NO_DEP, PTO_ACCESS_SCALAR,
                                        PTO_ACCESS_SCALAR,          PTO_ACCESS_SCALAR};
    assert_int_equal(id, 1000);
    assert_int_equal(fake->submits, 1);
    assert_int_equal(fake->task.struct_size, sizeof(pto_task));
    assert_int_equal(fake->task.arg_count, 8);
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(fake->args[i].access, accesses[i]);
        assert_int_equal(fake->args[i].reserved, 0);
    }
    assert_ptr_equal(fake->args[0].value.tensor, &a);
    assert_ptr_equal(fake->args[1].value.output, &c);
    assert_int_equal(fake->args[5].value.scalar, 6);
    assert_int_equal(fake->args[6].value.scalar, 0x3f800000);
    assert_true(fake->args[7].value.scalar == 0x3ff0000000000000);
}

static void a_negative_scalar_keeps_its_sign_in_64_bits(void **state)
{
    (void)state;
    assert_true(PTO_SCALAR(-1).value.scalar == UINT64_MAX);
}

static void each_kind_of_submit_names_its_cores(void **state)
{
    fake_orch *fake = (fake_orch *)*state;
    const pto_tensor a = sample();
    pto_submit_aic(&fake->orch, 3, PTO_IN(&a));
    assert_int_equal(fake->task.aic, 3);
    assert_int_equal(fake->task.aiv0, PTO_NO_KERNEL);
    assert_int_equal(fake->task.aiv1, PTO_NO_KERNEL);
    pto_submit_aiv(&fake->orch, 4, PTO_IN(&a));
    assert_int_equal(fake->task.aic, PTO_NO_KERNEL);
    assert_int_equal(fake->task.aiv0, 4);
    assert_int_equal(fake->task.aiv1, PTO_NO_KERNEL);
    pto_submit_mix(&fake->orch, 5, 6, 7, PTO_IN(&a));
    assert_int_equal(fake->task.aic, 5);
    assert_int_equal(fake->task.aiv0, 6);
    assert_int_equal(fake->task.aiv1, 7);
    assert_int_equal(fake->task.block_num, 1);
    assert_int_equal(fake->submits, 3);
}

static void a_whole_task_reaches_the_table_as_it_is(void **state)
{
    fake_orch *fake = (fake_orch *)*state;
    const pto_task_id before[] = {1, 2};
    const pto_tensor flag = sample();
    const pto_predicate predicate = {PTO_PREDICATE_GT, {3, 1, 4, 0, 0}, &flag, 9};
    pto_task task = PTO_TASK_INIT;
    task.aiv0 = 2;
    task.block_num = 16;
    task.dependencies = before;
    task.dependency_count = 2;
    task.flags = PTO_TASK_SYNC_START;
    task.predicate = &predicate;
    assert_int_equal(pto_submit_task(&fake->orch, &task), 1000);
    assert_int_equal(fake->task.struct_size, sizeof(pto_task));
    assert_int_equal(fake->task.flags, PTO_TASK_SYNC_START);
    assert_ptr_equal(fake->task.predicate, &predicate);
    assert_int_equal(fake->task.block_num, 16);
    assert_int_equal(fake->task.dependency_count, 2);
    assert_ptr_equal(fake->task.dependencies, before);
}

static void an_allocation_reports_what_the_engine_says(void **state)
{
    fake_orch *fake = (fake_orch *)*state;
    pto_tensor tensor = pto_tensor_new(PTO_INT8, PTO_SHAPE(64));
    assert_int_equal(pto_allocate(&fake->orch, &tensor), PTO_OK);
    assert_int_equal(tensor.addr, 0x1000);
    fake->status = PTO_ERROR_CAPACITY;
    assert_int_equal(pto_allocate(&fake->orch, &tensor), PTO_ERROR_CAPACITY);
}

/* ---- the entry ----------------------------------------------------------------------------------------------- */

PTO_ORCHESTRATION(sample_orchestration, 3, 2)
{
    pto_log(orch, PTO_LOG_INFO, "ran");
}

static void an_orchestration_exports_an_entry_that_runs_its_body(void **state)
{
    fake_orch *fake = (fake_orch *)*state;
    assert_int_equal(sample_orchestration.magic, PTO_ORCH_MAGIC);
    assert_int_equal(sample_orchestration.abi_version, PTO_ABI_VERSION);
    assert_int_equal(sample_orchestration.tensor_count, 3);
    assert_int_equal(sample_orchestration.scalar_count, 2);
    assert_string_equal(sample_orchestration.name, "sample_orchestration");
    sample_orchestration.run(&fake->orch);
    assert_string_equal(fake->message, "ran");
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(arguments_of_the_run_come_in_order),
        TEST(an_argument_that_was_not_declared_is_rejected_and_harmless),
        TEST(elements_pass_through_with_their_index),
        TEST(floats_survive_their_way_through_bits),
        TEST(messages_are_formatted_with_their_values),
        TEST(a_scope_ends_when_its_block_does),
        TEST(a_manual_scope_says_so_and_ends_when_its_block_does),
        TEST(memory_of_the_scope_is_asked_for_in_bytes),
        TEST(a_discarded_tensor_is_named_to_the_engine),
        TEST(a_scalar_of_the_run_travels_as_its_index_and_is_not_read),
        TEST(a_task_reaches_the_table_with_its_arguments_in_order),
        TEST(a_negative_scalar_keeps_its_sign_in_64_bits),
        TEST(each_kind_of_submit_names_its_cores),
        TEST(a_whole_task_reaches_the_table_as_it_is),
        TEST(an_allocation_reports_what_the_engine_says),
        TEST(an_orchestration_exports_an_entry_that_runs_its_body),
    };
    return cmocka_run_group_tests_name("inline functions for orchestrations", tests, NULL, NULL);
}
