// SPDX-License-Identifier: Apache-2.0
// Registers of the cores, as the control CPUs write them: in one piece, if it has 32 bits. A store of 64 bits arrives
// in two halves, and cores may see what it is between them. Stores are made by the signal that they raise.
#ifndef PTO_TEST_STANDIN_CONTROL_REGISTERS_HPP
#define PTO_TEST_STANDIN_CONTROL_REGISTERS_HPP

#include <csignal>
#include <cstdint>
#include <ucontext.h>

namespace standin {

/// Once, before other threads: maps the registers of a device, for reading.
void open_registers(uint32_t device);

/// Makes the store that has raised SIGSEGV, and goes on behind it. False: it was none to a register.
bool store_to_register(uint64_t address, mcontext_t *machine);

} // namespace standin

#endif
