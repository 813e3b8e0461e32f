/* SPDX-License-Identifier: Apache-2.0 */
/* Does not return. */
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    while (*(volatile int64_t *)args != 0)
        continue;
}
