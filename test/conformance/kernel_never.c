/* SPDX-License-Identifier: Apache-2.0 */
/* Never returns. It sleeps in the loop because a race detector delivers signals to a thread only when it calls the
 * system. */
#include "pauses.h"
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    volatile int64_t *forever = args;
    while (forever != NULL)
        pause_us(100);
}
