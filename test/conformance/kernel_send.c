/* SPDX-License-Identifier: Apache-2.0 */
/* Fills this rank's part of another rank's window, then counts that one's flag up. Scalars: address of the rank's view
 * of the communicator, the other rank, value, microseconds to wait before. */
#include "comm_window.h"
#include "pauses.h"
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    const pto_comm_context *comm = (const pto_comm_context *)(uintptr_t)args[1];
    const uint32_t other = (uint32_t)args[2];
    int32_t *part = window_part(comm, other, comm->rank, 0);
    uint32_t i;
    pause_us((unsigned)args[4]);
    for (i = 0; i < WINDOW_COUNT; i++)
        part[i] = (int32_t)args[3];
    __atomic_fetch_add(window_flag(comm, other, comm->rank), 1, __ATOMIC_RELEASE);
}
