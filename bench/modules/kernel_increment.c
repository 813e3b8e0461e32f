/* SPDX-License-Identifier: Apache-2.0 */
/* The first element of the output is one more than that of the input. */
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    *(uint64_t *)pto_kernel_data(args, 1) = *(const uint64_t *)pto_kernel_data(args, 0) + 1;
}
