/* SPDX-License-Identifier: Apache-2.0 */
/* A program: an ELF file that is no shared object, whatever it exports. */
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    args[0] = 0;
}

int main(void)
{
    return 0;
}
