// SPDX-License-Identifier: Apache-2.0
// Returns at once; its task is complete when counters are there: `count` of them per block, in tensor 1, each of which
// has to reach `expected`. The first of a block by the arguments of the kernel, the others by its context. Scalars:
// count, expected, and bytes that are added to each address.
#include <cstdint>
#include <pto/pto-inst.hpp>

#include "intrinsic.h"
#include "pto_async_kernel_api.h"
#include "tensor.h"

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args)
{
    __gm__ ChipTensor *counters = reinterpret_cast<__gm__ ChipTensor *>(args[1]);
    const int32_t count = static_cast<int32_t>(args[2]);
    __gm__ uint8_t *first = reinterpret_cast<__gm__ uint8_t *>(counters->buffer.addr) +
                            4 * (counters->start_offset + static_cast<uint64_t>(get_block_idx(args) * count)) + args[4];
    const AsyncCtx context = get_async_ctx(args);
    for (int32_t i = 0; i < count; i++) {
        if (i == 0)
            save_expected_notification_counter(args, first, static_cast<uint32_t>(args[3]));
        else
            register_counter(context, first + 4 * i, static_cast<uint32_t>(args[3]));
    }
}
