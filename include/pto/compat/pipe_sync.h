// SPDX-License-Identifier: Apache-2.0
/** @file pipe_sync.h
 *  Order between the pipes of a core. */
#ifndef PTO_COMPAT_PIPE_SYNC_H
#define PTO_COMPAT_PIPE_SYNC_H

/** What the core has read and written before is done before what it reads and writes next. */
static inline void pipe_sync()
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#endif
