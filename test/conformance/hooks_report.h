/* SPDX-License-Identifier: Apache-2.0 */
/* What kernel_hooks writes down; kernel and tests agree on it. */
#ifndef PTO_TEST_CONFORMANCE_HOOKS_REPORT_H
#define PTO_TEST_CONFORMANCE_HOOKS_REPORT_H

enum hooks_report {
    REPORT_FOUND,
    REPORT_FIRST,  /* Address of the first call's memory, */
    REPORT_SECOND, /* and of the second one's. */
    REPORT_COUNT,  /* First byte, which every call counts up. */
    REPORT_REST,   /* Sum of the other bytes. */
    REPORT_SUB_BLOCK,
    REPORT_AGAIN, /* As REPORT_FIRST, at the end. */
    REPORT_THREAD_SUB_BLOCK,
    REPORT_THREAD_STATE, /* On a thread that the kernel has started. */
    REPORT_WORDS
};

#endif
