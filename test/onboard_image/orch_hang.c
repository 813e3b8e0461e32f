/* SPDX-License-Identifier: Apache-2.0 */
/* An orchestration that does whatever the program around it wants: calls the function whose address is scalar 0. */
#include "pto/orch.h"

PTO_ORCHESTRATION(hang, 0, 1)
{
    ((void (*)(void))(uintptr_t)pto_scalar_arg(orch, 0))();
}
