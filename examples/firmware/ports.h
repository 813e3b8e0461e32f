/* SPDX-License-Identifier: Apache-2.0 */
/* The two ports of the board: port.c for the control CPUs, core_port.c for the cores. */
#ifndef PORTS_H
#define PORTS_H

#include "pto/firmware.h"

/** The port of the control CPUs with a loader. */
pto_firmware_port board_port(const pto_loader *loader);

/** A loader over memory between two addresses, with pages that either run or can be written. */
pto_status board_loader(pto_elf_loader *loader, void *begin, void *end);

/** What a CPU that plays a core does, until it is told to leave. */
void board_core(uint32_t index);

/** The CPU that plays the core with this physical id. */
uint32_t core_cpu(uint32_t physical_id);

/** The lines through which control CPUs and cores meet. */
extern pto_core_line board_lines[];

#endif
