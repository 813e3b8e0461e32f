/* SPDX-License-Identifier: Apache-2.0 */
/* Checks the board, one step after the other, before anything else runs on it: docs/firmware.md has the list. Each step
 * tells what it saw, so that a board on which one fails says why. */
#include "board.h"

#define MESSAGES    2000u
#define PATIENCE_NS UINT64_C(5000000000)

/* The machine code of a function that returns `value`. */
static void write_function(uint32_t *code, uint16_t value)
{
    code[0] = 0x52800000u | (uint32_t)value << 5; /* mov w0, #value */
    code[1] = 0xd65f03c0u;                        /* ret */
}

static int step(const char *name, int passed)
{
    print("bring-up: %s: %s\n", name, passed ? "ok" : "FAILED");
    return passed;
}

/* Classes of exceptions and of faults, from the syndrome. */
static int is_unmapped(uint64_t syndrome)
{
    return syndrome >> 26 == 0x25 && (syndrome & 0x3c) == 0x04;
}

static int is_forbidden(uint64_t syndrome)
{
    return (syndrome >> 26 == 0x25 || syndrome >> 26 == 0x21) && (syndrome & 0x3c) == 0x0c;
}

static int check_exceptions(void)
{
    const uint64_t syndrome = probe_read(0x20000000);
    print("bring-up: a read of an address that is not mapped gives syndrome 0x%lx\n", syndrome);
    return step("exceptions", is_unmapped(syndrome));
}

static int check_mmu(void)
{
    const uintptr_t stack = (uintptr_t)__builtin_frame_address(0);
    uint64_t control, main_id;
    __asm__("mrs %0, sctlr_el1" : "=r"(control));
    __asm__("mrs %0, midr_el1" : "=r"(main_id));
    print("bring-up: control register 0x%lx, processor 0x%lx\n", control, main_id);
    return step("MMU and caches are on", (control & 5) == 5 && (control >> 12 & 1) == 1) &
           step("text cannot be written", is_forbidden(probe_write((uintptr_t)&check_mmu))) &
           step("data do not run", is_forbidden(probe_call((uintptr_t)device_memory))) &
           step("below a stack is nothing", is_unmapped(probe_write(stack - BOARD_STACK_BYTES)));
}

static int check_clock(void)
{
    const uint64_t begin = timer_now();
    uint64_t last = begin, rounds = 0;
    int forward = 1;
    for (uint32_t round = 0; last - begin < 20000000; round++, rounds++) {
        const uint64_t now = timer_now();
        forward &= now >= last;
        last = now;
        idle_wait(round);
    }
    print("bring-up: a CPU without work has looked %lu times in %lu us\n", rounds, (last - begin) / 1000);
    return step("the clock goes forward, waiting ends", forward && rounds > 0);
}

static uint32_t arrived[BOARD_CPUS];

static void arrive(uint32_t argument)
{
    __atomic_store_n(&arrived[argument], cpu_number() + 1, __ATOMIC_RELEASE);
}

static int wait_for(const uint32_t *word, uint32_t value)
{
    const uint64_t begin = timer_now();
    for (uint32_t round = 0; __atomic_load_n(word, __ATOMIC_ACQUIRE) != value; round++) {
        if (timer_now() - begin > PATIENCE_NS)
            return 0;
        idle_wait(round);
    }
    return 1;
}

/* Through this CPU 0 has another CPU do something: as control CPUs have cores, by a command and a condition. */
static struct {
    uint32_t command __attribute__((aligned(64)));
    uint32_t condition __attribute__((aligned(64)));
    uint64_t (*work)(uintptr_t argument) __attribute__((aligned(64)));
    uintptr_t argument;
    uint64_t result __attribute__((aligned(64)));
} mailbox;

static void follow_commands(uint32_t argument)
{
    arrive(argument);
    for (uint32_t token = 1;; token++) {
        for (uint32_t round = 0; *(volatile uint32_t *)&mailbox.command != token; round++)
            idle_wait(round);
        __asm__ volatile("dmb ld\n\tisb" : : : "memory");
        mailbox.result = mailbox.work(mailbox.argument);
        __asm__ volatile("dsb st" : : : "memory");
        *(volatile uint32_t *)&mailbox.condition = token;
        idle_wake(IDLE_CONTROL_CPUS);
    }
}

/* What `work` gives on the other CPU; all ones when it does not answer. */
static uint64_t elsewhere(uint64_t (*work)(uintptr_t argument), uintptr_t argument)
{
    static uint32_t token;
    mailbox.work = work;
    mailbox.argument = argument;
    __asm__ volatile("dsb st" : : : "memory");
    *(volatile uint32_t *)&mailbox.command = ++token;
    idle_wake(1u << BOARD_CONTROL_CPUS);
    if (!wait_for(&mailbox.condition, token))
        return UINT64_MAX;
    return mailbox.result;
}

static int check_cpus(void)
{
    int all = 1;
    for (uint32_t cpu = 1; cpu < BOARD_CPUS; cpu++) {
        const int64_t status = cpu_start(cpu, cpu == BOARD_CONTROL_CPUS ? follow_commands : arrive, cpu);
        const int here = status == 0 && wait_for(&arrived[cpu], cpu + 1);
        if (!here)
            print("bring-up: CPU %u has not arrived, PSCI says %ld\n", cpu, status);
        all &= here;
    }
    return step("every CPU starts", all);
}

static uint64_t triple(uintptr_t argument)
{
    return argument * 3;
}

static int check_messages(void)
{
    uint32_t wrong = 0;
    const uint64_t begin = timer_now();
    for (uint32_t i = 1; i <= MESSAGES && wrong == 0; i++)
        wrong += elsewhere(triple, i * UINT64_C(1000003)) != i * UINT64_C(3000009);
    print("bring-up: %u messages there and back, %lu us each\n", MESSAGES, (timer_now() - begin) / MESSAGES / 1000);
    return step("registers and barriers", wrong == 0);
}

static uint64_t call_function(uintptr_t address)
{
    return (uint64_t)((int (*)(void))address)();
}

/* What the loader does, by hand, with a page of its memory: code is written, published, run, replaced. The other CPU,
 * which has the old entries and the old code in its buffers, must see each step as this one does. */
static int check_protection(void)
{
    uint32_t *code = (uint32_t *)(uintptr_t)kernel_memory;
    const uintptr_t address = (uintptr_t)code;
    int passed = 1;
    for (uint16_t value = 1; value <= 3; value++) {
        mmu_set(address, BOARD_PAGE, PAGE_READ_WRITE);
        passed &= is_forbidden(probe_call(address)) && is_forbidden(elsewhere(probe_call, address));
        write_function(code, value);
        cache_publish_code(code, 2 * sizeof(*code));
        mmu_set(address, BOARD_PAGE, PAGE_EXECUTE);
        passed &= is_forbidden(probe_write(address)) && is_forbidden(elsewhere(probe_write, address));
        passed &= call_function(address) == value && elsewhere(call_function, address) == value;
    }
    mmu_set(address, BOARD_PAGE, PAGE_READ_ONLY);
    passed &= is_forbidden(probe_write(address)) && is_forbidden(probe_call(address)) && probe_read(address) == 0;
    mmu_set(address, BOARD_PAGE, PAGE_READ_WRITE);
    passed &= probe_write(address) == 0 && elsewhere(probe_write, address) == 0;
    return step("what is written does not run, what runs is not written", passed);
}

int bring_up(void)
{
    return step("console", 1) && check_exceptions() && check_mmu() && check_clock() && check_cpus() &&
           check_messages() && check_protection();
}
