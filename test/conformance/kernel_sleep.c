/* SPDX-License-Identifier: Apache-2.0 */
/* Sleeps for as many microseconds as its scalar says. */
#include "pauses.h"
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    pause_us((unsigned)args[1]);
}
