/* SPDX-License-Identifier: Apache-2.0 */
/* What start.S and mmu.c have to agree on: the registers of the MMU. */
#ifndef PAGE_TABLES_H
#define PAGE_TABLES_H

/* Memory attributes by index: 0 is device memory (nGnRE), 1 normal memory, write-back. */
#define ATTRIBUTE_DEVICE 0
#define ATTRIBUTE_NORMAL 1
#define MAIR_VALUE       0xff04

/* 39 bits of address in pages of 4 KiB, so the walk begins at level 1; tables are cached and inner-shareable; the upper
 * half of the addresses is off; 36 bits of physical address. */
#define TCR_VALUE (25 | 1 << 8 | 1 << 10 | 3 << 12 | 1 << 23 | 1 << 32)

/* The bits that are always one; then MMU, data cache, aligned stack, instruction cache; what is writable does not run.
 */
#define SCTLR_RESET 0x30d00800
#define SCTLR_VALUE (SCTLR_RESET | 1 << 0 | 1 << 2 | 1 << 3 | 1 << 12 | 1 << 19)

#endif
