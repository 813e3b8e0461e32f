// SPDX-License-Identifier: Apache-2.0
// x = x * a + b by a source that uses all of pto-isa's names, and has names of its own that headers might have.
#include <cstdint>
#include <pto/pto-inst.hpp>
using namespace pto;
#include "tensor.h"

namespace compat {

struct Status {
    Shape shape;
};

static int current()
{
    return 1;
}

} // namespace compat

static int refuse(int value)
{
    return value * compat::current();
}

extern "C" __aicore__ __attribute__((used)) void kernel_entry(__gm__ int64_t *args)
{
    const __gm__ ChipTensor *x = reinterpret_cast<__gm__ ChipTensor *>(args[0]);
    __gm__ int32_t *data = reinterpret_cast<__gm__ int32_t *>(x->buffer.addr) + x->start_offset;
    const compat::Status status = {{1, static_cast<int>(x->shapes[0])}};
    for (int i = 0; i < status.shape.cols; i++)
        data[i] = refuse(data[i]) * static_cast<int32_t>(args[1]) + static_cast<int32_t>(args[2]);
}
