/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions. None is expected but those of a probe; every other one is reported and ends it. No interrupt is ever
 * taken: they are masked, and only wake CPUs from WFI. */
#include "board.h"

    .section .text.vectors, "ax"

    .macro  vector number
    .balign 128
    mov     x10, #\number
    b       taken
    .endm

    .balign 2048
    .globl  vectors
vectors:
    .set    i, 0
    .rept   16
    vector  i
    .set    i, i + 1
    .endr

/* TPIDR_EL0 is where a probe under way wants to go on, or zero. A probe gives up x9 and x10. */
taken:
    mrs     x9, tpidr_el0
    cbz     x9, unexpected
    msr     tpidr_el0, xzr
    msr     elr_el1, x9
    mrs     x0, esr_el1
    eret

unexpected:
    mov     x0, x10
    mrs     x1, esr_el1
    mrs     x2, elr_el1
    mrs     x3, far_el1
    mov     x29, #0
    bl      exception
    b       .

    .section .text.probes, "ax"

    .macro  probe name, instruction:vararg
    .globl  \name
\name:
    stp     x29, x30, [sp, #-16]!
    adr     x9, 1f
    msr     tpidr_el0, x9
    \instruction
    dsb     sy
    mov     x0, #0
1:  msr     tpidr_el0, xzr
    ldp     x29, x30, [sp], #16
    ret
    .endm

    probe   probe_read, ldrb w10, [x0]
    probe   probe_write, strb wzr, [x0]
    probe   probe_call, blr x0
