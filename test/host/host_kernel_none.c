/* SPDX-License-Identifier: Apache-2.0 */
/* A shared object without a kernel's entry. */
#include "pto/base.h"

extern PTO_EXPORT int not_a_kernel_entry(void);
int not_a_kernel_entry(void)
{
    return 0;
}
