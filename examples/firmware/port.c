/* SPDX-License-Identifier: Apache-2.0 */
/* The control CPUs' port: what the executor asks of this board. Here is what a chip has to have of its own. */
#include "board.h"
#include "ports.h"
#include "registers.h"

#define LAST_CHANCE_NS UINT64_C(3000000000)

static uint64_t now(void *self)
{
    (void)self;
    return timer_now();
}

/* When `panic` was called; 0: it was not. */
static uint64_t lost_at_ns;

/* The run that lost the chip returns, and with it CPU 0, unless the orchestration is what hangs: then another CPU has
 * to do what is left to do. */
static void relax(void *self, uint32_t cpu, uint32_t round)
{
    const uint64_t lost = __atomic_load_n(&lost_at_ns, __ATOMIC_RELAXED);
    (void)self;
    if (lost != 0 && cpu != 0 && timer_now() - lost > LAST_CHANCE_NS)
        board_fail("the chip is lost and its orchestration does not return");
    idle_wait(round);
}

static void notify(void *self)
{
    (void)self;
    idle_wake(IDLE_CONTROL_CPUS);
}

static void log_line(void *self, int32_t level, const char *message)
{
    (void)self;
    print("log %d: %s\n", level, message);
}

static void panic(void *self, const char *message)
{
    (void)self;
    print("panic: %s\n", message);
    __atomic_store_n(&lost_at_ns, timer_now(), __ATOMIC_RELAXED);
}

/* The barrier keeps what the core wrote before its register from being read before it. */
static uint32_t read_register(void *self, uint32_t core, uint32_t offset)
{
    const uint32_t value = *registers_at(core, offset);
    (void)self;
    __asm__ volatile("dmb ld" : : : "memory");
    return value;
}

/* The barrier is one of completion, for what is written and what is cleaned: on a chip the register belongs to another
 * device. */
static void write_register(void *self, uint32_t core, uint32_t offset, uint32_t value)
{
    (void)self;
    __asm__ volatile("dsb st" : : : "memory");
    *registers_at(core, offset) = value;
    idle_wake(1u << core_cpu(core));
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

pto_firmware_port board_port(const pto_loader *loader)
{
    const pto_firmware_port port = {
        .struct_size = sizeof(port),
        .now = now,
        .relax = relax,
        .notify = notify,
        .log = log_line,
        .panic = panic,
        .read_register = read_register,
        .write_register = write_register,
        .clean = clean,
        .invalidate = invalidate,
        .loader = *loader,
    };
    return port;
}

/* ---- the loader's memory ---- */

static int32_t protect(void *self, void *address, uint64_t size_bytes, uint32_t protection)
{
    (void)self;
    switch (protection) {
    case PTO_ELF_READ_WRITE: mmu_set((uintptr_t)address, size_bytes, PAGE_READ_WRITE); return 0;
    case PTO_ELF_READ_ONLY: mmu_set((uintptr_t)address, size_bytes, PAGE_READ_ONLY); return 0;
    case PTO_ELF_EXECUTE:
        cache_publish_code(address, size_bytes);
        mmu_set((uintptr_t)address, size_bytes, PAGE_EXECUTE);
        return 0;
    default: return -1;
    }
}

pto_status board_loader(pto_elf_loader *loader, void *begin, void *end)
{
    const pto_elf_config config = {
        .struct_size = sizeof(config),
        .page_bytes = BOARD_PAGE,
        .memory = begin,
        .memory_bytes = (uint64_t)((uint8_t *)end - (uint8_t *)begin),
        .protect = protect,
    };
    return pto_elf_loader_init(loader, &config);
}
