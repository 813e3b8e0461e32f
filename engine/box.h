// SPDX-License-Identifier: Apache-2.0
// Which bytes of a buffer a tensor view covers, in a form in which "do they overlap" is a few comparisons.
//
// A buffer has one *frame*: a chain of byte strides, each a multiple of the next, the last one 1. A view whose strides
// are in the frame is a box of coordinates and is compared exactly: tiles of one matrix do not overlap although their
// address ranges interleave. A frame is refined when a view brings new strides that fit the chain. A view that cannot
// be expressed is widened to the smallest box that holds it, which can only add dependencies.
#ifndef PTO_ENGINE_BOX_H
#define PTO_ENGINE_BOX_H

#include "engine/base/hot.h"
#include "engine/task.h"

namespace pto::inline PTO_ARCH::engine {

inline constexpr uint32_t kMaxFrameRank = 5;

/// Half-open intervals of frame coordinates, outermost first.
struct Box {
    uint64_t low[kMaxFrameRank];
    uint64_t high[kMaxFrameRank];
};

struct Frame {
    uint32_t rank;
    uint64_t stride[kMaxFrameRank]; ///< Bytes, outermost first; stride[rank-1] == 1.
};

inline constexpr Frame kByteFrame{1, {1}};

/// The bytes of a view: `count` steps of `stride` bytes in each dimension, strides falling, the last one 1; dimensions
/// that continue each other are joined.
struct ByteView {
    struct Dim {
        uint64_t count;
        uint64_t stride;
    };
    uint64_t offset; ///< First byte, relative to the buffer.
    uint64_t span;   ///< Bytes from the first to the last, inclusive.
    uint32_t rank;
    Dim dim[PTO_MAX_RANK + 1];
};

/// What makes a descriptor unusable.
enum class ViewDefect { kSound, kRank, kDtype, kShape, kStride, kOverlap, kBounds };

/// The slow way of read_view.
ViewDefect read_strided_view(const pto_tensor &tensor, ByteView *out);

/// Reads a descriptor, trusting none of its derived fields. `offset` in the result is relative to `tensor.addr`.
/// kOverlap: two elements share bytes; kBounds: the view leaves the buffer's `size_bytes`.
PTO_HOT ViewDefect read_view(const pto_tensor &tensor, ByteView *out)
{
    const uint64_t element = pto_dtype_size(tensor.dtype);
    if (tensor.ndims - 1 >= PTO_MAX_RANK || element == 0)
        return read_strided_view(tensor, out);
    // Most tensors are row-major without gaps: one run of bytes. The products cannot overflow while each is the stride
    // of the next dimension, which has 32 bits.
    uint64_t count = 1;
    for (uint32_t i = tensor.ndims; i-- > 0;) {
        if (tensor.strides[i] != count || tensor.shape[i] == 0)
            return read_strided_view(tensor, out);
        count *= tensor.shape[i];
    }
    uint64_t end = 0;
    if (__builtin_add_overflow(tensor.start_offset, count, &end) || __builtin_mul_overflow(end, element, &end) ||
        end > tensor.size_bytes)
        return ViewDefect::kBounds;
    out->span = count * element;
    out->offset = end - out->span;
    out->rank = 1;
    out->dim[0] = {out->span, 1};
    return ViewDefect::kSound;
}

/// Extends the frame by the strides of a view. False, and unchanged, when they do not fit its chain.
bool refine_frame(Frame *frame, const ByteView &view);

/// The smallest box of the frame that holds the view.
Box box_of(const ByteView &view, const Frame &frame);

/// The bytes of a box, so that it can be expressed in another frame.
ByteView view_of(const Box &box, const Frame &frame);

inline bool overlap(const Box &a, const Box &b, uint32_t rank)
{
    for (uint32_t i = 0; i < rank; i++)
        if (a.low[i] >= b.high[i] || b.low[i] >= a.high[i])
            return false;
    return true;
}

inline bool contains(const Box &outer, const Box &inner, uint32_t rank)
{
    for (uint32_t i = 0; i < rank; i++)
        if (inner.low[i] < outer.low[i] || inner.high[i] > outer.high[i])
            return false;
    return true;
}

} // namespace pto::inline PTO_ARCH::engine

#endif
