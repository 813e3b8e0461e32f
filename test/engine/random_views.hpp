// SPDX-License-Identifier: Apache-2.0
// Random tensors in one small buffer, and the sets of bytes that they stand for.
#ifndef PTO_TEST_ENGINE_RANDOM_VIEWS_HPP
#define PTO_TEST_ENGINE_RANDOM_VIEWS_HPP

#include "engine_test.hpp"

#include "engine/box.h"

namespace pto::test {

inline constexpr uint32_t kBufferBytes = 2048;
using Bytes = std::bitset<kBufferBytes>;

/// The bytes of the elements; false in `disjoint` when two share one, in `inside` when one is not in the buffer.
inline Bytes bytes_of(const pto_tensor &tensor, bool *disjoint, bool *inside)
{
    Bytes bytes;
    *disjoint = *inside = true;
    const uint32_t size = pto_dtype_size(tensor.dtype);
    for (uint64_t i = 0; i < pto_tensor_count(&tensor); i++) {
        uint64_t rest = i;
        uint64_t element = tensor.start_offset;
        for (uint32_t d = tensor.ndims; d-- > 0; rest /= tensor.shape[d])
            element += rest % tensor.shape[d] * tensor.strides[d];
        for (uint64_t byte = element * size; byte < (element + 1) * size; byte++) {
            if (byte >= tensor.size_bytes) {
                *inside = false;
                return bytes;
            }
            *disjoint = *disjoint && !bytes[byte];
            bytes[byte] = true;
        }
    }
    return bytes;
}

/// The bytes of a tensor that is known to be sound.
inline Bytes bytes_of(const pto_tensor &tensor)
{
    bool disjoint;
    bool inside;
    const Bytes bytes = bytes_of(tensor, &disjoint, &inside);
    assert_true(disjoint && inside);
    return bytes;
}

inline pto_dtype random_dtype(Random &random)
{
    static constexpr pto_dtype kDtypes[] = {PTO_INT8, PTO_INT16, PTO_FLOAT32, PTO_INT64};
    return kDtypes[random.below(4)];
}

/// A view as slicing and transposing a matrix of rank 1..4 in a buffer of kBufferBytes gives it.
inline pto_tensor random_view(Random &random)
{
    pto_tensor tensor = plain(random_dtype(random), {1});
    tensor.ndims = random.between(1, 4);
    tensor.size_bytes = kBufferBytes;
    const uint32_t elements = kBufferBytes / pto_dtype_size(tensor.dtype);
    uint32_t stride = 1;
    for (uint32_t i = tensor.ndims; i-- > 0;) {
        const uint32_t most = std::min(elements / stride, i == 0 ? elements : 16u);
        const uint32_t extent = random.between(1, most);
        const uint32_t begin = random.below32(extent);
        const uint32_t end = random.between(begin + 1, extent);
        const uint32_t step = random.one_in(2) ? 1 : random.between(1, 3);
        tensor.start_offset += uint64_t{begin} * stride;
        tensor.shape[i] = (end - begin - 1) / step + 1;
        tensor.strides[i] = stride * step;
        stride *= extent;
    }
    if (random.one_in(3)) {
        const uint32_t a = random.below32(tensor.ndims);
        const uint32_t b = random.below32(tensor.ndims);
        std::swap(tensor.shape[a], tensor.shape[b]);
        std::swap(tensor.strides[a], tensor.strides[b]);
    }
    return tensor;
}

/// A box of elements of a tensor.
inline pto_tensor random_tile(const pto_tensor &matrix, Random &random)
{
    pto_tensor tile = matrix;
    for (uint32_t i = 0; i < matrix.ndims; i++) {
        const uint32_t begin = random.below32(matrix.shape[i]);
        tile.shape[i] = random.between(1, matrix.shape[i] - begin);
        tile.start_offset += uint64_t{begin} * matrix.strides[i];
    }
    return tile;
}

} // namespace pto::test

#endif
