/* SPDX-License-Identifier: Apache-2.0 */
/* An orchestration that waits for somebody else: it fills the second of the two words at the address in scalar 0, then
 * waits until the first is not 0. */
#include "pto/orch.h"

PTO_ORCHESTRATION(hang, 0, 1)
{
    uint32_t *words = (uint32_t *)(uintptr_t)pto_scalar_arg(orch, 0);
    __atomic_store_n(&words[1], 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(&words[0], __ATOMIC_ACQUIRE) == 0) {}
}
