// SPDX-License-Identifier: Apache-2.0
// The intrinsics of a core in the words of the vendor's compiler. An inference from public sources: no such compiler is
// where this is written, so that names, types and the attribute that functions of a core bear have to be confirmed by
// the first who has one. What is sure is the protocol: the core reads its command and writes its condition through
// special registers, in 32 bits.
#ifndef PTO_AICPU_CORE_VENDOR_H
#define PTO_AICPU_CORE_VENDOR_H

#include "pto/base.h"

/// An entry of the image.
#define PTO_CORE_ENTRY   PTO_EXTERN_C __global__ __aicore__
#define PTO_CORE_VENDOR_ __aicore__ inline

PTO_CORE_VENDOR_ uint32_t pto_core_block_index(void)
{
    return static_cast<uint32_t>(get_block_idx());
}

PTO_CORE_VENDOR_ uint32_t pto_core_sub_block(void)
{
    return static_cast<uint32_t>(get_subblockid());
}

/// The upper bits tell chips apart.
PTO_CORE_VENDOR_ uint32_t pto_core_physical_id(void)
{
    return static_cast<uint32_t>(get_coreid()) & 0xfff;
}

PTO_CORE_VENDOR_ uint32_t pto_core_read_command(void)
{
    uint64_t value;
    __asm__ volatile("MOV %0, DATA_MAIN_BASE\n" : "=l"(value));
    return static_cast<uint32_t>(value);
}

PTO_CORE_VENDOR_ void pto_core_write_condition(uint32_t value)
{
    set_cond(value);
}

PTO_CORE_VENDOR_ void pto_core_clean_line(const void *address)
{
    dcci((__gm__ uint64_t *)address, SINGLE_CACHE_LINE, CACHELINE_OUT);
}

PTO_CORE_VENDOR_ void pto_core_invalidate_line(const void *address)
{
    dcci((__gm__ uint64_t *)address, SINGLE_CACHE_LINE);
}

PTO_CORE_VENDOR_ void pto_core_clean_all(void)
{
    dcci((__gm__ uint64_t *)0, ENTIRE_DATA_CACHE, CACHELINE_OUT);
}

PTO_CORE_VENDOR_ void pto_core_barrier(void)
{
    pipe_barrier(PIPE_ALL);
    dsb((mem_dsb_t)0);
}

/// A core has nothing else to do.
PTO_CORE_VENDOR_ void pto_core_relax(uint32_t) {}

#endif
