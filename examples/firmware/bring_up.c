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

static int check_exceptions(void)
{
    const uint64_t syndrome = probe_read(0x20000000);
    print("bring-up: a read of an address that is not mapped gives syndrome 0x%lx\n", syndrome);
    return step("exceptions", syndrome >> 26 == 0x25 && (syndrome & 0x3c) == 0x04);
}

static int check_mmu(void)
{
    uint64_t control, main_id;
    __asm__("mrs %0, sctlr_el1" : "=r"(control));
    __asm__("mrs %0, midr_el1" : "=r"(main_id));
    print("bring-up: control register 0x%lx, processor 0x%lx\n", control, main_id);
    return step("MMU and caches are on", (control & 5) == 5 && (control >> 12 & 1) == 1) &
           step("text cannot be written", probe_write((uintptr_t)&check_mmu) != 0) &
           step("data do not run", probe_call((uintptr_t)device_memory) != 0) &
           step("below a stack is nothing",
                probe_write((uintptr_t)__builtin_frame_address(0) - BOARD_STACK_BYTES) != 0);
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
        timer_idle(round);
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
        timer_idle(round);
    }
    return 1;
}

/* What CPU 2 plays while the others only arrive: it answers messages, like a core. */
static struct {
    uint32_t command __attribute__((aligned(64)));
    uint32_t condition __attribute__((aligned(64)));
    uint64_t question __attribute__((aligned(64)));
    uint64_t answer __attribute__((aligned(64)));
} mailbox;

static void answer_messages(uint32_t argument)
{
    arrive(argument);
    for (uint32_t token = 1; token <= MESSAGES; token++) {
        for (uint32_t round = 0; *(volatile uint32_t *)&mailbox.command != token; round++)
            timer_idle(round);
        __asm__ volatile("dmb ld" : : : "memory");
        mailbox.answer = mailbox.question * 3;
        __asm__ volatile("dsb st" : : : "memory");
        *(volatile uint32_t *)&mailbox.condition = token;
        timer_wake();
    }
}

static int check_messages(void)
{
    uint64_t wrong = 0;
    const uint64_t begin = timer_now();
    for (uint32_t token = 1; token <= MESSAGES; token++) {
        mailbox.question = token * UINT64_C(1000003);
        __asm__ volatile("dsb st" : : : "memory");
        *(volatile uint32_t *)&mailbox.command = token;
        timer_wake();
        if (!wait_for(&mailbox.condition, token))
            return step("registers and barriers", 0);
        __asm__ volatile("dmb ld" : : : "memory");
        wrong += mailbox.answer != mailbox.question * 3;
    }
    print("bring-up: %u messages there and back, %lu us each, %lu wrong\n", MESSAGES,
          (timer_now() - begin) / MESSAGES / 1000, wrong);
    return step("registers and barriers", wrong == 0);
}

static int check_cpus(void)
{
    int all = 1;
    for (uint32_t cpu = 1; cpu < BOARD_CPUS; cpu++) {
        const int64_t status = cpu_start(cpu, cpu == BOARD_CONTROL_CPUS ? answer_messages : arrive, cpu);
        const int here = status == 0 && wait_for(&arrived[cpu], cpu + 1);
        if (!here)
            print("bring-up: CPU %u has not arrived, PSCI says %ld\n", cpu, status);
        all &= here;
    }
    return step("every CPU starts", all);
}

/* What the loader does, by hand, with a page of its memory: code is written, published, run, replaced. */
static int check_protection(void)
{
    uint32_t *code = (uint32_t *)(uintptr_t)kernel_memory;
    const uintptr_t address = (uintptr_t)code;
    int passed = 1;
    for (uint16_t value = 1; value <= 3; value++) {
        mmu_set(address, BOARD_PAGE, PAGE_READ_WRITE);
        passed &= probe_call(address) != 0;
        write_function(code, value);
        cache_publish_code(code, 2 * sizeof(*code));
        mmu_set(address, BOARD_PAGE, PAGE_EXECUTE);
        passed &= probe_write(address) != 0;
        passed &= ((int (*)(void))address)() == value;
    }
    mmu_set(address, BOARD_PAGE, PAGE_READ_ONLY);
    passed &= probe_write(address) != 0 && probe_call(address) != 0 && probe_read(address) == 0;
    mmu_set(address, BOARD_PAGE, PAGE_READ_WRITE);
    passed &= probe_write(address) == 0;
    return step("what is written does not run, what runs is not written", passed);
}

int bring_up(void)
{
    int passed = step("console", 1);
    passed &= check_exceptions();
    passed &= check_mmu();
    passed &= check_clock();
    passed &= check_protection();
    passed &= check_cpus();
    passed &= check_messages();
    return passed;
}
