/* SPDX-License-Identifier: Apache-2.0 */
/* The generic timer. Its counter is the clock of all CPUs; its event stream wakes them from WFE, so that a CPU that
 * waits for memory to change looks again from time to time, whoever changes it. */
#include "board.h"

#define EVENT_BIT 11u /* The event comes when this bit of the counter rises: every 4096 ticks. */

static inline uint64_t ticks(void)
{
    uint64_t value;
    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(value) : : "memory");
    return value;
}

static inline uint64_t ticks_per_second(void)
{
    uint64_t value;
    __asm__("mrs %0, cntfrq_el0" : "=r"(value));
    return value;
}

void timer_start_cpu(void)
{
    const uint64_t control = EVENT_BIT << 4 | 1u << 2; /* CNTKCTL_EL1: EVNTI, EVNTEN. */
    __asm__ volatile("msr cntkctl_el1, %0\n\tisb" : : "r"(control) : "memory");
}

uint64_t timer_now(void)
{
    const uint64_t now = ticks();
    const uint64_t second = ticks_per_second();
    return now / second * 1000000000u + now % second * 1000000000u / second;
}

void timer_idle(uint32_t round)
{
    (void)round;
    __asm__ volatile("wfe" : : : "memory");
}

void timer_wake(void)
{
    __asm__ volatile("dsb ishst\n\tsev" : : : "memory");
}
