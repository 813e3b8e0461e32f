/* SPDX-License-Identifier: Apache-2.0 */
/* Never returns and never calls anything. */
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    volatile int64_t *word = args;
    while (word[0] == word[0])
        ;
}
