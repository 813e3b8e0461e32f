/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves its stack and its own copy of the argument words full of ones, and returns when all cores do the same. */
#include "pauses.h"
#include "pto/kernel.h"

static __attribute__((noinline)) int32_t fill_stack(void)
{
    volatile unsigned char block[16384];
    for (uint32_t i = 0; i < sizeof block; i++)
        block[i] = 0xff;
    return block[sizeof block / 2];
}

PTO_KERNEL(args)
{
    int32_t *count = (int32_t *)pto_kernel_data(args, 0);
    const int32_t parties = (int32_t)args[1];
    __atomic_fetch_add(count, fill_stack() == 0xff ? 1 : 0, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(count, __ATOMIC_ACQUIRE) < parties)
        pause_us(10);
    for (uint32_t i = 0; i < PTO_KERNEL_ARG_WORDS; i++)
        args[i] = -1;
    fill_stack();
}
