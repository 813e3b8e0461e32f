/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of tensor.h: descriptors that can be right, and those that every user has to refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pto/tensor.h"

#define BILLION_ISH 0x40000000u /* 2^30 */

/* The bounds that whoever takes a descriptor checks before it uses it. */
static int is_refusable(const pto_tensor *tensor)
{
    if (tensor->ndims == 0 || tensor->ndims > PTO_MAX_RANK || pto_dtype_size(tensor->dtype) == 0)
        return 1;
    for (uint32_t i = 0; i < tensor->ndims; i++)
        if (tensor->shape[i] == 0 || tensor->strides[i] == 0)
            return 1;
    return tensor->extent == 0 || tensor->extent > tensor->size_bytes / pto_dtype_size(tensor->dtype);
}

static void a_new_tensor_is_row_major_without_a_buffer(void **state)
{
    const pto_tensor tensor = pto_tensor_new(PTO_FLOAT16, PTO_SHAPE(2, 3, 4));
    (void)state;
    assert_false(is_refusable(&tensor));
    assert_int_equal(tensor.addr, 0);
    assert_true(tensor.owner == PTO_NO_TASK);
    assert_int_equal(tensor.buffer, 0);
    assert_int_equal(tensor.dtype, PTO_FLOAT16);
    assert_int_equal(tensor.ndims, 3);
    assert_int_equal(tensor.shape[0], 2);
    assert_int_equal(tensor.shape[1], 3);
    assert_int_equal(tensor.shape[2], 4);
    assert_int_equal(tensor.strides[0], 12);
    assert_int_equal(tensor.strides[1], 4);
    assert_int_equal(tensor.strides[2], 1);
    assert_int_equal(tensor.extent, 24);
    assert_int_equal(tensor.size_bytes, 48);
    assert_int_equal(tensor.start_offset, 0);
    assert_int_equal(tensor.manual_dep, 0);
    assert_true(tensor.is_contiguous);
}

static void dimensions_beyond_the_rank_and_reserved_bytes_are_zero(void **state)
{
    const pto_tensor tensor = pto_tensor_new(PTO_INT8, PTO_SHAPE(7));
    (void)state;
    for (uint32_t i = 1; i < PTO_MAX_RANK; i++) {
        assert_int_equal(tensor.shape[i], 0);
        assert_int_equal(tensor.strides[i], 0);
    }
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(tensor.reserved[i], 0);
}

static void a_tensor_to_allocate_may_have_a_first_value(void **state)
{
    pto_tensor tensor = pto_tensor_new(PTO_INT16, PTO_SHAPE(7));
    (void)state;
    assert_int_equal(tensor.has_initial, 0);
    assert_true(tensor.initial == 0);
    pto_tensor_fill(&tensor, 0xfedcba9876543210);
    assert_int_equal(tensor.has_initial, 1);
    assert_true(tensor.initial == 0xfedcba9876543210);
    assert_int_equal(tensor.size_bytes, 14);
}

static void the_highest_rank_is_fine(void **state)
{
    const pto_tensor tensor = pto_tensor_new(PTO_INT64, PTO_SHAPE(1, 2, 3, 4, 5));
    (void)state;
    assert_false(is_refusable(&tensor));
    assert_int_equal(tensor.strides[0], 120);
    assert_int_equal(tensor.extent, 120);
    assert_int_equal(tensor.size_bytes, 960);
}

static void rank_zero_is_refusable(void **state)
{
    const pto_tensor tensor = pto_tensor_new(PTO_FLOAT32, 0, NULL);
    (void)state;
    assert_int_equal(tensor.ndims, 0);
    assert_true(is_refusable(&tensor));
}

static void a_rank_above_the_highest_is_refusable_and_reads_no_shape(void **state)
{
    const pto_tensor six = pto_tensor_new(PTO_FLOAT32, 6, NULL);
    const pto_tensor most = pto_tensor_new(PTO_FLOAT32, UINT32_MAX, NULL);
    (void)state;
    assert_int_equal(six.ndims, 6);
    assert_true(is_refusable(&six));
    assert_true(is_refusable(&most));
}

static void a_zero_extent_in_any_dimension_is_refusable(void **state)
{
    (void)state;
    for (uint32_t zero = 0; zero < 3; zero++) {
        uint32_t shape[3] = {4, 5, 6};
        pto_tensor tensor;
        shape[zero] = 0;
        tensor = pto_tensor_new(PTO_FLOAT32, 3, shape);
        assert_int_equal(tensor.extent, 0);
        assert_int_equal(tensor.size_bytes, 0);
        assert_true(is_refusable(&tensor));
    }
}

static void as_many_elements_below_the_outermost_dimension_as_a_stride_holds_are_fine(void **state)
{
    const pto_tensor tensor = pto_tensor_new(PTO_INT8, PTO_SHAPE(2, UINT32_MAX));
    (void)state;
    assert_false(is_refusable(&tensor));
    assert_int_equal(tensor.strides[0], UINT32_MAX);
    assert_true(tensor.extent == 2 * (uint64_t)UINT32_MAX);
}

static void one_more_element_than_a_stride_holds_is_refusable(void **state)
{
    const pto_tensor tensor = pto_tensor_new(PTO_INT8, PTO_SHAPE(2, 0x10000, 0x10000));
    const pto_tensor deep = pto_tensor_new(PTO_INT8, PTO_SHAPE(3, 2, 0x10000, 0x10000));
    (void)state;
    assert_true(is_refusable(&tensor));
    assert_true(is_refusable(&deep));
}

static void a_product_that_wraps_around_is_refusable(void **state)
{
    /* 2^31 * 2^31 * 2^2 elements: the product is 2^64, which 64 bits cannot tell from nothing. */
    const pto_tensor tensor = pto_tensor_new(PTO_INT8, PTO_SHAPE(0x80000000, 0x80000000, 4));
    (void)state;
    assert_true(is_refusable(&tensor));
}

static void a_size_in_bytes_that_wraps_around_is_refusable(void **state)
{
    /* 2^62 elements of 4 bytes, and a few more: the size wraps to 0 and to something small. */
    const pto_tensor none = pto_tensor_new(PTO_FLOAT32, PTO_SHAPE(0x80000000, 0x80000000));
    const pto_tensor little = pto_tensor_new(PTO_INT64, PTO_SHAPE(BILLION_ISH * 2 + 1, BILLION_ISH));
    (void)state;
    assert_true(is_refusable(&none));
    assert_true(is_refusable(&little));
}

static void an_unknown_element_type_is_refusable(void **state)
{
    const pto_tensor tensor = pto_tensor_new(PTO_DTYPE_COUNT, PTO_SHAPE(8));
    (void)state;
    assert_true(is_refusable(&tensor));
}

static void a_host_tensor_names_the_callers_memory(void **state)
{
    float data[6] = {0};
    const pto_tensor tensor = pto_host_tensor(data, PTO_FLOAT32, PTO_SHAPE(2, 3));
    (void)state;
    assert_false(is_refusable(&tensor));
    assert_int_equal(tensor.address_space, PTO_HOST_MEMORY);
    assert_ptr_equal(pto_tensor_data(&tensor), data);
    assert_int_equal(tensor.size_bytes, sizeof data);
}

static void a_device_tensor_keeps_its_address(void **state)
{
    const pto_tensor tensor = pto_device_tensor(0x123456789000u, PTO_BFLOAT16, PTO_SHAPE(16));
    (void)state;
    assert_false(is_refusable(&tensor));
    assert_int_equal(tensor.address_space, PTO_DEVICE_MEMORY);
    assert_true(tensor.addr == 0x123456789000u);
}

static void the_data_of_a_view_begins_at_its_offset_in_elements(void **state)
{
    double data[8] = {0};
    pto_tensor tensor = pto_host_tensor(data, PTO_INT64, PTO_SHAPE(8));
    (void)state;
    tensor.start_offset = 5;
    assert_ptr_equal(pto_tensor_data(&tensor), &data[5]);
}

static void the_count_is_the_product_of_the_shape_in_64_bits(void **state)
{
    const pto_tensor small = pto_tensor_new(PTO_INT8, PTO_SHAPE(3, 5, 7));
    const pto_tensor large = pto_tensor_new(PTO_INT8, PTO_SHAPE(0x10000, 0x10000));
    (void)state;
    assert_int_equal(pto_tensor_count(&small), 105);
    assert_true(pto_tensor_count(&large) == (uint64_t)1 << 32);
}

static void the_count_of_an_impossible_rank_stays_inside_the_descriptor(void **state)
{
    pto_tensor tensor = pto_tensor_new(PTO_INT8, PTO_SHAPE(2, 2, 2, 2, 2));
    (void)state;
    tensor.ndims = UINT32_MAX;
    assert_int_equal(pto_tensor_count(&tensor), 32);
}

static void a_shape_literal_counts_its_dimensions(void **state)
{
    const uint32_t rows = 9;
    const pto_tensor tensor = pto_tensor_new(PTO_INT8, PTO_SHAPE(rows, rows + 1));
    (void)state;
    assert_int_equal(tensor.ndims, 2);
    assert_int_equal(tensor.shape[1], 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_tensor_is_row_major_without_a_buffer),
        cmocka_unit_test(dimensions_beyond_the_rank_and_reserved_bytes_are_zero),
        cmocka_unit_test(a_tensor_to_allocate_may_have_a_first_value),
        cmocka_unit_test(the_highest_rank_is_fine),
        cmocka_unit_test(rank_zero_is_refusable),
        cmocka_unit_test(a_rank_above_the_highest_is_refusable_and_reads_no_shape),
        cmocka_unit_test(a_zero_extent_in_any_dimension_is_refusable),
        cmocka_unit_test(as_many_elements_below_the_outermost_dimension_as_a_stride_holds_are_fine),
        cmocka_unit_test(one_more_element_than_a_stride_holds_is_refusable),
        cmocka_unit_test(a_product_that_wraps_around_is_refusable),
        cmocka_unit_test(a_size_in_bytes_that_wraps_around_is_refusable),
        cmocka_unit_test(an_unknown_element_type_is_refusable),
        cmocka_unit_test(a_host_tensor_names_the_callers_memory),
        cmocka_unit_test(a_device_tensor_keeps_its_address),
        cmocka_unit_test(the_data_of_a_view_begins_at_its_offset_in_elements),
        cmocka_unit_test(the_count_is_the_product_of_the_shape_in_64_bits),
        cmocka_unit_test(the_count_of_an_impossible_rank_stays_inside_the_descriptor),
        cmocka_unit_test(a_shape_literal_counts_its_dimensions),
    };
    return cmocka_run_group_tests_name("inline functions for tensors", tests, NULL, NULL);
}
