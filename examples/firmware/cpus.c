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

/* From start.S. */
void cpu_main(uint32_t cpu)
{
    idle_start_cpu();
    cpus[cpu].work(cpus[cpu].argument);
    __atomic_store_n(&cpus[cpu].done, 1, __ATOMIC_RELEASE);
    idle_wake(IDLE_CONTROL_CPUS);
}
