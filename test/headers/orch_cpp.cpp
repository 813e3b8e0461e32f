// SPDX-License-Identifier: Apache-2.0
// The C++ layer of orch.hpp does what the C functions do.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>

// The library's header does not say that its functions are C.
extern "C" {
#include <cmocka.h>
}

#include "fake_orch.h"
#include "pto/orch.hpp"

namespace {

int set_up(void **state)
{
    static fake_orch fake;
    fake_init(&fake);
    *state = &fake;
    return 0;
}

void a_shape_knows_its_rank(void **)
{
    const pto::Shape shape{4, 5u, 6};
    assert_int_equal(shape.ndims, 3);
    assert_int_equal(shape.extent[0], 4);
    assert_int_equal(shape.extent[2], 6);
    const pto_tensor tensor = pto::tensor(PTO_INT16, shape);
    assert_int_equal(tensor.ndims, 3);
    assert_int_equal(tensor.size_bytes, 240);
}

void arguments_keep_their_order_and_access(void **state)
{
    auto *fake = static_cast<fake_orch *>(*state);
    const pto_tensor a = pto::tensor(PTO_FLOAT32, pto::Shape{8});
    pto_tensor c = a;
    pto::submit_aiv(&fake->orch, 7, pto::in(a), pto::out(c), pto::inout(c), pto::write(c), pto::no_dep(a),
                    pto::scalar(uint64_t{3}), pto::scalar(1.0f), pto::scalar(1.0));
    const uint32_t accesses[] = {PTO_ACCESS_INPUT,  PTO_ACCESS_OUTPUT, PTO_ACCESS_INOUT,  PTO_ACCESS_OUTPUT_EXISTING,
                                 PTO_ACCESS_NO_DEP, PTO_ACCESS_SCALAR, PTO_ACCESS_SCALAR, PTO_ACCESS_SCALAR};
    assert_int_equal(fake->task.aiv0, 7);
    assert_int_equal(fake->task.arg_count, 8);
    for (uint32_t i = 0; i < 8; i++)
        assert_int_equal(fake->args[i].access, accesses[i]);
    assert_ptr_equal(fake->args[0].value.tensor, &a);
    assert_ptr_equal(fake->args[1].value.output, &c);
    assert_int_equal(fake->args[5].value.scalar, 3);
    assert_int_equal(fake->args[6].value.scalar, 0x3f800000);
    assert_true(fake->args[7].value.scalar == 0x3ff0000000000000);
}

void a_mix_task_names_only_the_cores_it_uses(void **state)
{
    auto *fake = static_cast<fake_orch *>(*state);
    const pto_tensor a = pto::tensor(PTO_FLOAT32, pto::Shape{8});
    pto::submit(&fake->orch, pto::Mix{1, 2}, pto::in(a));
    assert_int_equal(fake->task.aic, 1);
    assert_int_equal(fake->task.aiv0, 2);
    assert_int_equal(fake->task.aiv1, PTO_NO_KERNEL);
    pto::submit_aic(&fake->orch, 4, pto::in(a));
    assert_int_equal(fake->task.aic, 4);
    assert_int_equal(fake->task.aiv0, PTO_NO_KERNEL);
}

void a_scope_ends_however_its_block_is_left(void **state)
{
    auto *fake = static_cast<fake_orch *>(*state);
    const auto leave_early = [&](bool early) {
        pto::Scope scope(&fake->orch);
        if (early)
            return;
        pto::Scope inner(&fake->orch);
    };
    leave_early(true);
    assert_int_equal(fake->scopes_begun, 1);
    assert_int_equal(fake->scopes_ended, 1);
    leave_early(false);
    assert_int_equal(fake->scopes_begun, 3);
    assert_int_equal(fake->scopes_ended, 3);
}

void a_manual_scope_says_so_and_ends_however_its_block_is_left(void **state)
{
    auto *fake = static_cast<fake_orch *>(*state);
    const auto leave_early = [&](bool early) {
        pto::ManualScope scope(&fake->orch);
        assert_int_equal(fake->scope_mode, PTO_SCOPE_MANUAL);
        if (early)
            return;
        pto::ManualScope inner(&fake->orch);
    };
    leave_early(true);
    assert_int_equal(fake->scopes_ended, 1);
    leave_early(false);
    assert_int_equal(fake->scopes_begun, 3);
    assert_int_equal(fake->scopes_ended, 3);
    pto::Scope automatic(&fake->orch);
    assert_int_equal(fake->scope_mode, PTO_SCOPE_AUTO);
}

void a_scalar_of_the_run_travels_as_its_index(void **state)
{
    auto *fake = static_cast<fake_orch *>(*state);
    pto::submit_aiv(&fake->orch, 7, pto::run_scalar(5));
    assert_int_equal(fake->args[0].access, PTO_ACCESS_RUN_SCALAR);
    assert_int_equal(fake->args[0].value.scalar, 5);
}

void a_task_put_together_reaches_the_table_whole(void **state)
{
    auto *fake = static_cast<fake_orch *>(*state);
    const pto_tensor a = pto::tensor(PTO_FLOAT32, pto::Shape{8});
    const pto_tensor flags = pto::tensor(PTO_INT16, pto::Shape{4, 4});
    const pto_task_id before[] = {3, 4};
    const pto_predicate condition = pto::when(flags, pto::Shape{2, 1}, PTO_PREDICATE_LT, int16_t{-5});
    pto::Task task(pto::Mix{1, 2, 3});
    task.blocks(16).sync_start().after(before).only_if(condition);
    assert_int_equal(task.submit(&fake->orch, pto::in(a), pto::scalar(uint64_t{9})), 1000);
    assert_int_equal(fake->task.struct_size, sizeof(pto_task));
    assert_int_equal(fake->task.aic, 1);
    assert_int_equal(fake->task.aiv0, 2);
    assert_int_equal(fake->task.aiv1, 3);
    assert_int_equal(fake->task.block_num, 16);
    assert_int_equal(fake->task.flags, PTO_TASK_SYNC_START);
    assert_int_equal(fake->task.arg_count, 2);
    assert_ptr_equal(fake->args[0].value.tensor, &a);
    assert_int_equal(fake->args[1].value.scalar, 9);
    assert_ptr_equal(fake->task.dependencies, before);
    assert_int_equal(fake->task.dependency_count, 2);
    assert_ptr_equal(fake->task.predicate, &condition);
    assert_ptr_equal(condition.tensor, &flags);
    assert_int_equal(condition.op, PTO_PREDICATE_LT);
    assert_int_equal(condition.index[0], 2);
    assert_int_equal(condition.index[1], 1);
    assert_int_equal(condition.index[2], 0);
    assert_true(condition.value == 0xfffb);
}

void a_task_says_nothing_that_it_was_not_told(void **state)
{
    auto *fake = static_cast<fake_orch *>(*state);
    const pto_task_id first = pto::Task::aic(4).submit(&fake->orch);
    assert_int_equal(fake->task.aic, 4);
    assert_int_equal(fake->task.aiv0, PTO_NO_KERNEL);
    assert_int_equal(fake->task.block_num, 1);
    assert_int_equal(fake->task.arg_count, 0);
    assert_int_equal(fake->task.flags, 0);
    assert_null(fake->task.predicate);
    pto::Task::aiv(5).submit(&fake->orch);
    assert_int_equal(fake->task.aic, PTO_NO_KERNEL);
    assert_int_equal(fake->task.aiv0, 5);
    assert_int_equal(fake->task.dependency_count, 0);
    pto::Task::join().after(first).submit(&fake->orch);
    assert_int_equal(fake->task.aiv0, PTO_NO_KERNEL);
    assert_int_equal(fake->task.aiv1, PTO_NO_KERNEL);
    assert_int_equal(fake->task.dependency_count, 1);
    assert_ptr_equal(fake->task.dependencies, &first);
}

void elements_have_the_type_that_is_asked_for(void **state)
{
    auto *fake = static_cast<fake_orch *>(*state);
    const pto_tensor tensor = pto::tensor(PTO_FLOAT32, pto::Shape{4, 4});
    pto::set(&fake->orch, tensor, pto::Shape{3, 1}, 0.75f);
    assert_int_equal(fake->index[0], 3);
    assert_int_equal(fake->index[1], 1);
    assert_int_equal(fake->element, 0x3f400000);
    assert_true(pto::get<float>(&fake->orch, tensor, pto::Shape{0, 0}) == 0.75f);
    fake->element = static_cast<uint64_t>(-5);
    assert_true(pto::get<int16_t>(&fake->orch, tensor, pto::Shape{0, 0}) == -5);
}

CMUnitTest test_of(const char *name, CMUnitTestFunction function)
{
    return {name, function, set_up, nullptr, nullptr};
}

} // namespace

int main()
{
#define TEST(name) test_of(#name, name)
    const CMUnitTest tests[] = {
        TEST(a_shape_knows_its_rank),
        TEST(arguments_keep_their_order_and_access),
        TEST(a_mix_task_names_only_the_cores_it_uses),
        TEST(a_scope_ends_however_its_block_is_left),
        TEST(a_manual_scope_says_so_and_ends_however_its_block_is_left),
        TEST(a_scalar_of_the_run_travels_as_its_index),
        TEST(a_task_put_together_reaches_the_table_whole),
        TEST(a_task_says_nothing_that_it_was_not_told),
        TEST(elements_have_the_type_that_is_asked_for),
    };
    return cmocka_run_group_tests_name("C++ layer for orchestrations", tests, nullptr, nullptr);
}
