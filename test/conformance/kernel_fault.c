/* SPDX-License-Identifier: Apache-2.0 */
/* Does what its first scalar says no program may; the second one is a thread. */
#include "fault_kinds.h"
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    fault_now((uint64_t)args[1], (uint64_t)args[2]);
}
