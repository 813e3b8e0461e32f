// SPDX-License-Identifier: Apache-2.0
#include "engine/box.h"

namespace pto::inline PTO_ARCH::engine {
namespace {

/// Inserts by falling stride; of equal strides the longer dimension comes first, so that the defect is seen.
void insert_dim(ByteView *view, ByteView::Dim dim)
{
    uint32_t at = view->rank++;
    for (; at > 0 && view->dim[at - 1].stride < dim.stride; at--)
        view->dim[at] = view->dim[at - 1];
    view->dim[at] = dim;
}

/// From the inside out: checks that elements do not share bytes and joins dimensions that continue each other.
bool join_dims(ByteView *view)
{
    uint32_t last = view->rank - 1;
    uint64_t span = view->dim[last].count; // the element itself: stride 1
    ByteView::Dim joined[PTO_MAX_RANK + 1];
    uint32_t count = 0;
    joined[count++] = view->dim[last];
    while (last-- > 0) {
        const ByteView::Dim outer = view->dim[last];
        ByteView::Dim &inner = joined[count - 1];
        if (outer.stride < span)
            return false;
        if (outer.stride == inner.count * inner.stride)
            inner.count *= outer.count;
        else
            joined[count++] = outer;
        span += (outer.count - 1) * outer.stride;
    }
    view->span = span;
    view->rank = count;
    for (uint32_t i = 0; i < count; i++)
        view->dim[i] = joined[count - 1 - i];
    return true;
}

} // namespace

ViewDefect read_strided_view(const pto_tensor &tensor, ByteView *out)
{
    const uint64_t element = pto_dtype_size(tensor.dtype);
    if (tensor.ndims == 0 || tensor.ndims > PTO_MAX_RANK)
        return ViewDefect::kRank;
    if (element == 0)
        return ViewDefect::kDtype;
    out->rank = 0;
    // Largest index reached, in elements: 5 products of 32-bit numbers, each < 2^64, summed with a check.
    uint64_t reach = tensor.start_offset;
    for (uint32_t i = tensor.ndims; i-- > 0;) {
        if (tensor.shape[i] == 0)
            return ViewDefect::kShape;
        if (tensor.strides[i] == 0)
            return ViewDefect::kStride;
        const uint64_t step = uint64_t{tensor.shape[i] - 1} * tensor.strides[i];
        if (__builtin_add_overflow(reach, step, &reach))
            return ViewDefect::kBounds;
        if (tensor.shape[i] > 1)
            insert_dim(out, {tensor.shape[i], tensor.strides[i] * element});
    }
    if (reach >= tensor.size_bytes / element)
        return ViewDefect::kBounds;
    insert_dim(out, {element, 1});
    out->offset = tensor.start_offset * element;
    return join_dims(out) ? ViewDefect::kSound : ViewDefect::kOverlap;
}

bool refine_frame(Frame *frame, const ByteView &view)
{
    Frame merged{0, {}};
    uint32_t f = 0;
    uint32_t v = 0;
    while (f < frame->rank || v < view.rank) {
        const uint64_t from_frame = f < frame->rank ? frame->stride[f] : 0;
        const uint64_t from_view = v < view.rank ? view.dim[v].stride : 0;
        const uint64_t stride = from_frame > from_view ? from_frame : from_view;
        f += from_frame == stride ? 1 : 0;
        v += from_view == stride ? 1 : 0;
        if (merged.rank == kMaxFrameRank || (merged.rank > 0 && merged.stride[merged.rank - 1] % stride != 0))
            return false;
        merged.stride[merged.rank++] = stride;
    }
    *frame = merged;
    return true;
}

namespace {

/// Extents of the view per frame dimension; false when a stride is not in the frame.
bool extents_in(const ByteView &view, const Frame &frame, uint64_t *extent)
{
    uint32_t i = 0;
    for (uint32_t d = 0; d < view.rank; d++, i++) {
        while (i < frame.rank && frame.stride[i] != view.dim[d].stride)
            extent[i++] = 1;
        if (i == frame.rank)
            return false;
        extent[i] = view.dim[d].count;
    }
    while (i < frame.rank)
        extent[i++] = 1;
    return true;
}

} // namespace

Box box_of(const ByteView &view, const Frame &frame)
{
    Box box;
    uint64_t extent[kMaxFrameRank];
    if (!extents_in(view, frame, extent)) {
        for (uint32_t i = 0; i + 1 < frame.rank; i++)
            extent[i] = 1;
        extent[frame.rank - 1] = view.span;
    }
    uint64_t rest = view.offset;
    for (uint32_t i = 0; i < frame.rank; i++) {
        box.low[i] = rest / frame.stride[i];
        rest %= frame.stride[i];
    }
    // A coordinate that passes its parent's stride wraps into the next row: widen to whole rows. Blocks of whole rows,
    // the usual case, lose nothing by that.
    for (uint32_t i = frame.rank - 1; i > 0; i--) {
        const uint64_t limit = frame.stride[i - 1] / frame.stride[i];
        const uint64_t end = box.low[i] + extent[i];
        if (end <= limit)
            continue;
        extent[i - 1] += (end - 1) / limit;
        box.low[i] = 0;
        extent[i] = limit;
    }
    for (uint32_t i = 0; i < frame.rank; i++)
        box.high[i] = box.low[i] + extent[i];
    return box;
}

ByteView view_of(const Box &box, const Frame &frame)
{
    ByteView view{0, 1, 0, {}};
    for (uint32_t i = 0; i < frame.rank; i++) {
        const uint64_t count = box.high[i] - box.low[i];
        view.offset += box.low[i] * frame.stride[i];
        view.span += (count - 1) * frame.stride[i];
        if (count > 1 || i + 1 == frame.rank)
            view.dim[view.rank++] = {count, frame.stride[i]};
    }
    return view;
}

} // namespace pto::inline PTO_ARCH::engine
