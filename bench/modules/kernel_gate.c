/* SPDX-License-Identifier: Apache-2.0 */
/* Is complete when the counter at the address in its scalar is one. */
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    pto_defer(args, (uint64_t)args[1], 1);
}
