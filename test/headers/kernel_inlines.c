/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of kernel.h read what the engine lays out; these tests lay it out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pto/kernel.h"

/* c[0] = a[0] + scale, and what the kernel knows of itself: one tensor of each kind, one scalar. */
PTO_KERNEL(args)
{
    const float *a = (const float *)pto_kernel_data(args, 0);
    float *c = (float *)pto_kernel_data(args, 1);
    c[0] = a[0] + pto_kernel_f32(args, 2);
    c[1] = (float)pto_kernel_local(args)->block_idx;
    c[2] = (float)pto_kernel_global(args)->sub_block_id;
}

static int64_t word_of(const void *pointer)
{
    return (int64_t)(uintptr_t)pointer;
}

static int64_t word_of_f32(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (int64_t)bits;
}

static void a_kernel_finds_tensors_scalars_and_contexts_in_its_words(void **state)
{
    float in[4] = {0, 0, 1.5f, 0};
    float out[3] = {0};
    pto_tensor a = pto_host_tensor(in, PTO_FLOAT32, PTO_SHAPE(4));
    const pto_tensor c = pto_host_tensor(out, PTO_FLOAT32, PTO_SHAPE(3));
    pto_local_context local = {6, 8, {NULL, NULL, NULL, 0, 0}};
    pto_global_context global = {1, {0, 0}};
    int64_t words[PTO_KERNEL_ARG_WORDS] = {0};
    (void)state;
    a.start_offset = 2;
    words[0] = word_of(&a);
    words[1] = word_of(&c);
    words[2] = word_of_f32(-0.25f);
    words[48] = word_of(&local);
    words[49] = word_of(&global);
    kernel_entry(words);
    assert_true(out[0] == 1.25f);
    assert_true(out[1] == 6.0f);
    assert_true(out[2] == 1.0f);
}

static void a_tensor_argument_is_the_descriptor_itself(void **state)
{
    const pto_tensor tensor = pto_device_tensor(0x10000, PTO_INT8, PTO_SHAPE(3));
    int64_t words[PTO_KERNEL_ARG_WORDS] = {0};
    (void)state;
    words[31] = word_of(&tensor);
    assert_ptr_equal(pto_kernel_tensor(words, 31), &tensor);
}

static void a_32_bit_scalar_ignores_the_upper_half_of_its_word(void **state)
{
    int64_t words[PTO_KERNEL_ARG_WORDS] = {0};
    (void)state;
    words[5] = word_of_f32(3.0f) | (int64_t)0x7654321000000000;
    assert_true(pto_kernel_f32(words, 5) == 3.0f);
}

static void a_64_bit_scalar_uses_its_whole_word(void **state)
{
    const double value = -1.0 / 3.0;
    int64_t words[PTO_KERNEL_ARG_WORDS] = {0};
    (void)state;
    memcpy(&words[5], &value, sizeof value);
    assert_true(pto_kernel_f64(words, 5) == value);
}

/* A block with a slab of `capacity` entries, as the engine lays it out. */
struct slab {
    pto_completion entries[4];
    uint32_t count;
    int32_t error;
    pto_local_context local;
    int64_t words[PTO_KERNEL_ARG_WORDS];
};

static const int64_t *words_with_slab(struct slab *slab, uint32_t capacity)
{
    memset(slab, 0, sizeof *slab);
    memset(slab->entries, 0x5a, sizeof slab->entries);
    slab->local.async.count = &slab->count;
    slab->local.async.error_code = &slab->error;
    slab->local.async.entries = slab->entries;
    slab->local.async.capacity = capacity;
    slab->words[PTO_KERNEL_LOCAL_CONTEXT] = word_of(&slab->local);
    return slab->words;
}

static void a_deferred_completion_fills_the_next_entry_and_counts_it(void **state)
{
    struct slab slab;
    const int64_t *args = words_with_slab(&slab, 4);
    (void)state;
    assert_int_equal(pto_defer(args, 0x123456789abc, 7), 0);
    assert_int_equal(slab.count, 1);
    assert_int_equal(pto_defer(args, 0x2000, 1), 1);
    assert_int_equal(slab.count, 2);
    assert_true(slab.entries[0].addr == 0x123456789abc);
    assert_int_equal(slab.entries[0].expected_value, 7);
    assert_true(slab.entries[1].addr == 0x2000);
    assert_int_equal(slab.entries[1].expected_value, 1);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(slab.entries[i].completion_type, PTO_COMPLETION_COUNTER);
        assert_int_equal(slab.entries[i].backend_cookie, 0);
        assert_int_equal(slab.entries[i].engine, 0);
        assert_int_equal(slab.entries[i].reserved, 0);
    }
    assert_int_equal(slab.error, 0);
}

static void a_completion_is_registered_as_it_is_said(void **state)
{
    struct slab slab;
    const pto_completion said = {0x123456789abc, 0xfedcba987654, 7, 3, -5, 99};
    (void)state;
    words_with_slab(&slab, 1);
    assert_int_equal(pto_register_completion(&slab.local.async, &said), 0);
    assert_int_equal(slab.count, 1);
    assert_true(slab.entries[0].addr == said.addr);
    assert_true(slab.entries[0].backend_cookie == said.backend_cookie);
    assert_int_equal(slab.entries[0].expected_value, 7);
    assert_int_equal(slab.entries[0].engine, 3);
    assert_int_equal(slab.entries[0].completion_type, -5);
    assert_int_equal(slab.entries[0].reserved, 0);
    assert_int_equal(pto_register_completion(&slab.local.async, &said), -1);
    assert_int_equal(slab.error, PTO_COMPLETION_OVERFLOW);
}

static void a_deferred_completion_beyond_the_slab_is_refused_and_noted(void **state)
{
    struct slab slab;
    const int64_t *args = words_with_slab(&slab, 2);
    (void)state;
    assert_int_equal(pto_defer(args, 0x1000, 1), 0);
    assert_int_equal(pto_defer(args, 0x1004, 1), 1);
    assert_int_equal(slab.error, 0);
    assert_int_equal(pto_defer(args, 0x1008, 1), -1);
    assert_int_equal(slab.error, PTO_COMPLETION_OVERFLOW);
    assert_int_equal(slab.count, 2);
    assert_int_equal(slab.entries[2].expected_value, 0x5a5a5a5a);
}

static void a_block_that_cannot_defer_is_told_so_and_touches_nothing(void **state)
{
    struct slab slab;
    const int64_t *args = words_with_slab(&slab, 4);
    (void)state;
    memset(&slab.local.async, 0, sizeof slab.local.async);
    assert_int_equal(pto_defer(args, 0x1000, 1), -1);
    assert_int_equal(slab.count, 0);
    assert_int_equal(slab.entries[0].expected_value, 0x5a5a5a5a);
    slab.local.async.error_code = &slab.error;
    assert_int_equal(pto_defer(args, 0x1000, 1), -1);
    assert_int_equal(slab.error, PTO_COMPLETION_OVERFLOW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kernel_finds_tensors_scalars_and_contexts_in_its_words),
        cmocka_unit_test(a_tensor_argument_is_the_descriptor_itself),
        cmocka_unit_test(a_32_bit_scalar_ignores_the_upper_half_of_its_word),
        cmocka_unit_test(a_64_bit_scalar_uses_its_whole_word),
        cmocka_unit_test(a_deferred_completion_fills_the_next_entry_and_counts_it),
        cmocka_unit_test(a_completion_is_registered_as_it_is_said),
        cmocka_unit_test(a_deferred_completion_beyond_the_slab_is_refused_and_noted),
        cmocka_unit_test(a_block_that_cannot_defer_is_told_so_and_touches_nothing),
    };
    return cmocka_run_group_tests_name("inline functions for kernels", tests, NULL, NULL);
}
