/* SPDX-License-Identifier: Apache-2.0 */
/* Says what went wrong, and ends it. */
#include "board.h"

void exception(uint64_t vector, uint64_t syndrome, uint64_t pc, uint64_t address);

void board_fail(const char *why)
{
    print("cpu %u: %s\npto firmware: failed\n", cpu_number(), why);
    psci_power_off();
}

static const char *class_name(uint64_t syndrome)
{
    switch (syndrome >> 26 & 63) {
    case 0x00: return "unknown instruction";
    case 0x07: return "floating point is off";
    case 0x0e: return "illegal state";
    case 0x20:
    case 0x21: return "instruction abort";
    case 0x22: return "misaligned pc";
    case 0x24:
    case 0x25: return syndrome & 1 << 6 ? "data abort, write" : "data abort, read";
    case 0x26: return "misaligned stack";
    case 0x2c: return "floating-point exception";
    case 0x2f: return "SError";
    case 0x3c: return "breakpoint";
    default: return "exception";
    }
}

/* From vectors.S: an exception that nobody expects. */
void exception(uint64_t vector, uint64_t syndrome, uint64_t pc, uint64_t address)
{
    print("cpu %u: %s at pc 0x%lx, address 0x%lx, syndrome 0x%lx, vector %lu\n", cpu_number(), class_name(syndrome), pc,
          address, syndrome, vector);
    board_fail("unexpected exception");
}
