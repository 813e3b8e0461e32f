/* SPDX-License-Identifier: Apache-2.0 */
/* How the kernels here use a window; kernels and tests agree on it. First a flag per rank, then what the ranks have put
 * there, twice: a rank may be one round ahead of another. */
#ifndef PTO_TEST_CONFORMANCE_COMM_WINDOW_H
#define PTO_TEST_CONFORMANCE_COMM_WINDOW_H

#include "pto/comm_context.h"

#define WINDOW_COUNT 256u /* Elements of one part. */
#define WINDOW_FLAGS 1024u
#define WINDOW_BYTES (WINDOW_FLAGS + 2u * PTO_COMM_MAX_RANKS * WINDOW_COUNT * 4u)

static inline uint32_t *window_flag(const pto_comm_context *comm, uint32_t of, uint32_t from)
{
    return (uint32_t *)(uintptr_t)comm->windows_in[of] + from;
}

static inline int32_t *window_part(const pto_comm_context *comm, uint32_t of, uint32_t from, uint64_t round)
{
    const uint64_t part = (round % 2) * PTO_COMM_MAX_RANKS + from;
    return (int32_t *)(uintptr_t)(comm->windows_in[of] + WINDOW_FLAGS + part * WINDOW_COUNT * 4u);
}

#endif
