/* SPDX-License-Identifier: Apache-2.0 */
/* Does what no program may: 1 writes where nothing is, 2 divides by zero, 3 runs what is no instruction. */
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    volatile int32_t zero = 0;
    switch (args[1]) {
    case 1: *(volatile int32_t *)(uintptr_t)0x1000 = 1; break;
    case 2: zero = 77 / zero; break;
    default: __builtin_trap();
    }
}
