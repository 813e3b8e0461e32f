/* SPDX-License-Identifier: Apache-2.0 */
/* Does nothing: what is counted is the cost of the engine. */
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    (void)args;
}
