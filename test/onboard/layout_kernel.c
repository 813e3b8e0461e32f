/* SPDX-License-Identifier: Apache-2.0 */
/* A kernel with a pointer in its data, which says where it was laid out, or with none. */
#include "pto/kernel.h"

#ifdef WITH_POINTER
static int64_t value = 42;
static int64_t *volatile place = &value;

PTO_KERNEL(args)
{
    args[0] = (int64_t)(uintptr_t)place + *place;
}
#else
PTO_KERNEL(args)
{
    args[0] = 17;
}
#endif
