/* SPDX-License-Identifier: Apache-2.0 */
/* The generic timer's counter, the clock of all CPUs. */
#include "board.h"

uint64_t timer_now(void)
{
    uint64_t now, second;
    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(now) : : "memory");
    __asm__("mrs %0, cntfrq_el0" : "=r"(second));
    return now / second * 1000000000u + now % second * 1000000000u / second;
}
