/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PTO_EXAMPLE_NULL_PORT_H
#define PTO_EXAMPLE_NULL_PORT_H

#include "pto/firmware.h"

PTO_BEGIN_DECLS

/* What the hooks know of their machine. Zero at first. */
typedef struct null_machine {
    uint64_t time_ns;
    pto_elf_loader loader;
} null_machine;

/* A port to no machine; refers to `machine` as long as it is used. */
pto_status null_port(null_machine *machine, void *code_memory, uint64_t code_bytes, pto_firmware_port *out);

PTO_END_DECLS

#endif
