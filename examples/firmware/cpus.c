/* SPDX-License-Identifier: Apache-2.0 */
/* CPUs other than 0: each is started once and does one thing. */
#include "board.h"

static struct cpu {
    void (*work)(uint32_t argument);
    uint32_t argument;
    uint32_t done;
} cpus[BOARD_CPUS];

void cpu_main(uint32_t cpu);

uint32_t cpu_number(void)
{
    uint64_t number;
    __asm__("mrs %0, tpidr_el1" : "=r"(number));
    return (uint32_t)number;
}

int64_t cpu_start(uint32_t cpu, void (*work)(uint32_t argument), uint32_t argument)
{
    cpus[cpu].work = work;
    cpus[cpu].argument = argument;
    /* The CPU reads them with its caches on, and is not there yet: PSCI is called after the writes. */
    __asm__ volatile("dsb sy" : : : "memory");
    return psci_start_cpu(cpu);
}

int cpu_is_done(uint32_t cpu)
{
    return __atomic_load_n(&cpus[cpu].done, __ATOMIC_ACQUIRE) != 0;
}

/* ---- stacks ---- */

#define PAINT UINT64_C(0xa5a5a5a5a5a5a5a5)

/* Each CPU's stack, above its guard page; words that were never written still have the paint. */
extern uint64_t stacks[BOARD_CPUS][(BOARD_PAGE + BOARD_STACK_BYTES) / sizeof(uint64_t)];

/* On this processor nothing of a function that calls no other lies below its frame. */
__attribute__((noinline)) void stack_paint(void)
{
    const uint64_t *end = (const uint64_t *)__builtin_frame_address(0);
    uint64_t number;
    __asm__("mrs %0, tpidr_el1" : "=r"(number));
    for (volatile uint64_t *at = stacks[number] + BOARD_PAGE / sizeof(uint64_t); at < end; at++)
        *at = PAINT;
}

uint32_t stack_used(uint32_t cpu)
{
    const uint64_t *const begin = stacks[cpu] + BOARD_PAGE / sizeof(uint64_t);
    uint32_t words = 0;
    while (words < BOARD_STACK_BYTES / sizeof(uint64_t) && begin[words] == PAINT)
        words++;
    return BOARD_STACK_BYTES - words * (uint32_t)sizeof(uint64_t);
}

/* From start.S. */
void cpu_main(uint32_t cpu)
{
    stack_paint();
    idle_start_cpu();
    cpus[cpu].work(cpus[cpu].argument);
    __atomic_store_n(&cpus[cpu].done, 1, __ATOMIC_RELEASE);
    idle_wake(IDLE_CONTROL_CPUS);
}
