// SPDX-License-Identifier: Apache-2.0
/** @file cache_maintenance.h
 *  Data caches of the control CPU: the simulated chip's are coherent. */
#ifndef PTO_COMPAT_CACHE_MAINTENANCE_H
#define PTO_COMPAT_CACHE_MAINTENANCE_H

#include <cstddef>

/** Makes later reads see what others have written. */
static inline void cache_invalidate_range(const void *, size_t)
{
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
}

/** Makes others see what has been written. */
static inline void cache_flush_range(const void *, size_t)
{
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

#endif
