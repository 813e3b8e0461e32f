// SPDX-License-Identifier: Apache-2.0
// Views as boxes, against sets of bytes.
#include "random_views.hpp"

namespace {

using namespace pto::engine;
using namespace pto::test;

ViewDefect defect_of(const pto_tensor &tensor)
{
    ByteView view;
    return read_view(tensor, &view);
}

#define ASSERT_DEFECT(tensor, defect)                                                                                  \
    assert_int_equal(static_cast<int>(defect_of(tensor)), static_cast<int>(ViewDefect::defect))

// ---- both ways of reading

/// Small numbers most of the time, else one near a limit.
uint32_t any_number(Random &random)
{
    static constexpr uint32_t kLimits[] = {0, 1, 0xffff, 0x10000, 0x7fffffff, 0x80000000, UINT32_MAX};
    return random.one_in(8) ? kLimits[random.below(7)] : random.between(1, 7);
}

/// Row-major, maybe not quite; in a buffer that it fits into, maybe not quite.
pto_tensor almost_row_major(Random &random)
{
    uint32_t shape[PTO_MAX_RANK];
    for (uint32_t &extent : shape)
        extent = any_number(random);
    const uint32_t rank = random.one_in(20) ? random.below32(8) : random.between(1, PTO_MAX_RANK);
    pto_tensor tensor = pto_tensor_new(static_cast<pto_dtype>(random.below(PTO_DTYPE_COUNT + 1)), rank, shape);
    if (random.one_in(4))
        tensor.strides[random.below(PTO_MAX_RANK)] = any_number(random);
    if (random.one_in(2))
        tensor.start_offset = random.one_in(8) ? UINT64_MAX - random.below(4) : random.below(9);
    const uint64_t element = pto_dtype_size(tensor.dtype);
    tensor.size_bytes += tensor.start_offset * element + random.below(3) - 1;
    if (random.one_in(30))
        tensor.size_bytes = random.one_in(2) ? UINT64_MAX : 0;
    return tensor;
}

void the_fast_way_to_read_a_view_gives_what_the_other_gives(void **)
{
    Random random(23);
    uint32_t sound = 0;
    uint32_t refused = 0;
    for (int i = 0; i < 300'000; i++) {
        const pto_tensor tensor = random.one_in(3) ? random_view(random) : almost_row_major(random);
        ByteView fast{};
        ByteView slow{};
        const ViewDefect defect = read_view(tensor, &fast);
        assert_int_equal(static_cast<int>(defect), static_cast<int>(read_strided_view(tensor, &slow)));
        if (defect != ViewDefect::kSound) {
            refused++;
            continue;
        }
        sound++;
        assert_true(fast.offset == slow.offset && fast.span == slow.span);
        assert_int_equal(fast.rank, slow.rank);
        for (uint32_t d = 0; d < fast.rank; d++)
            assert_true(fast.dim[d].count == slow.dim[d].count && fast.dim[d].stride == slow.dim[d].stride);
    }
    assert_true(sound > 100'000 && refused > 50'000);
}

// ---- defects

void a_plain_tensor_is_sound_and_in_one_piece(void **)
{
    ByteView view;
    assert_true(read_view(plain(PTO_FLOAT32, {4, 5, 6}), &view) == ViewDefect::kSound);
    assert_int_equal(view.rank, 1);
    assert_int_equal(view.offset, 0);
    assert_int_equal(view.span, 480);
    assert_int_equal(view.dim[0].count, 480);
    assert_int_equal(view.dim[0].stride, 1);
}

void a_rank_outside_one_to_five_is_refused(void **)
{
    pto_tensor tensor = plain(PTO_FLOAT32, {4});
    for (const uint32_t rank : {0u, 6u, 7u, UINT32_MAX}) {
        tensor.ndims = rank;
        ASSERT_DEFECT(tensor, kRank);
    }
    ASSERT_DEFECT(plain(PTO_FLOAT32, {1, 2, 3, 4, 5}), kSound);
}

void an_unknown_dtype_is_refused(void **)
{
    pto_tensor tensor = plain(PTO_FLOAT32, {4});
    for (uint32_t dtype = 0; dtype < 256; dtype++) {
        tensor.dtype = static_cast<pto_dtype>(dtype);
        tensor.size_bytes = 4 * 8;
        assert_int_equal(defect_of(tensor) == ViewDefect::kDtype, dtype >= PTO_DTYPE_COUNT);
    }
}

void an_empty_dimension_is_refused(void **)
{
    for (const uint32_t dim : {0u, 1u, 2u}) {
        pto_tensor tensor = plain(PTO_FLOAT32, {4, 5, 6});
        tensor.shape[dim] = 0;
        ASSERT_DEFECT(tensor, kShape);
    }
}

void a_stride_of_zero_is_refused(void **)
{
    for (const uint32_t dim : {0u, 1u, 2u}) {
        pto_tensor tensor = plain(PTO_FLOAT32, {4, 5, 6});
        tensor.strides[dim] = 0;
        ASSERT_DEFECT(tensor, kStride);
    }
}

void elements_that_share_bytes_are_refused(void **)
{
    pto_tensor tensor = plain(PTO_FLOAT32, {4, 4});
    tensor.size_bytes = 1000;
    tensor.strides[0] = 3;
    ASSERT_DEFECT(tensor, kOverlap);
    tensor.strides[0] = 1;
    ASSERT_DEFECT(tensor, kOverlap);
    tensor.strides[0] = 4;
    tensor.strides[1] = 4;
    ASSERT_DEFECT(tensor, kOverlap);
    tensor.shape[0] = 1; // a dimension of one element cannot overlap anything
    ASSERT_DEFECT(tensor, kSound);
}

void a_view_that_leaves_its_buffer_is_refused(void **)
{
    pto_tensor tensor = plain(PTO_FLOAT32, {4, 8});
    tensor.start_offset = 1;
    ASSERT_DEFECT(tensor, kBounds);
    tensor.shape[1] = 7;
    ASSERT_DEFECT(tensor, kSound);
    tensor.size_bytes -= 1; // the last element is cut
    ASSERT_DEFECT(tensor, kBounds);
    tensor.size_bytes = 3;
    ASSERT_DEFECT(tensor, kBounds);
    tensor.size_bytes = 0;
    ASSERT_DEFECT(tensor, kBounds);
}

void a_view_that_reaches_beyond_64_bits_is_refused(void **)
{
    pto_tensor tensor = plain(PTO_UINT8, {1});
    tensor.size_bytes = UINT64_MAX;
    tensor.start_offset = UINT64_MAX - 1;
    ASSERT_DEFECT(tensor, kSound);
    tensor.start_offset = UINT64_MAX;
    ASSERT_DEFECT(tensor, kBounds);
    tensor.start_offset = UINT64_MAX - 1;
    tensor.shape[0] = 2;
    ASSERT_DEFECT(tensor, kBounds);
    tensor.shape[0] = 3;
    ASSERT_DEFECT(tensor, kBounds);
    tensor.start_offset = 0;
    tensor.ndims = 5;
    for (uint32_t i = 0; i < 5; i++) {
        tensor.shape[i] = UINT32_MAX;
        tensor.strides[i] = UINT32_MAX;
    }
    ASSERT_DEFECT(tensor, kBounds);
    pto_tensor wide = plain(PTO_INT64, {1});
    wide.size_bytes = UINT64_MAX;
    wide.start_offset = UINT64_MAX / 8 - 1;
    ASSERT_DEFECT(wide, kSound);
    wide.start_offset = uint64_t{1} << 61; // in bytes this is 2^64, which is nothing
    ASSERT_DEFECT(wide, kBounds);
}

// ---- bytes

Bytes bytes_of_view(const ByteView &view)
{
    Bytes bytes;
    uint64_t total = 1;
    for (uint32_t d = 0; d < view.rank; d++)
        total *= view.dim[d].count;
    for (uint64_t i = 0; i < total; i++) {
        uint64_t rest = i;
        uint64_t at = view.offset;
        for (uint32_t d = view.rank; d-- > 0; rest /= view.dim[d].count)
            at += rest % view.dim[d].count * view.dim[d].stride;
        assert_true(at < view.offset + view.span && at < kBufferBytes);
        bytes[at] = true;
    }
    return bytes;
}

/// Any strides at all: most of these overlap themselves or leave the buffer.
pto_tensor random_descriptor(Random &random)
{
    pto_tensor tensor = plain(random_dtype(random), {1});
    tensor.ndims = random.between(1, 4);
    tensor.size_bytes = random.between(1, kBufferBytes);
    tensor.start_offset = random.one_in(3) ? random.below(300) : random.below(20);
    for (uint32_t i = 0; i < tensor.ndims; i++) {
        tensor.shape[i] = random.between(1, 4);
        tensor.strides[i] = random.one_in(3) ? random.between(1, 100) : random.between(1, 12);
    }
    return tensor;
}

void a_descriptor_is_sound_only_if_its_elements_are_apart_and_inside(void **)
{
    Random random(11);
    int sound = 0;
    for (int i = 0; i < 30000; i++) {
        const pto_tensor tensor = random_descriptor(random);
        bool disjoint;
        bool inside;
        const Bytes bytes = bytes_of(tensor, &disjoint, &inside);
        ByteView view;
        const ViewDefect defect = read_view(tensor, &view);
        assert_int_equal(defect == ViewDefect::kBounds, !inside);
        assert_true(defect != ViewDefect::kSound || (disjoint && bytes_of_view(view) == bytes));
        sound += defect == ViewDefect::kSound ? 1 : 0;
    }
    assert_true(sound > 1000);
}

void every_slice_and_transpose_is_sound_and_keeps_its_bytes(void **)
{
    Random random(12);
    for (int i = 0; i < 10000; i++) {
        const pto_tensor tensor = random_view(random);
        const Bytes bytes = bytes_of(tensor);
        ByteView view;
        assert_true(read_view(tensor, &view) == ViewDefect::kSound);
        assert_true(bytes_of_view(view) == bytes);
        for (uint32_t d = 0; d + 1 < view.rank; d++)
            assert_true(view.dim[d].stride > view.dim[d + 1].stride);
        assert_int_equal(view.dim[view.rank - 1].stride, 1);
    }
}

// ---- frames and boxes

void a_frame_is_refined_only_along_its_chain(void **)
{
    Frame frame = kByteFrame;
    const auto view_with = [](uint64_t stride) { return ByteView{0, 10 * stride, 2, {{10, stride}, {1, 1}}}; };
    assert_true(refine_frame(&frame, view_with(64)));
    assert_int_equal(frame.rank, 2);
    assert_true(refine_frame(&frame, view_with(16)));
    assert_true(refine_frame(&frame, view_with(640)));
    assert_true(refine_frame(&frame, view_with(64)));
    assert_int_equal(frame.rank, 4);
    const Frame before = frame;
    assert_false(refine_frame(&frame, view_with(48)));
    assert_false(refine_frame(&frame, view_with(1000)));
    assert_memory_equal(&frame, &before, sizeof frame);
    assert_true(refine_frame(&frame, view_with(4)));
    assert_false(refine_frame(&frame, view_with(2))); // the frame has its five strides
    static constexpr uint64_t kExpected[] = {640, 64, 16, 4, 1};
    assert_memory_equal(frame.stride, kExpected, sizeof kExpected);
}

void blocks_of_whole_rows_lose_nothing_in_a_frame_of_rows(void **)
{
    const Frame frame{2, {100, 1}};
    const ByteView rows{200, 300, 1, {{300, 1}}};
    const Box box = box_of(rows, frame);
    assert_int_equal(box.low[0], 2);
    assert_int_equal(box.high[0], 5);
    assert_int_equal(box.low[1], 0);
    assert_int_equal(box.high[1], 100);
}

bool frame_overlap(const pto_tensor &a, const pto_tensor &b, const Frame &frame)
{
    ByteView views[2];
    assert_true(read_view(a, &views[0]) == ViewDefect::kSound && read_view(b, &views[1]) == ViewDefect::kSound);
    const bool found = overlap(box_of(views[0], frame), box_of(views[1], frame), frame.rank);
    assert_int_equal(found, overlap(box_of(views[1], frame), box_of(views[0], frame), frame.rank));
    return found;
}

void no_overlap_of_bytes_is_missed_in_any_frame(void **)
{
    Random random(13);
    int apart = 0;
    for (int round = 0; round < 4000; round++) {
        pto_tensor tensors[6];
        Bytes bytes[6];
        Frame frame = kByteFrame;
        for (int i = 0; i < 6; i++) {
            tensors[i] = random_view(random);
            bytes[i] = bytes_of(tensors[i]);
            ByteView view;
            read_view(tensors[i], &view);
            refine_frame(&frame, view);
        }
        for (int a = 0; a < 6; a++) {
            for (int b = 0; b < a; b++) {
                const bool found = frame_overlap(tensors[a], tensors[b], frame);
                assert_true(found || (bytes[a] & bytes[b]).none());
                apart += found ? 0 : 1;
            }
        }
    }
    assert_true(apart > 1000);
}

void a_box_in_a_finer_frame_still_holds_all_its_bytes(void **)
{
    Random random(14);
    for (int round = 0; round < 10000; round++) {
        Frame frame = kByteFrame;
        ByteView view;
        read_view(random_view(random), &view);
        if (random.one_in(2))
            refine_frame(&frame, view);
        const Box box = box_of(view, frame);
        const Frame coarse = frame;
        ByteView other;
        read_view(random_view(random), &other);
        refine_frame(&frame, other);
        const ByteView whole = view_of(box, coarse);
        const Box finer = box_of(whole, frame);
        const Bytes mine = bytes_of_view(view);
        // Every byte, taken as a box of its own, is found in both.
        for (uint32_t byte = 0; byte < kBufferBytes; byte++) {
            const ByteView single{byte, 1, 1, {{1, 1}}};
            if (!mine[byte])
                continue;
            assert_true(contains(box, box_of(single, coarse), coarse.rank));
            assert_true(contains(finer, box_of(single, frame), frame.rank));
        }
    }
}

void tiles_of_one_matrix_are_compared_exactly(void **)
{
    Random random(15);
    for (int round = 0; round < 3000; round++) {
        const pto_tensor matrix = random.one_in(2)
                                      ? plain(random_dtype(random), {random.between(1, 20), random.between(1, 12)})
                                      : plain(random_dtype(random), {random.between(1, 7), random.between(1, 6), 5});
        pto_tensor tiles[5];
        Bytes bytes[5];
        Frame frame = kByteFrame;
        for (int i = 0; i < 5; i++) {
            tiles[i] = random_tile(matrix, random);
            bytes[i] = bytes_of(tiles[i]);
            ByteView view;
            assert_true(read_view(tiles[i], &view) == ViewDefect::kSound);
            assert_true(refine_frame(&frame, view));
        }
        for (int a = 0; a < 5; a++)
            for (int b = 0; b < a; b++)
                assert_int_equal(frame_overlap(tiles[a], tiles[b], frame), (bytes[a] & bytes[b]).any());
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_fast_way_to_read_a_view_gives_what_the_other_gives),
        cmocka_unit_test(a_plain_tensor_is_sound_and_in_one_piece),
        cmocka_unit_test(a_rank_outside_one_to_five_is_refused),
        cmocka_unit_test(an_unknown_dtype_is_refused),
        cmocka_unit_test(an_empty_dimension_is_refused),
        cmocka_unit_test(a_stride_of_zero_is_refused),
        cmocka_unit_test(elements_that_share_bytes_are_refused),
        cmocka_unit_test(a_view_that_leaves_its_buffer_is_refused),
        cmocka_unit_test(a_view_that_reaches_beyond_64_bits_is_refused),
        cmocka_unit_test(a_descriptor_is_sound_only_if_its_elements_are_apart_and_inside),
        cmocka_unit_test(every_slice_and_transpose_is_sound_and_keeps_its_bytes),
        cmocka_unit_test(a_frame_is_refined_only_along_its_chain),
        cmocka_unit_test(blocks_of_whole_rows_lose_nothing_in_a_frame_of_rows),
        cmocka_unit_test(no_overlap_of_bytes_is_missed_in_any_frame),
        cmocka_unit_test(a_box_in_a_finer_frame_still_holds_all_its_bytes),
        cmocka_unit_test(tiles_of_one_matrix_are_compared_exactly),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
