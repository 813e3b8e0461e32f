/* SPDX-License-Identifier: Apache-2.0 */
/* Never returns and never calls anything. */
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    volatile int forever = args != NULL;
    while (forever)
        ;
}
