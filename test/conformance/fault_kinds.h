/* SPDX-License-Identifier: Apache-2.0 */
/* What programs may not do, by number: for kernels, orchestrations and the tests that expect it. */
#ifndef PTO_TEST_CONFORMANCE_FAULT_KINDS_H
#define PTO_TEST_CONFORMANCE_FAULT_KINDS_H

#include <stddef.h>
#include <stdint.h>

enum fault_kind {
    FAULT_NONE = 0,
    FAULT_WRITE = 1,    /* Write where nothing is mapped. */
    FAULT_READ = 2,     /* Read there. */
    FAULT_JUMP = 3,     /* Call a null pointer. */
    FAULT_CONSTANT = 4, /* Write what is read-only. */
    FAULT_BEYOND = 5,   /* Read a page of a file that has none. */
    FAULT_DIVISION = 6, /* Divide by zero. */
    FAULT_ILLEGAL = 7,  /* Run what is no instruction. */
    FAULT_STACK = 8,    /* Call oneself for ever. */
    FAULT_SENT = 9      /* Send oneself the signal of an arithmetic fault: that is none. */
};

/* Where FAULT_WRITE and FAULT_READ go, by thread: whether it is the one that the caller names, or another. */
#define FAULT_ADDRESS_SAME_THREAD  0x1000u
#define FAULT_ADDRESS_OTHER_THREAD 0x2000u

#ifndef __cplusplus

extern unsigned long pthread_self(void);
extern int memfd_create(const char *name, unsigned flags);
extern void *mmap(void *address, size_t length, int protection, int flags, int file, long offset);
extern int close(int file);
extern int raise(int signal);

static inline uint64_t fault_thread(void)
{
    return (uint64_t)pthread_self();
}

static inline int32_t fault_recursion(volatile int32_t depth)
{
    volatile char frame[4096];
    frame[0] = (char)depth;
    return depth == INT32_MAX ? 0 : fault_recursion(depth + 1) + frame[0];
}

/* Reads the first page of an empty file. */
static inline void fault_beyond_file(void)
{
    const int file = memfd_create("empty", 0);
    volatile char *page = (volatile char *)mmap(NULL, 4096, 1 /* PROT_READ */, 1 /* MAP_SHARED */, file, 0);
    close(file);
    (void)page[0];
}

/* Does it. `thread` is a fault_thread(). */
static inline void fault_now(uint64_t kind, uint64_t thread)
{
    volatile uintptr_t address = thread == fault_thread() ? FAULT_ADDRESS_SAME_THREAD : FAULT_ADDRESS_OTHER_THREAD;
    volatile int32_t zero = 0;
    void (*volatile nowhere)(void) = NULL;
    switch (kind) {
    case FAULT_WRITE: *(volatile int32_t *)address = 1; break;
    case FAULT_READ: zero = *(volatile int32_t *)address; break;
    case FAULT_JUMP: nowhere(); break;
    case FAULT_CONSTANT: *(volatile char *)(uintptr_t) "constant" = 'C'; break;
    case FAULT_BEYOND: fault_beyond_file(); break;
    case FAULT_DIVISION: zero = 77 / zero; break; /* 1 would be no division */
    case FAULT_ILLEGAL:
#if defined(__aarch64__)
        __asm__ volatile(".inst 0"); /* Its trap is a breakpoint. */
#else
        __builtin_trap();
#endif
        break;
    case FAULT_STACK: zero = fault_recursion(0); break;
    case FAULT_SENT: raise(8 /* SIGFPE */); break;
    default: break;
    }
}

#endif

#endif
