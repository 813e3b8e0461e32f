/* SPDX-License-Identifier: Apache-2.0 */
/* The board: the machine `virt` of qemu-system-aarch64. C and assembler read this file. */
#ifndef BOARD_H
#define BOARD_H

/* Which CPU is what. CPU 0 orchestrates; the rest of the control CPUs serve; the others play the cores. */
#define BOARD_CONTROL_CPUS 2
#define BOARD_CLUSTERS     2
#define BOARD_CORES        (3 * BOARD_CLUSTERS)
#define BOARD_CPUS         (BOARD_CONTROL_CPUS + BOARD_CORES)

/* Physical addresses, which are the virtual ones too. */
#define BOARD_GIC_DISTRIBUTOR 0x08000000
#define BOARD_GIC_INTERFACE   0x08010000
#define BOARD_UART            0x09000000
#define BOARD_RAM             0x40000000
#define BOARD_RAM_BYTES       0x06000000 /* What the image maps of it. */
#define BOARD_BOOT_WORD       0x40100000 /* Whoever starts the machine may put a word here: see boot_mode below. */
#define BOARD_TIMER_INTERRUPT 27         /* Of the virtual timer: private to each CPU. */

#define BOARD_STACK_BYTES     16384 /* Of each CPU, a guard page below it. */
#define BOARD_EXCEPTION_BYTES 4096  /* Of each CPU, while it reports an exception. */
#define BOARD_PAGE            4096

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

/* What the boot word asks for: the mode in the low byte, a core's index in the next one. Zero runs the programs. */
enum boot_mode {
    BOOT_RUN = 0,
    BOOT_BRING_UP = 1,    /* Checks the board, step by step, without the executor. */
    BOOT_SILENT_CORE = 2, /* The core never starts. */
    BOOT_STALE_TOKEN = 3, /* The core answers its third kernel with what it answered to the one before. */
    BOOT_LOST_KERNEL = 4  /* The core begins its second kernel and never comes back. */
};
static inline uint32_t board_boot_mode(void)
{
    return *(const volatile uint32_t *)(uintptr_t)BOARD_BOOT_WORD & 0xff;
}
static inline uint32_t board_boot_core(void)
{
    return *(const volatile uint32_t *)(uintptr_t)BOARD_BOOT_WORD >> 8 & 0xff;
}

/* uart.c: the console. `print` knows %s %c %u %d %x (32 bits), %lu %lx (64 bits) and %%; one call is one piece. */
void uart_start(void);
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void print_bytes(const void *bytes, size_t count); /* In hexadecimal, 64 to a line. */

/* timer.c: time in ns. */
uint64_t timer_now(void);

/* idle.c: letting time pass. */
void idle_start_cpu(void);
void idle_wait(uint32_t round); /* Returns within a millisecond, earlier when somebody wakes this CPU. */
void idle_wake(uint32_t cpus);  /* A set of CPUs, one bit each, that have something to look at. */
#define IDLE_CONTROL_CPUS ((1u << BOARD_CONTROL_CPUS) - 1)
#define IDLE_ALL_CPUS     ((1u << BOARD_CPUS) - 1)

/* psci.c: the firmware below this one switches CPUs on and the machine off. */
int64_t psci_start_cpu(uint32_t cpu);
void psci_power_off(void) __attribute__((noreturn));

/* mmu.c: page tables, made once by CPU 0; start.S switches them on. */
enum page_use { PAGE_NONE, PAGE_READ_WRITE, PAGE_READ_ONLY, PAGE_EXECUTE };
void mmu_make_tables(void);
void mmu_set(uintptr_t address, size_t size_bytes, enum page_use use); /* Whole pages, with the tables in use. */

/* caches.c: by address, over any range. */
void cache_clean(const void *address, size_t size_bytes);
void cache_invalidate(const void *address, size_t size_bytes);
void cache_publish_code(const void *address, size_t size_bytes); /* All CPUs fetch what was written. */

/* vectors.S: 0 when it works, else what the processor says of the exception (ESR_EL1). */
uint64_t probe_read(uintptr_t address);
uint64_t probe_write(uintptr_t address);
uint64_t probe_call(uintptr_t address);

/* exceptions.c: ends it. */
void board_fail(const char *why) __attribute__((noreturn));

/* cpus.c */
uint32_t cpu_number(void);
/* Starts a CPU, which then calls `work(argument)` once. Returns 0, or what PSCI says. Only CPU 0 calls it. */
int64_t cpu_start(uint32_t cpu, void (*work)(uint32_t argument), uint32_t argument);
int cpu_is_done(uint32_t cpu); /* Whether `work` has returned. */
void stack_paint(void);        /* What follows is counted by: */
uint32_t stack_used(uint32_t cpu);

/* bring_up.c: 1 when all steps pass. */
int bring_up(void);

/* Memory that image.ld sets aside. */
extern uint8_t orch_memory[], orch_memory_end[], kernel_memory[], kernel_memory_end[];
extern uint8_t executor_memory[], executor_memory_end[], device_memory[], device_memory_end[];

#endif

#endif
