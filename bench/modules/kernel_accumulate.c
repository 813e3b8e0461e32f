/* SPDX-License-Identifier: Apache-2.0 */
/* Adds the first element of the input to that of the output: with an input of one, the output counts the runs. */
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    *(uint64_t *)pto_kernel_data(args, 1) += *(const uint64_t *)pto_kernel_data(args, 0);
}
