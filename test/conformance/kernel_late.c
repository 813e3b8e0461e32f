/* SPDX-License-Identifier: Apache-2.0 */
/* Sleeps for 50 ms, then writes 77. */
#include "pto/kernel.h"

extern int usleep(unsigned microseconds);

PTO_KERNEL(args)
{
    usleep(50000);
    *(int32_t *)pto_kernel_data(args, 0) = 77;
}
