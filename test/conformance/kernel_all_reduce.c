/* SPDX-License-Identifier: Apache-2.0 */
/* Puts int32 tensor 0 into the windows of all ranks, waits until all have, and writes the sum to tensor 1. Scalars:
 * address of the rank's view of the communicator, number of the round, from 1. */
#include "comm_window.h"
#include "pauses.h"
#include "pto/kernel.h"

#ifdef PTO_TEST_THREAD_SANITIZER
#define PEER_PAUSE() pause_us(10)
#else
#define PEER_PAUSE() pause_briefly()
#endif

PTO_KERNEL(args)
{
    const int32_t *own = (const int32_t *)pto_kernel_data(args, 0);
    int32_t *sum = (int32_t *)pto_kernel_data(args, 1);
    const pto_comm_context *comm = (const pto_comm_context *)(uintptr_t)args[2];
    const uint32_t round = (uint32_t)args[3];
    uint32_t rank;
    uint32_t i;
    for (rank = 0; rank < comm->rank_count; rank++) {
        int32_t *part = window_part(comm, rank, comm->rank, round);
        for (i = 0; i < WINDOW_COUNT; i++)
            part[i] = own[i];
        __atomic_store_n(window_flag(comm, rank, comm->rank), round, __ATOMIC_RELEASE);
    }
    for (i = 0; i < WINDOW_COUNT; i++)
        sum[i] = 0;
    for (rank = 0; rank < comm->rank_count; rank++) {
        const int32_t *part = window_part(comm, comm->rank, rank, round);
        while (__atomic_load_n(window_flag(comm, comm->rank, rank), __ATOMIC_ACQUIRE) < round)
            PEER_PAUSE();
        for (i = 0; i < WINDOW_COUNT; i++)
            sum[i] += part[i];
    }
}
