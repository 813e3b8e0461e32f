// SPDX-License-Identifier: Apache-2.0
// What a control CPU does that no language has words for: caches, order of accesses, time. On another machine than
// aarch64, where tests run it, memory is coherent and the rest has its nearest equivalent.
#ifndef PTO_AICPU_LINUX_PROCESSOR_H
#define PTO_AICPU_LINUX_PROCESSOR_H

#include "aicpu/linux/linux_calls.h"

namespace pto::processor {

inline constexpr uint64_t kLineBytes = 64;

/// A waiting thread does nothing for an instant.
inline void pause()
{
#if defined(__aarch64__)
    __asm__ volatile("yield" ::: "memory");
#elif defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

/// All accesses of before are complete, for every observer.
inline void complete_accesses()
{
#if defined(__aarch64__)
    __asm__ volatile("dsb sy" ::: "memory");
#else
    __asm__ volatile("" ::: "memory");
#endif
}

/// What is executed from here on is fetched anew.
inline void refetch()
{
#if defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#endif
}

/// Writes lines back and forgets them. There is one instruction for cleaning and for invalidating, because to forget
/// without writing back is not for user code.
inline void flush_lines([[maybe_unused]] const void *address, [[maybe_unused]] uint64_t size_bytes)
{
#if defined(__aarch64__)
    const uint64_t end = reinterpret_cast<uint64_t>(address) + size_bytes;
    __asm__ volatile("dmb sy" ::: "memory");
    for (uint64_t line = reinterpret_cast<uint64_t>(address) & ~(kLineBytes - 1); line < end; line += kLineBytes)
        __asm__ volatile("dc civac, %0" ::"r"(line) : "memory");
#endif
    complete_accesses();
    refetch();
}

/// Code that was written there may be fetched, by every CPU.
inline void publish_code([[maybe_unused]] const void *address, [[maybe_unused]] uint64_t size_bytes)
{
#if defined(__aarch64__)
    uint64_t sizes = 0;
    __asm__ volatile("mrs %0, ctr_el0" : "=r"(sizes));
    const uint64_t data_line = uint64_t{4} << (sizes >> 16 & 15), code_line = uint64_t{4} << (sizes & 15);
    const uint64_t begin = reinterpret_cast<uint64_t>(address), end = begin + size_bytes;
    for (uint64_t line = begin & ~(data_line - 1); line < end; line += data_line)
        __asm__ volatile("dc cvau, %0" ::"r"(line) : "memory");
    __asm__ volatile("dsb ish" ::: "memory");
    for (uint64_t line = begin & ~(code_line - 1); line < end; line += code_line)
        __asm__ volatile("ic ivau, %0" ::"r"(line) : "memory");
    __asm__ volatile("dsb ish" ::: "memory");
#endif
    refetch();
}

/// Reads a register in one access, before whatever follows is read.
inline uint32_t read_register(const volatile uint32_t *cell)
{
#if defined(__aarch64__)
    const uint32_t value = __atomic_load_n(cell, __ATOMIC_RELAXED);
    __asm__ volatile("dmb ld" ::: "memory");
    return value;
#else
    return __atomic_load_n(cell, __ATOMIC_ACQUIRE);
#endif
}

/// Writes a register in one access, after whatever was written before.
inline void write_register(volatile uint32_t *cell, uint32_t value)
{
#if defined(__aarch64__)
    __asm__ volatile("dmb sy" ::: "memory");
    __atomic_store_n(cell, value, __ATOMIC_RELAXED);
#else
    __atomic_store_n(cell, value, __ATOMIC_RELEASE);
#endif
}

/// Time in ns since any moment, the same on all CPUs.
inline uint64_t now_ns()
{
#if defined(__aarch64__)
    uint64_t ticks = 0, hz = 0;
    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(hz));
    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks)::"memory");
    if (hz == 0)
        return linux_calls::monotonic_ns();
    return ticks / hz * 1'000'000'000 + ticks % hz * 1'000'000'000 / hz;
#else
    return linux_calls::monotonic_ns();
#endif
}

} // namespace pto::processor

#endif
