// SPDX-License-Identifier: Apache-2.0
// out = src element by element, in the order of the indices of each, by their own strides: any rank, any dtype. An
// empty view copies nothing.
#include <cstdint>
#include <cstring>
#include <pto/pto-inst.hpp>

#include "tensor.h"

namespace {

struct Walker {
    explicit Walker(const ChipTensor *t) : tensor(t), size(get_element_size(t->dtype)) {}

    unsigned char *element() const
    {
        uint64_t at = tensor->start_offset;
        for (uint32_t d = 0; d < tensor->ndims; d++)
            at += static_cast<uint64_t>(index[d]) * tensor->strides[d];
        return reinterpret_cast<unsigned char *>(tensor->buffer.addr) + at * size;
    }
    void next()
    {
        for (uint32_t d = tensor->ndims; d-- > 0;) {
            if (++index[d] < tensor->shapes[d])
                return;
            index[d] = 0;
        }
    }

    const ChipTensor *tensor;
    uint64_t size;
    uint32_t index[MAX_TENSOR_DIMS] = {};
};

} // namespace

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args)
{
    Walker src(reinterpret_cast<__gm__ ChipTensor *>(args[0]));
    Walker out(reinterpret_cast<__gm__ ChipTensor *>(args[1]));
    uint64_t count = 1;
    for (uint32_t d = 0; d < src.tensor->ndims; d++)
        count *= src.tensor->shapes[d];
    for (; count > 0; count--, src.next(), out.next())
        std::memcpy(out.element(), src.element(), src.size);
}
