/* SPDX-License-Identifier: Apache-2.0 */
/* Caches by address. The CPUs of this board are coherent, those of a chip and its cores need not be: these are the
 * operations of the architecture, which reach memory. */
#include "board.h"

static inline uint64_t cache_type(void)
{
    uint64_t value;
    __asm__("mrs %0, ctr_el0" : "=r"(value));
    return value;
}

static inline uintptr_t data_line(void)
{
    return (uintptr_t)4 << (cache_type() >> 16 & 15);
}

static inline uintptr_t instruction_line(void)
{
    return (uintptr_t)4 << (cache_type() & 15);
}

void cache_clean(const void *address, size_t size_bytes)
{
    const uintptr_t line = data_line();
    const uintptr_t end = (uintptr_t)address + size_bytes;
    for (uintptr_t at = (uintptr_t)address & ~(line - 1); at < end; at += line)
        __asm__ volatile("dc cvac, %0" : : "r"(at) : "memory");
    __asm__ volatile("dsb sy" : : : "memory");
}

/* Cleans as well: what else lies in the first and the last line stays. */
void cache_invalidate(const void *address, size_t size_bytes)
{
    const uintptr_t line = data_line();
    const uintptr_t end = (uintptr_t)address + size_bytes;
    for (uintptr_t at = (uintptr_t)address & ~(line - 1); at < end; at += line)
        __asm__ volatile("dc civac, %0" : : "r"(at) : "memory");
    __asm__ volatile("dsb sy" : : : "memory");
}

/* A CPU that runs the code for the first time needs an ISB of its own before: core_port.c and cpus.c have it. */
void cache_publish_code(const void *address, size_t size_bytes)
{
    const uintptr_t data = data_line(), instruction = instruction_line();
    const uintptr_t begin = (uintptr_t)address, end = begin + size_bytes;
    for (uintptr_t at = begin & ~(data - 1); at < end; at += data)
        __asm__ volatile("dc cvau, %0" : : "r"(at) : "memory");
    __asm__ volatile("dsb ish" : : : "memory");
    for (uintptr_t at = begin & ~(instruction - 1); at < end; at += instruction)
        __asm__ volatile("ic ivau, %0" : : "r"(at) : "memory");
    __asm__ volatile("dsb ish\n\tisb" : : : "memory");
}
