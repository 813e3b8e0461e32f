/* SPDX-License-Identifier: Apache-2.0 */
/* Does nothing: what is left is the cost of the engine. */
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    (void)args;
}
