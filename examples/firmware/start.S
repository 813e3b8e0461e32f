/* SPDX-License-Identifier: Apache-2.0 */
/* Where each CPU begins: to EL1, floating point, exceptions, stack, page tables and caches, then C. Until the MMU is on
 * the secondary CPUs touch no memory, for what they would see of it is not what CPU 0 has in its cache. */
#include "board.h"
#include "page_tables.h"

    .section .text.start, "ax"

/* CPU 0. Which exception level it comes up in depends on what boots it. */
    .globl _start
_start:
    mov     x19, #0
    b       to_el1

/* All others, through PSCI: x0 is their number. */
    .globl start_secondary
start_secondary:
    mov     x19, x0

to_el1:
    msr     daifset, #15
    mov     x20, #0
    mrs     x0, CurrentEL
    cmp     x0, #(2 << 2)
    b.ne    at_el1
    mov     x20, #1                     /* There is a level above: PSCI is behind SMC, not HVC. */
    mov     x0, #(1 << 31)              /* HCR_EL2.RW: EL1 is AArch64, and nothing of it traps. */
    msr     hcr_el2, x0
    mov     x0, #3                      /* CNTHCTL_EL2: EL1 may use the timers. */
    msr     cnthctl_el2, x0
    msr     cntvoff_el2, xzr
    mov     x0, #0x33ff                 /* CPTR_EL2: no trap of floating point. */
    msr     cptr_el2, x0
    msr     hstr_el2, xzr
    mrs     x0, midr_el1
    msr     vpidr_el2, x0
    mrs     x0, mpidr_el1
    msr     vmpidr_el2, x0
    ldr     x0, =SCTLR_RESET
    msr     sctlr_el1, x0
    mov     x0, #0x3c5                  /* EL1 with its own stack pointer, everything masked. */
    msr     spsr_el2, x0
    adr     x0, at_el1
    msr     elr_el2, x0
    eret

at_el1:
    mov     x0, #(3 << 20)              /* CPACR_EL1.FPEN: floating point and SIMD do not trap. */
    msr     cpacr_el1, x0
    adrp    x0, vectors
    add     x0, x0, :lo12:vectors
    msr     vbar_el1, x0
    msr     tpidr_el0, xzr              /* No probe under way: vectors.S. */
    msr     tpidr_el1, x19              /* The CPU's number: cpu_number(). */

    /* Exceptions have a stack of their own, so that one about the stack can be reported: C runs on SP_EL0. */
    adrp    x0, exception_stacks
    add     x0, x0, :lo12:exception_stacks
    add     x1, x19, #1
    mov     x2, #BOARD_EXCEPTION_BYTES
    madd    x0, x1, x2, x0
    msr     spsel, #1
    mov     sp, x0
    msr     spsel, #0
    adrp    x0, stacks
    add     x0, x0, :lo12:stacks
    mov     x2, #(BOARD_STACK_BYTES + BOARD_PAGE)
    madd    x0, x1, x2, x0
    mov     sp, x0
    isb
    cbnz    x19, mmu_on

    adrp    x0, bss_begin
    add     x0, x0, :lo12:bss_begin
    adrp    x1, bss_end
    add     x1, x1, :lo12:bss_end
zero:
    stp     xzr, xzr, [x0], #16
    cmp     x0, x1
    b.lo    zero
    adrp    x0, psci_uses_smc
    str     w20, [x0, :lo12:psci_uses_smc]
    bl      mmu_make_tables

mmu_on:
    ldr     x0, =MAIR_VALUE
    msr     mair_el1, x0
    ldr     x0, =TCR_VALUE
    msr     tcr_el1, x0
    adrp    x0, page_tables
    add     x0, x0, :lo12:page_tables
    msr     ttbr0_el1, x0
    dsb     ish
    tlbi    vmalle1
    ic      iallu
    dsb     ish
    isb
    ldr     x0, =SCTLR_VALUE
    msr     sctlr_el1, x0
    isb

    mov     x29, #0
    mov     x30, #0
    mov     x0, x19
    cbnz    x19, 1f
    bl      main
1:  bl      cpu_main
2:  wfi
    b       2b

    .section .stacks, "aw", %nobits
    .balign BOARD_PAGE
    .globl  stacks
stacks:
    .space  BOARD_CPUS * (BOARD_STACK_BYTES + BOARD_PAGE)

    .section .exception_stacks, "aw", %nobits
    .balign BOARD_PAGE
    .globl  exception_stacks
exception_stacks:
    .space  BOARD_CPUS * BOARD_EXCEPTION_BYTES
