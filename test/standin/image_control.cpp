// SPDX-License-Identifier: Apache-2.0
// Functions for the control CPUs, each of which does one thing that tests look at.
#include "image_blocks.hpp"

#include <sched.h>
#include <unistd.h>

using namespace standin_test;

namespace {

volatile int *volatile nowhere = nullptr;

ControlBlock &block_of(void *args)
{
    return *reinterpret_cast<ControlBlock *>(*static_cast<uint64_t *>(args));
}

void invalidate(const void *address)
{
    const auto line = reinterpret_cast<uint64_t>(address) & ~uint64_t{63};
    asm volatile("dc civac, %0\n\tdsb sy\n\tisb" : : "r"(line) : "memory");
}

} // namespace

/// Adds, and says that it ran.
extern "C" uint32_t image_add(void *args)
{
    ControlBlock &block = block_of(args);
    invalidate(&block);
    block.sum = block.a + block.b;
    invalidate(&block.sum);
    return 0;
}

/// As above, but never invalidates.
extern "C" uint32_t image_add_stale(void *args)
{
    ControlBlock &block = block_of(args);
    block.sum = block.a + block.b;
    return 0;
}

/// All blocks meet: none returns before the last one is there.
extern "C" uint32_t image_meet(void *args)
{
    ControlBlock &block = block_of(args);
    invalidate(&block);
    __atomic_fetch_add(&block.arrived, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(&block.arrived, __ATOMIC_ACQUIRE) < block.wanted)
        sched_yield();
    return 0;
}

/// Each block counts in a line of its own; the second one invalidates another line of the page all the time.
extern "C" uint32_t image_count(void *args)
{
    ControlBlock *const blocks = &block_of(args);
    const uint32_t place = __atomic_add_fetch(&blocks->arrived, 1, __ATOMIC_ACQ_REL);
    if (place == 2)
        invalidate(blocks);
    for (int i = 0; i < 200; i++) {
        auto *const sum = reinterpret_cast<volatile uint64_t *>(&blocks[place].sum);
        *sum = *sum + 1;
    }
    return 0;
}

/// One block writes 64 bits to a register, until the other one has seen them with their halves from two writes; not
/// more often than it is told.
extern "C" uint32_t image_tear(void *args)
{
    ControlBlock &block = block_of(args);
    invalidate(&block);
    auto *const cell = reinterpret_cast<volatile uint64_t *>(block.registers + block.command_offset);
    if (__atomic_fetch_add(&block.arrived, 1, __ATOMIC_ACQ_REL) == 0) {
        for (uint64_t n = 1; n <= block.a && __atomic_load_n(&block.sum, __ATOMIC_ACQUIRE) == 0; n++)
            *cell = n << 32 | n;
        __atomic_store_n(&block.wanted, 1, __ATOMIC_RELEASE);
        return 0;
    }
    while (__atomic_load_n(&block.wanted, __ATOMIC_ACQUIRE) == 0) {
        const uint64_t seen = *cell;
        if (seen >> 32 != (seen & 0xffffffff))
            __atomic_store_n(&block.sum, seen, __ATOMIC_RELEASE);
        sched_yield();
    }
    return 0;
}

extern "C" uint32_t image_fail(void *)
{
    return 7;
}

extern "C" uint32_t image_crash(void *)
{
    *nowhere = 1;
    return 0;
}

extern "C" uint32_t image_hang(void *)
{
    for (;;)
        sched_yield();
}

/// Gives each core of the block its command, waits for its answer, and lets it go.
extern "C" uint32_t image_drive(void *args)
{
    ControlBlock &block = block_of(args);
    invalidate(&block);
    for (uint32_t i = 0; i < block.core_count; i++) {
        CoreLine &line = reinterpret_cast<CoreLine *>(block.lines)[i];
        do {
            sched_yield();
            invalidate(&line);
        } while (__atomic_load_n(&line.done, __ATOMIC_ACQUIRE) != i + 1);
        const uint64_t registers = block.registers + block.stride * line.place;
        auto *const command = reinterpret_cast<volatile uint32_t *>(registers + block.command_offset);
        auto *const condition = reinterpret_cast<volatile uint32_t *>(registers + block.condition_offset);
        if (block.gate_offset != 0)
            *reinterpret_cast<volatile uint32_t *>(registers + block.gate_offset) = 0xE;
        *command = 41 + i;
        while (*condition != ((41 + i) | 0x80000000u))
            sched_yield();
        *command = kLeave;
        block.sum += line.value;
    }
    invalidate(&block.sum);
    return 0;
}
