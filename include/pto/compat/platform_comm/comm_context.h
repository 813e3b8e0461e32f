// SPDX-License-Identifier: Apache-2.0
/** @file comm_context.h
 *  `pto_comm_context` by the names that kernels of the dialect know. */
#ifndef PTO_COMPAT_PLATFORM_COMM_COMM_CONTEXT_H
#define PTO_COMPAT_PLATFORM_COMM_COMM_CONTEXT_H

#include "pto/comm_context.h"

/// Ranks of one communicator.
inline constexpr uint32_t COMM_MAX_RANK_NUM = PTO_COMM_MAX_RANKS;

/// One rank's view of a communicator, in its device memory: a `pto_comm_context`, field for field.
struct CommContext {
    uint64_t workSpace;
    uint64_t workSpaceSize;
    uint32_t rankId;
    uint32_t rankNum;
    uint64_t winSize;
    uint64_t windowsIn[COMM_MAX_RANK_NUM];
    uint64_t windowsOut[COMM_MAX_RANK_NUM];
};

static_assert(COMM_MAX_RANK_NUM == 64);
static_assert(sizeof(CommContext) == sizeof(pto_comm_context) && sizeof(CommContext) == 1056);
static_assert(offsetof(CommContext, workSpace) == 0 && offsetof(pto_comm_context, workspace) == 0);
static_assert(offsetof(CommContext, workSpaceSize) == 8 && offsetof(pto_comm_context, workspace_bytes) == 8);
static_assert(offsetof(CommContext, rankId) == 16 && offsetof(pto_comm_context, rank) == 16);
static_assert(offsetof(CommContext, rankNum) == 20 && offsetof(pto_comm_context, rank_count) == 20);
static_assert(offsetof(CommContext, winSize) == 24 && offsetof(pto_comm_context, window_bytes) == 24);
static_assert(offsetof(CommContext, windowsIn) == 32 && offsetof(pto_comm_context, windows_in) == 32);
static_assert(offsetof(CommContext, windowsOut) == 544 && offsetof(pto_comm_context, windows_out) == 544);

#endif
