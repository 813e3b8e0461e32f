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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kernel_finds_tensors_scalars_and_contexts_in_its_words),
        cmocka_unit_test(a_tensor_argument_is_the_descriptor_itself),
        cmocka_unit_test(a_32_bit_scalar_ignores_the_upper_half_of_its_word),
        cmocka_unit_test(a_64_bit_scalar_uses_its_whole_word),
    };
    return cmocka_run_group_tests_name("inline functions for kernels", tests, NULL, NULL);
}
