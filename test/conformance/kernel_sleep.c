/* SPDX-License-Identifier: Apache-2.0 */
/* Sleeps for as many microseconds as its scalar says. */
#include "pto/kernel.h"

extern int usleep(unsigned microseconds);

PTO_KERNEL(args)
{
    usleep((unsigned)args[1]);
}
