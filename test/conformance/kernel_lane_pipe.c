/* SPDX-License-Identifier: Apache-2.0 */
/* One core's part of a block of three that hand a number on through the memory of their cluster: the matrix core sends
 * it, both vector cores wait for it, all by spinning. Writes a lane_record to tensor 0, at record
 * (scalar 0 + block) * 3 + PTO_TEST_LANE. Scalar 1: rounds of work that take time afterwards. Each thread has a
 * megabyte of its own here, as in kernels that simulate a core's memory. */
#include "lane_record.h"
#include "pto/kernel.h"
#include "sim_hooks.h"

#include <sys/syscall.h>
#include <unistd.h>

#ifdef __cplusplus
#define LOCAL         inline thread_local
#define LOCAL_ALIGNED alignas(LANE_LOCAL_ALIGN)
#else
#define LOCAL         static __thread
#define LOCAL_ALIGNED __attribute__((aligned(LANE_LOCAL_ALIGN)))
#endif

struct core_memory {
    LOCAL_ALIGNED int64_t visits;
    unsigned char bytes[(1u << 20) - LANE_LOCAL_ALIGN];
};

LOCAL struct core_memory core_memory;

struct pipe_state {
    uint32_t arrived;
    int64_t tile;
};

/* All three come, then all three go on. Blocks of one cluster come one after the other. */
static void meet(struct pipe_state *state)
{
    const uint32_t ticket = __atomic_fetch_add(&state->arrived, 1, __ATOMIC_ACQ_REL);
    const uint32_t all = (ticket / 3 + 1) * 3;
    while ((int32_t)(__atomic_load_n(&state->arrived, __ATOMIC_ACQUIRE) - all) < 0)
        SPIN_PAUSE();
}

PTO_KERNEL(args)
{
    const subblock_hook subblock = find_subblock_hook();
    const state_hook shared = find_state_hook();
    const int32_t block = pto_kernel_local(args)->block_idx;
    const int64_t index = (args[1] + block) * 3 + PTO_TEST_LANE;
    struct lane_record *record = (struct lane_record *)pto_kernel_data(args, 0) + index;
    struct pipe_state *state =
        shared == NULL ? NULL : (struct pipe_state *)shared(LANE_STATE_KEY, sizeof(struct pipe_state));
    record->thread = (int64_t)syscall(SYS_gettid);
    record->block = block;
    record->state = (int64_t)(intptr_t)state;
    if (subblock == NULL || state == NULL)
        return;
    record->sub_block = subblock();
    record->global_block = pto_kernel_global(args)->sub_block_id;
    record->local = (int64_t)(intptr_t)&core_memory;
    record->visits = ++core_memory.visits;
    core_memory.bytes[0] = core_memory.bytes[sizeof core_memory.bytes - 1] = (unsigned char)block;
    meet(state);
    if (PTO_TEST_LANE == 0)
        state->tile = 1000 + args[1] + block;
    meet(state);
    record->tile = state->tile;
    for (int64_t i = 0; i < args[2]; i++)
        __asm__ volatile("");
    meet(state); /* nobody sends the next one before all have this one */
}
