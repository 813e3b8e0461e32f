/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of orch.h that make views of tensors, and what they refuse. */
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

static void assert_same_buffer(const pto_tensor *view, const pto_tensor *tensor)
{
    assert_true(view->addr == tensor->addr);
    assert_true(view->size_bytes == tensor->size_bytes);
    assert_true(view->owner == tensor->owner);
    assert_int_equal(view->buffer, tensor->buffer);
    assert_int_equal(view->version, tensor->version);
    assert_int_equal(view->dtype, tensor->dtype);
    assert_int_equal(view->manual_dep, tensor->manual_dep);
    assert_int_equal(view->address_space, tensor->address_space);
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

/* ---- views --------------------------------------------------------------------------------------------------- */

static void a_view_is_a_box_of_the_same_buffer(void **state)
{
    const pto_tensor tensor = sample();
    const uint32_t offset[] = {1, 2, 3};
    const uint32_t shape[] = {2, 3, 4};
    const pto_tensor view = pto_view(orch_of(state), &tensor, offset, shape);
    assert_nothing_rejected(state);
    assert_same_buffer(&view, &tensor);
    assert_int_equal(view.start_offset, 1 * 48 + 2 * 8 + 3);
    assert_memory_equal(view.shape, shape, sizeof shape);
    assert_memory_equal(view.strides, tensor.strides, sizeof view.strides);
    assert_false(view.is_contiguous);
    assert_int_equal(view.extent, 1 + 1 * 48 + 2 * 8 + 3);
}

static void a_view_of_everything_is_the_tensor(void **state)
{
    const pto_tensor tensor = sample();
    const uint32_t offset[] = {0, 0, 0};
    const pto_tensor view = pto_view(orch_of(state), &tensor, offset, tensor.shape);
    assert_nothing_rejected(state);
    assert_memory_equal(&view, &tensor, sizeof view);
}

static void a_view_of_whole_rows_is_contiguous(void **state)
{
    const pto_tensor tensor = sample();
    const uint32_t offset[] = {2, 0, 0};
    const uint32_t shape[] = {2, 6, 8};
    const uint32_t one_row[] = {1, 1, 8};
    const pto_tensor rows = pto_view(orch_of(state), &tensor, offset, shape);
    const pto_tensor row = pto_view(orch_of(state), &tensor, offset, one_row);
    assert_nothing_rejected(state);
    assert_true(rows.is_contiguous);
    assert_int_equal(rows.extent, 96);
    assert_true(row.is_contiguous);
    assert_int_equal(row.extent, 8);
}

static void a_view_of_a_view_adds_the_offsets(void **state)
{
    const pto_tensor tensor = sample();
    const uint32_t shape[] = {3, 4, 5};
    const uint32_t small[] = {1, 1, 1};
    const uint32_t ones[] = {1, 1, 1};
    const uint32_t last[] = {2, 3, 4};
    const pto_tensor outer = pto_view(orch_of(state), &tensor, ones, shape);
    const pto_tensor inner = pto_view(orch_of(state), &outer, last, small);
    assert_nothing_rejected(state);
    assert_int_equal(inner.start_offset, 3 * 48 + 4 * 8 + 5);
    assert_int_equal(inner.extent, 1);
}

static void a_view_that_does_not_fit_is_rejected_by_dimension(void **state)
{
    const pto_tensor tensor = sample();
    const uint32_t offset[] = {0, 3, 0};
    const uint32_t shape[] = {4, 4, 8};
    const pto_tensor view = pto_view(orch_of(state), &tensor, offset, shape);
    assert_rejected(state, PTO_ERROR_INVALID_TENSOR, "dimension 1: 4 elements from 3 do not fit in 6");
    assert_memory_equal(&view, &tensor, sizeof view);
}

static void an_offset_near_the_largest_number_does_not_wrap_into_the_tensor(void **state)
{
    const pto_tensor tensor = sample();
    const uint32_t offset[] = {0, 0, UINT32_MAX};
    const uint32_t shape[] = {1, 1, 2};
    (void)pto_view(orch_of(state), &tensor, offset, shape);
    assert_rejected(state, PTO_ERROR_INVALID_TENSOR, "dimension 2");
}

static void an_empty_view_is_rejected(void **state)
{
    const pto_tensor tensor = sample();
    const uint32_t offset[] = {0, 0, 0};
    const uint32_t shape[] = {0, 6, 8};
    (void)pto_view(orch_of(state), &tensor, offset, shape);
    assert_rejected(state, PTO_ERROR_INVALID_TENSOR, "dimension 0");
}

/* ---- slices -------------------------------------------------------------------------------------------------- */

static void a_slice_takes_every_steps_element_up_to_its_end(void **state)
{
    static const struct {
        uint32_t begin, end, step, count;
    } cases[] = {{0, 6, 1, 6}, {0, 6, 2, 3}, {1, 6, 2, 3}, {0, 5, 2, 3}, {0, 6, 6, 1}, {5, 6, 9, 1}, {2, 4, 1, 2}};
    const pto_tensor tensor = sample();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const pto_tensor view = pto_slice(orch_of(state), &tensor, 1, cases[i].begin, cases[i].end, cases[i].step);
        assert_nothing_rejected(state);
        assert_same_buffer(&view, &tensor);
        assert_int_equal(view.shape[0], 4);
        assert_int_equal(view.shape[1], cases[i].count);
        assert_int_equal(view.shape[2], 8);
        assert_int_equal(view.strides[1], 8 * cases[i].step);
        assert_int_equal(view.start_offset, 8 * cases[i].begin);
        assert_int_equal(view.extent, 1 + 3 * 48 + (cases[i].count - 1) * 8 * cases[i].step + 7);
    }
}

static void a_slice_of_the_outermost_dimension_stays_contiguous(void **state)
{
    const pto_tensor tensor = sample();
    const pto_tensor near = pto_slice(orch_of(state), &tensor, 0, 1, 3, 1);
    const pto_tensor far = pto_slice(orch_of(state), &tensor, 0, 0, 4, 2);
    const pto_tensor column = pto_slice(orch_of(state), &tensor, 2, 0, 4, 1);
    assert_nothing_rejected(state);
    assert_true(near.is_contiguous);
    assert_false(far.is_contiguous);
    assert_false(column.is_contiguous);
}

static void slices_that_cannot_be_are_rejected(void **state)
{
    static const struct {
        uint32_t dim, begin, end, step;
    } cases[] = {
        {3, 0, 1, 1},                   /* no such dimension */
        {UINT32_MAX, 0, 1, 1},          /* likewise */
        {1, 3, 3, 1},                   /* empty */
        {1, 4, 3, 1},                   /* backwards */
        {1, 0, 7, 1},                   /* too long */
        {1, 0, UINT32_MAX, UINT32_MAX}, /* far too long */
        {1, 0, 6, 0},                   /* going nowhere */
        {0, 0, 2, UINT32_MAX},          /* a stride of more than 32 bits */
    };
    const pto_tensor tensor = sample();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const pto_tensor view =
            pto_slice(orch_of(state), &tensor, cases[i].dim, cases[i].begin, cases[i].end, cases[i].step);
        assert_rejected(state, PTO_ERROR_INVALID_TENSOR, "slice");
        assert_memory_equal(&view, &tensor, sizeof view);
    }
}

/* ---- transposes and reshapes --------------------------------------------------------------------------------- */

static void a_transpose_exchanges_two_dimensions(void **state)
{
    const pto_tensor tensor = sample();
    const pto_tensor view = pto_transpose(orch_of(state), &tensor, 0, 2);
    const pto_tensor back = pto_transpose(orch_of(state), &view, 2, 0);
    assert_nothing_rejected(state);
    assert_same_buffer(&view, &tensor);
    assert_int_equal(view.shape[0], 8);
    assert_int_equal(view.shape[1], 6);
    assert_int_equal(view.shape[2], 4);
    assert_int_equal(view.strides[0], 1);
    assert_int_equal(view.strides[1], 8);
    assert_int_equal(view.strides[2], 48);
    assert_int_equal(view.extent, tensor.extent);
    assert_false(view.is_contiguous);
    assert_memory_equal(&back, &tensor, sizeof back);
}

static void a_transpose_with_a_dimension_of_one_stays_contiguous(void **state)
{
    const pto_tensor tensor = pto_device_tensor(0x40000, PTO_FLOAT32, PTO_SHAPE(1, 8));
    const pto_tensor view = pto_transpose(orch_of(state), &tensor, 0, 1);
    assert_nothing_rejected(state);
    assert_int_equal(view.shape[0], 8);
    assert_true(view.is_contiguous);
}

static void a_transpose_of_a_dimension_with_itself_changes_nothing(void **state)
{
    const pto_tensor tensor = sample();
    const pto_tensor view = pto_transpose(orch_of(state), &tensor, 1, 1);
    assert_nothing_rejected(state);
    assert_memory_equal(&view, &tensor, sizeof view);
}

static void a_transpose_of_a_dimension_that_is_not_there_is_rejected(void **state)
{
    const pto_tensor tensor = sample();
    (void)pto_transpose(orch_of(state), &tensor, 0, 3);
    assert_rejected(state, PTO_ERROR_INVALID_TENSOR, "dimensions 0 and 3 of a tensor of rank 3");
    (void)pto_transpose(orch_of(state), &tensor, 3, 0);
    assert_rejected(state, PTO_ERROR_INVALID_TENSOR, "dimensions 3 and 0 of a tensor of rank 3");
}

static void a_reshape_renames_the_elements_of_the_same_buffer(void **state)
{
    const pto_tensor tensor = sample();
    const uint32_t flat[] = {192};
    const uint32_t five[] = {2, 2, 3, 2, 8};
    const pto_tensor line = pto_reshape(orch_of(state), &tensor, 1, flat);
    const pto_tensor box = pto_reshape(orch_of(state), &tensor, 5, five);
    assert_nothing_rejected(state);
    assert_same_buffer(&line, &tensor);
    assert_same_buffer(&box, &tensor);
    assert_int_equal(line.ndims, 1);
    assert_int_equal(line.strides[0], 1);
    assert_int_equal(box.ndims, 5);
    assert_int_equal(box.strides[0], 96);
    assert_int_equal(box.extent, 192);
}

static void a_reshape_of_contiguous_rows_begins_where_they_do(void **state)
{
    const pto_tensor tensor = sample();
    const uint32_t shape[] = {96};
    const pto_tensor rows = pto_slice(orch_of(state), &tensor, 0, 2, 4, 1);
    const pto_tensor line = pto_reshape(orch_of(state), &rows, 1, shape);
    assert_nothing_rejected(state);
    assert_int_equal(line.start_offset, 96);
    assert_int_equal(line.size_bytes, tensor.size_bytes);
}

static void a_reshape_to_another_number_of_elements_is_rejected(void **state)
{
    const pto_tensor tensor = sample();
    const uint32_t shape[] = {191};
    const pto_tensor view = pto_reshape(orch_of(state), &tensor, 1, shape);
    assert_rejected(state, PTO_ERROR_INVALID_TENSOR, "contiguous tensor of 192 elements to rank 1 with 191");
    assert_memory_equal(&view, &tensor, sizeof view);
}

static void a_reshape_of_a_strided_view_is_rejected(void **state)
{
    const pto_tensor tensor = sample();
    const uint32_t shape[] = {192};
    const pto_tensor view = pto_transpose(orch_of(state), &tensor, 0, 1);
    (void)pto_reshape(orch_of(state), &view, 1, shape);
    assert_rejected(state, PTO_ERROR_INVALID_TENSOR, "strided");
}

static void a_reshape_to_rank_zero_or_above_the_highest_is_rejected(void **state)
{
    const pto_tensor tensor = sample();
    const pto_tensor one = pto_device_tensor(0x40000, PTO_FLOAT32, PTO_SHAPE(1, 1));
    const uint32_t shape[] = {4, 6, 8, 1, 1, 1};
    (void)pto_reshape(orch_of(state), &tensor, 0, shape);
    assert_rejected(state, PTO_ERROR_INVALID_TENSOR, "rank 0");
    /* Rank 0 has one element by count; a tensor of one element must not become it all the same. */
    (void)pto_reshape(orch_of(state), &one, 0, shape);
    assert_rejected(state, PTO_ERROR_INVALID_TENSOR, "rank 0");
    (void)pto_reshape(orch_of(state), &tensor, 6, shape);
    assert_rejected(state, PTO_ERROR_INVALID_TENSOR, "rank 6");
}

static void views_of_a_descriptor_of_impossible_rank_are_rejected(void **state)
{
    const uint32_t zeros[] = {0, 0, 0, 0, 0, 0};
    const uint32_t ones[] = {1, 1, 1, 1, 1, 1};
    volatile const uint32_t rank = PTO_MAX_RANK + 1; /* What a compiler must not find out beforehand. */
    pto_tensor tensor = pto_tensor_new(PTO_FLOAT32, PTO_SHAPE(1, 1, 1, 1, 1));
    tensor.ndims = rank;
    (void)pto_view(orch_of(state), &tensor, zeros, ones);
    assert_rejected(state, PTO_ERROR_INVALID_TENSOR, "view");
    (void)pto_slice(orch_of(state), &tensor, rank - 1, 0, 1, 1);
    assert_rejected(state, PTO_ERROR_INVALID_TENSOR, "slice");
    (void)pto_transpose(orch_of(state), &tensor, 0, rank - 1);
    assert_rejected(state, PTO_ERROR_INVALID_TENSOR, "transpose");
}

static void a_tensor_like_another_has_its_shape_and_no_buffer(void **state)
{
    const pto_tensor tensor = sample();
    const pto_tensor view = pto_slice(orch_of(state), &tensor, 2, 0, 8, 2);
    const pto_tensor like = pto_tensor_like(&view);
    assert_int_equal(like.shape[2], 4);
    assert_int_equal(like.strides[0], 24);
    assert_int_equal(like.dtype, tensor.dtype);
    assert_int_equal(like.addr, 0);
    assert_int_equal(like.buffer, 0);
    assert_true(like.owner == PTO_NO_TASK);
    assert_true(like.is_contiguous);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_view_is_a_box_of_the_same_buffer),
        TEST(a_view_of_everything_is_the_tensor),
        TEST(a_view_of_whole_rows_is_contiguous),
        TEST(a_view_of_a_view_adds_the_offsets),
        TEST(a_view_that_does_not_fit_is_rejected_by_dimension),
        TEST(an_offset_near_the_largest_number_does_not_wrap_into_the_tensor),
        TEST(an_empty_view_is_rejected),
        TEST(a_slice_takes_every_steps_element_up_to_its_end),
        TEST(a_slice_of_the_outermost_dimension_stays_contiguous),
        TEST(slices_that_cannot_be_are_rejected),
        TEST(a_transpose_exchanges_two_dimensions),
        TEST(a_transpose_with_a_dimension_of_one_stays_contiguous),
        TEST(a_transpose_of_a_dimension_with_itself_changes_nothing),
        TEST(a_transpose_of_a_dimension_that_is_not_there_is_rejected),
        TEST(a_reshape_renames_the_elements_of_the_same_buffer),
        TEST(a_reshape_of_contiguous_rows_begins_where_they_do),
        TEST(a_reshape_to_another_number_of_elements_is_rejected),
        TEST(a_reshape_of_a_strided_view_is_rejected),
        TEST(a_reshape_to_rank_zero_or_above_the_highest_is_rejected),
        TEST(views_of_a_descriptor_of_impossible_rank_are_rejected),
        TEST(a_tensor_like_another_has_its_shape_and_no_buffer),
    };
    return cmocka_run_group_tests_name("views of tensors", tests, NULL, NULL);
}
