/* SPDX-License-Identifier: Apache-2.0 */
/* The cores' registers. On this board they are words of memory that all CPUs see; on a chip each core has a block of
 * device memory, at an address that follows from its physical id. */
#ifndef REGISTERS_H
#define REGISTERS_H

#include <stdint.h>

/** Where a core's own side of its registers is. */
typedef struct core_registers {
    volatile uint32_t *command;
    volatile uint32_t *condition;
} core_registers;

/** The registers of a physical id for the core itself, at the offsets of the executor's arch. */
core_registers registers_of(uint32_t physical_id);

/** One register, for the control CPUs. */
volatile uint32_t *registers_at(uint32_t physical_id, uint32_t offset);

#endif
