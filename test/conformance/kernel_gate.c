/* SPDX-License-Identifier: Apache-2.0 */
/* Sets the flag at scalar 0 and waits until the one at scalar 1 is set: both are addresses of the host. */
#include "pauses.h"
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    int32_t *started = (int32_t *)(uintptr_t)args[1];
    const int32_t *gate = (const int32_t *)(uintptr_t)args[2];
    __atomic_store_n(started, 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(gate, __ATOMIC_ACQUIRE) == 0)
        pause_us(10);
}
