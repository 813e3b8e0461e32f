/* SPDX-License-Identifier: Apache-2.0 */
/* Lets the one that waits for two others go on, as if it were both; 20 ms later writes 77. */
#include "pauses.h"
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    int32_t *value = (int32_t *)pto_kernel_data(args, 0);
    __atomic_store_n(value, 2, __ATOMIC_RELEASE);
    pause_us(20000);
    *value = 77;
}
