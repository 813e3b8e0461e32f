// SPDX-License-Identifier: Apache-2.0
// What the loop of a core asks of the core that it runs on. In an image that the vendor's compiler has not made these
// functions are undefined: whoever loads it brings them.
#ifndef PTO_AICPU_CORE_INTRINSICS_H
#define PTO_AICPU_CORE_INTRINSICS_H

#include "pto/base.h"

#if defined(__CCE_AICORE__)
#include "aicpu/core/core_vendor.h"
#else

/// An entry of the image.
#define PTO_CORE_ENTRY PTO_EXTERN_C PTO_EXPORT

PTO_BEGIN_DECLS

/// Which block of the launch this is; a block is a cluster.
uint32_t pto_core_block_index(void);
/// Which vector core of its cluster: 0 or 1. On a matrix core 0.
uint32_t pto_core_sub_block(void);
/// The number by which control CPUs know its registers.
uint32_t pto_core_physical_id(void);
/// The command register.
uint32_t pto_core_read_command(void);
/// The condition register.
void pto_core_write_condition(uint32_t value);
/// Writes one line back.
void pto_core_clean_line(const void *address);
/// Forgets one line, so that the next read finds what others have written.
void pto_core_invalidate_line(const void *address);
/// Writes all lines back and forgets them: what a kernel has written is there for all, and the next one reads anew.
void pto_core_clean_all(void);
/// All pipes of the core have finished, and what they and the core itself have accessed is complete.
void pto_core_barrier(void);
/// No command: lets time pass. `round` counts the calls of one wait, from 0.
void pto_core_relax(uint32_t round);

PTO_END_DECLS

#endif

#endif
