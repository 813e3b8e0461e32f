// SPDX-License-Identifier: Apache-2.0
// out = the sum of x over all ranks, through windows that every chip sees. A window holds a count per rank, how many
// rounds that rank has published, and two buffers that rounds use in turn: when a rank has published round r, it has
// read all of round r - 2. Scalars: the communication context, the round.
#include <atomic>
#include <cstdint>
#include <pto/pto-inst.hpp>
#include <thread>

#include "platform_comm/comm_context.h"
#include "tensor.h"

using namespace pto;

static constexpr int kMost = 1024;

struct Window {
    uint32_t published[COMM_MAX_RANK_NUM];
    float buffer[2][kMost];
};

static __aicore__ __gm__ Window *window_of(__gm__ CommContext *context, uint32_t rank)
{
    return reinterpret_cast<__gm__ Window *>(context->windowsIn[rank]);
}

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args)
{
    __gm__ ChipTensor *x_tensor = reinterpret_cast<__gm__ ChipTensor *>(args[0]);
    __gm__ ChipTensor *out_tensor = reinterpret_cast<__gm__ ChipTensor *>(args[1]);
    __gm__ CommContext *context = reinterpret_cast<__gm__ CommContext *>(args[2]);
    const uint32_t round = static_cast<uint32_t>(args[3]);
    __gm__ float *x = reinterpret_cast<__gm__ float *>(x_tensor->buffer.addr) + x_tensor->start_offset;
    __gm__ float *out = reinterpret_cast<__gm__ float *>(out_tensor->buffer.addr) + out_tensor->start_offset;
    const int count = static_cast<int>(x_tensor->shapes[0]);
    const uint32_t mine = context->rankId, ranks = context->rankNum;

    Tile<TileType::Vec, float, 1, kMost> sum(1, count), part(1, count);
    TASSIGN(sum, 0x0);
    TASSIGN(part, 0x8000);
    TLOAD(part, GlobalTensor<float>(x, {1, count}));
    GlobalTensor<float> own(window_of(context, mine)->buffer[round % 2], {1, count});
    TSTORE(own, part);
    for (uint32_t rank = 0; rank < ranks; rank++)
        std::atomic_ref<uint32_t>(window_of(context, rank)->published[mine])
            .store(round + 1, std::memory_order_release);

    TEXPANDS(sum, 0.0f);
    for (uint32_t rank = 0; rank < ranks; rank++) {
        std::atomic_ref<uint32_t> published(window_of(context, mine)->published[rank]);
        while (published.load(std::memory_order_acquire) < round + 1)
            std::this_thread::yield();
        TLOAD(part, GlobalTensor<float>(window_of(context, rank)->buffer[round % 2], {1, count}));
        TADD(sum, sum, part);
    }
    GlobalTensor<float> dst(out, {1, count});
    TSTORE(dst, sum);
}
