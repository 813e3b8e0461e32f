/* SPDX-License-Identifier: Apache-2.0 */
/* The cores' port. Here a core is a CPU like the others; on a chip this is a program of its own, built for the core,
 * with the same loop: pto_core_run. */
#include "board.h"
#include "ports.h"
#include "registers.h"

typedef struct core {
    core_registers registers;
    uint32_t index;
    uint32_t kernels; /* Begun so far. */
    uint32_t stale;   /* What it answered two kernels before its third: for BOOT_STALE_TOKEN. */
} core;

static core cores[BOARD_CORES];

pto_core_line board_lines[BOARD_CORES];

static int misbehaves(const core *self, enum boot_mode mode)
{
    return board_boot_mode() == mode && board_boot_core() == self->index;
}

static uint32_t read_command(void *self)
{
    const uint32_t value = *((core *)self)->registers.command;
    __asm__ volatile("dmb ld" : : : "memory");
    return value;
}

static void write_condition(void *self, uint32_t value)
{
    core *const me = (core *)self;
    if (misbehaves(me, BOOT_STALE_TOKEN)) {
        if (me->kernels < 2)
            me->stale = value;
        else if (me->kernels >= 3)
            value = me->stale;
    }
    __asm__ volatile("dsb st" : : : "memory");
    *me->registers.condition = value;
    idle_wake(IDLE_CONTROL_CPUS);
}

static void clean(void *self, const void *address, uint64_t size_bytes)
{
    (void)self;
    cache_clean(address, size_bytes);
}

static void invalidate(void *self, const void *address, uint64_t size_bytes)
{
    (void)self;
    cache_invalidate(address, size_bytes);
}

static void relax(void *self, uint32_t round)
{
    (void)self;
    idle_wait(round);
}

/* The code may be new to this CPU: another one has loaded it, and published it to memory and caches. The tensors that
 * the kernel writes need no cleaning, for the CPUs of this board are coherent; on a core with a cache of its own the
 * kernel cleans them, or this hook does. */
static void call(void *self, void (*entry)(int64_t *args), int64_t *args)
{
    core *const me = (core *)self;
    me->kernels++;
    while (misbehaves(me, BOOT_LOST_KERNEL) && me->kernels == 2)
        continue;
    __asm__ volatile("isb" : : : "memory");
    entry(args);
}

/* Physical ids are numbered by type on this board, matrix cores first, so they are not the indices. */
static uint32_t physical_id_of(uint32_t index)
{
    const uint32_t cluster = index / 3, lane = index % 3;
    return lane == 0 ? cluster : BOARD_CLUSTERS + 2 * cluster + lane - 1;
}

uint32_t core_cpu(uint32_t physical_id)
{
    uint32_t index = 0;
    while (index < BOARD_CORES && physical_id_of(index) != physical_id)
        index++;
    return BOARD_CONTROL_CPUS + index;
}

void board_core(uint32_t index)
{
    core *const me = &cores[index];
    const pto_core_port port = {
        .struct_size = sizeof(port),
        .index = index,
        .physical_id = physical_id_of(index),
        .core_type = index % 3 == 0 ? PTO_CORE_AIC : PTO_CORE_AIV,
        .self = me,
        .read_command = read_command,
        .write_condition = write_condition,
        .clean = clean,
        .invalidate = invalidate,
        .relax = relax,
        .call = call,
    };
    me->index = index;
    me->registers = registers_of(port.physical_id);
    pto_core_run(&port, &board_lines[index]);
}
