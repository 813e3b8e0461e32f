/* SPDX-License-Identifier: Apache-2.0 */
/* The port to begin with: every hook is there, and none of them does anything for a machine. It compiles, it links with
 * libpto_aicpu_<arch>.a and the four functions on bytes, and what it makes of a run is what firmware sees on its first
 * day: "core 0 has not reported itself". Replace the hooks one by one, in this order; docs/firmware.md says how to
 * check each of them. */
#include "null_port.h"

/* 1. A clock in ns that goes on: every deadline is measured with it. This one only counts how often it is read, a
 * microsecond each time, so that deadlines come. Any CPU; never blocks. */
static uint64_t null_now(void *self)
{
    null_machine *machine = (null_machine *)self;
    machine->time_ns += 1000;
    return machine->time_ns;
}

/* 2. Nothing to do. Returning at once is correct, and burns the CPU. Any CPU, in every wait; the larger `round`, the
 * longer it may take, up to about a millisecond. */
static void null_relax(void *self, uint32_t cpu, uint32_t round)
{
    (void)self;
    (void)cpu;
    (void)round;
}

/* 3. Something to do for CPUs in `relax`. Doing nothing is correct as long as those return by themselves. Any CPU;
 * never blocks. */
static void null_notify(void *self)
{
    (void)self;
}

/* 4. A line of text. Dropping it is correct. Any CPU; may block as long as a line takes to be written. */
static void null_log(void *self, int32_t level, const char *message)
{
    (void)self;
    (void)level;
    (void)message;
}

/* 5. The chip is lost. Returning is correct; somebody should reset the cores and open anew. Called once, from any CPU.
 */
static void null_panic(void *self, const char *message)
{
    (void)self;
    (void)message;
}

/* 6. A register of a core, then a load barrier: what the core wrote before it wrote the register is seen by what
 * follows. Here there are no cores: every register reads as 0, which no core that is alive says. */
static uint32_t null_read_register(void *self, uint32_t core, uint32_t offset)
{
    (void)self;
    (void)core;
    (void)offset;
    return 0;
}

/* 7. A store barrier, then a register of a core in one 32-bit store: the core that sees the register sees all that was
 * written and cleaned before. */
static void null_write_register(void *self, uint32_t core, uint32_t offset, uint32_t value)
{
    (void)self;
    (void)core;
    (void)offset;
    (void)value;
}

/* 8, 9. Caches. Nothing to do is correct where cores and control CPUs are coherent. `clean` need not wait for its end:
 * `write_register` does. `invalidate` has ended when it returns. */
static void null_clean(void *self, const void *address, uint64_t size_bytes)
{
    (void)self;
    (void)address;
    (void)size_bytes;
}

static void null_invalidate(void *self, const void *address, uint64_t size_bytes)
{
    (void)self;
    (void)address;
    (void)size_bytes;
}

/* 10. to 12. The loader: that of the executor, which needs memory that code may be put into. Without `protect` all of
 * it has to be writable and executable, and instruction fetch has to see what is written: right for x86-64, wrong for
 * aarch64, where `protect` has to make the instruction caches see it. */
pto_status null_port(null_machine *machine, void *code_memory, uint64_t code_bytes, pto_firmware_port *out)
{
    pto_elf_config config = PTO_ZERO;
    pto_firmware_port port = PTO_ZERO;
    pto_status status;
    config.struct_size = sizeof config;
    config.memory = code_memory;
    config.memory_bytes = code_bytes;
    status = pto_elf_loader_init(&machine->loader, &config);
    if (status != PTO_OK)
        return status;
    port.struct_size = sizeof port;
    port.self = machine;
    port.now = null_now;
    port.relax = null_relax;
    port.notify = null_notify;
    port.log = null_log;
    port.panic = null_panic;
    port.read_register = null_read_register;
    port.write_register = null_write_register;
    port.clean = null_clean;
    port.invalidate = null_invalidate;
    port.loader = pto_elf_loader_hooks(&machine->loader);
    *out = port;
    return PTO_OK;
}
