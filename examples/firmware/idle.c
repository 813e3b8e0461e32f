/* SPDX-License-Identifier: Apache-2.0 */
/* Letting time pass. A CPU that finds nothing to do waits for an event at first (WFE): SEV of another CPU ends that, or
 * the timer's event stream. After some rounds it sleeps until an interrupt is pending (WFI), of its timer or of another
 * CPU. On most boards the first part is enough. Emulators, whose WFE returns at once, need the second. */
#include "board.h"

#define GIC_REGISTER(base, offset) (*(volatile uint32_t *)(uintptr_t)((base) + (offset)))
#define GICD_CTLR                  GIC_REGISTER(BOARD_GIC_DISTRIBUTOR, 0x000)
#define GICD_ISENABLER             GIC_REGISTER(BOARD_GIC_DISTRIBUTOR, 0x100) /* The CPU's own interrupts. */
#define GICD_SGIR                  GIC_REGISTER(BOARD_GIC_DISTRIBUTOR, 0xf00)
#define GICC_CTLR                  GIC_REGISTER(BOARD_GIC_INTERFACE, 0x00)
#define GICC_PMR                   GIC_REGISTER(BOARD_GIC_INTERFACE, 0x04)
#define GICC_IAR                   GIC_REGISTER(BOARD_GIC_INTERFACE, 0x0c)
#define GICC_EOIR                  GIC_REGISTER(BOARD_GIC_INTERFACE, 0x10)

#define WAKE_INTERRUPT 0u
#define NO_INTERRUPT   1020u
#define EVENT_BIT      11u /* The event stream: an event when this bit of the counter rises, every 4096 ticks. */
#define WFE_ROUNDS     20u
#define SLEEP_TICKS    UINT64_C(30000) /* At 62.5 MHz, half a millisecond. */

/* CPUs that may be in WFI, one bit each. Who sleeps sets its bit, who wakes others reads it after its own writes. A
 * write that falls between the sleeper's last look and its bit is found when the timer ends the sleep. */
static uint32_t sleepers;

void idle_start_cpu(void)
{
    const uint64_t control = EVENT_BIT << 4 | 1u << 2; /* CNTKCTL_EL1: EVNTI, EVNTEN. */
    __asm__ volatile("msr cntkctl_el1, %0\n\tisb" : : "r"(control) : "memory");
    GICD_CTLR = 1;
    GICD_ISENABLER = 1u << BOARD_TIMER_INTERRUPT | 1u << WAKE_INTERRUPT;
    GICC_PMR = 0xff;
    GICC_CTLR = 1;
}

static void set_timer(uint64_t ticks, uint64_t control)
{
    __asm__ volatile("msr cntv_tval_el0, %0\n\tmsr cntv_ctl_el0, %1\n\tisb" : : "r"(ticks), "r"(control) : "memory");
}

/* Interrupts are masked: one that is pending ends WFI and is not taken. */
static void sleep(void)
{
    const uint32_t bit = 1u << cpu_number();
    (void)__atomic_fetch_or(&sleepers, bit, __ATOMIC_SEQ_CST);
    set_timer(SLEEP_TICKS, 1);
    __asm__ volatile("dsb sy\n\twfi" : : : "memory");
    set_timer(0, 2);
    (void)__atomic_fetch_and(&sleepers, ~bit, __ATOMIC_SEQ_CST);
    for (uint32_t interrupt = GICC_IAR; (interrupt & 1023) < NO_INTERRUPT; interrupt = GICC_IAR)
        GICC_EOIR = interrupt;
}

void idle_wait(uint32_t round)
{
    if (round < WFE_ROUNDS)
        __asm__ volatile("wfe" : : : "memory");
    else
        sleep();
}

void idle_wake(uint32_t cpus)
{
    __asm__ volatile("dsb sy\n\tsev" : : : "memory");
    const uint32_t asleep = __atomic_load_n(&sleepers, __ATOMIC_SEQ_CST) & cpus;
    if (asleep != 0)
        GICD_SGIR = asleep << 16 | WAKE_INTERRUPT;
}
