/* SPDX-License-Identifier: Apache-2.0 */
/* The last of TENSORS int32 tensors gets the sum of the others' first elements and of SCALARS scalars, each of them
 * multiplied with its position from 1: an argument that is lost or out of order changes it. */
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i + 1 < TENSORS; i++)
        sum += (int64_t)(i + 1) * *(const int32_t *)pto_kernel_data(args, i);
    for (uint32_t i = 0; i < SCALARS; i++)
        sum += (int64_t)(TENSORS + i) * args[TENSORS + i];
    *(int32_t *)pto_kernel_data(args, TENSORS - 1) = (int32_t)sum;
}
