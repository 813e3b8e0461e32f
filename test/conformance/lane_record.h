/* SPDX-License-Identifier: Apache-2.0 */
/* What one core's part of a block writes down of itself; kernels and tests agree on it. */
#ifndef PTO_TEST_CONFORMANCE_LANE_RECORD_H
#define PTO_TEST_CONFORMANCE_LANE_RECORD_H

#include <stdint.h>

struct lane_record {
    int64_t thread;       /* Its number in the system. */
    int64_t sub_block;    /* As the hook says. */
    int64_t global_block; /* As the core's context says. */
    int64_t state;        /* Address of the memory that the cluster shares. */
    int64_t local;        /* Address of the thread's own state in this kernel. */
    int64_t tile;         /* What came over from the matrix core. */
    int64_t visits;       /* Times that this thread has run this kernel. */
    int64_t block;
};

#define LANE_RECORD_WORDS 8
#define LANE_STATE_KEY    0x70697065u
#define LANE_LOCAL_ALIGN  4096u

#endif
