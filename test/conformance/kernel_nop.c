/* SPDX-License-Identifier: Apache-2.0 */
/* Does nothing. */
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    (void)args;
}
