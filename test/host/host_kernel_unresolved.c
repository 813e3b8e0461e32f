/* SPDX-License-Identifier: Apache-2.0 */
/* Needs a function that nobody has. */
#include "pto/kernel.h"

void function_that_nobody_has(int64_t *args);

PTO_KERNEL(args)
{
    function_that_nobody_has(args);
}
