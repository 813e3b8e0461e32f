/* SPDX-License-Identifier: Apache-2.0 */
/* How kernels and orchestrations of the tests let time pass: with the C library where there is one, and by the system's
 * own calls in modules that may need nothing. */
#ifndef PTO_TEST_CONFORMANCE_PAUSES_H
#define PTO_TEST_CONFORMANCE_PAUSES_H

#ifdef PTO_TEST_BARE

static inline long pauses_call(long number, const void *first)
{
#if defined(__x86_64__)
    long result = number;
    __asm__ volatile("syscall" : "+a"(result) : "D"(first), "S"(0) : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long x0 __asm__("x0") = (long)first;
    register long x1 __asm__("x1") = 0;
    register long x8 __asm__("x8") = number;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x1), "r"(x8) : "memory");
    return x0;
#else
#error "No system calls are known for this machine."
#endif
}

#if defined(__x86_64__)
#define PAUSES_NANOSLEEP   35
#define PAUSES_SCHED_YIELD 24
#else
#define PAUSES_NANOSLEEP   101
#define PAUSES_SCHED_YIELD 124
#endif

static inline void pause_us(unsigned microseconds)
{
    const long time[2] = {(long)(microseconds / 1000000u), (long)(microseconds % 1000000u) * 1000};
    pauses_call(PAUSES_NANOSLEEP, time);
}

static inline void pause_briefly(void)
{
    pauses_call(PAUSES_SCHED_YIELD, 0);
}

#else

extern int usleep(unsigned microseconds);
extern int sched_yield(void);

static inline void pause_us(unsigned microseconds)
{
    usleep(microseconds);
}

static inline void pause_briefly(void)
{
    sched_yield();
}

#endif

#endif
