/* SPDX-License-Identifier: Apache-2.0 */
/* Lets the one that waits for two others go on, as if it were both; 50 ms later writes 77. */
#include "pto/kernel.h"

extern int usleep(unsigned microseconds);

PTO_KERNEL(args)
{
    int32_t *value = (int32_t *)pto_kernel_data(args, 0);
    __atomic_store_n(value, 2, __ATOMIC_RELEASE);
    usleep(50000);
    *value = 77;
}
