/* SPDX-License-Identifier: Apache-2.0 */
#include "pto/kernel.h"

/* Copies the bytes of one contiguous tensor to another. Volatile keeps the compiler from calling memcpy, which a shared
 * object without libraries does not have. */
PTO_KERNEL(args)
{
    const pto_tensor *from = pto_kernel_tensor(args, 0);
    const volatile uint8_t *source = (const volatile uint8_t *)pto_kernel_data(args, 0);
    volatile uint8_t *target = (volatile uint8_t *)pto_kernel_data(args, 1);
    const uint64_t size = pto_tensor_count(from) * pto_dtype_size(from->dtype);
    uint64_t i;
    for (i = 0; i < size; i++)
        target[i] = source[i];
}
