/* SPDX-License-Identifier: Apache-2.0 */
/* PSCI: the machine's own firmware starts CPUs and switches the power off. */
#include "board.h"

#define PSCI_SYSTEM_OFF 0x84000008u
#define PSCI_CPU_ON     0xc4000003u

/* From start.S: set when something runs at EL2, which would take an HVC for itself. */
uint32_t psci_uses_smc;

void start_secondary(void);

static int64_t psci(uint64_t function, uint64_t first, uint64_t second, uint64_t third)
{
    register uint64_t x0 __asm__("x0") = function;
    register uint64_t x1 __asm__("x1") = first;
    register uint64_t x2 __asm__("x2") = second;
    register uint64_t x3 __asm__("x3") = third;
    if (psci_uses_smc)
        __asm__ volatile("smc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : "memory");
    else
        __asm__ volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : "memory");
    return (int64_t)x0;
}

int64_t psci_start_cpu(uint32_t cpu)
{
    /* On this machine the affinity of a CPU is its number. */
    return psci(PSCI_CPU_ON, cpu, (uint64_t)(uintptr_t)&start_secondary, cpu);
}

void psci_power_off(void)
{
    (void)psci(PSCI_SYSTEM_OFF, 0, 0, 0);
    for (;;)
        __asm__ volatile("wfi");
}
