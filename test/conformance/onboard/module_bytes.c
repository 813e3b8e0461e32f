/* SPDX-License-Identifier: Apache-2.0 */
/* What compilers call on their own. Through volatile, so that they do not make calls of these loops. */
#include <stddef.h>

void *memset(void *to, int value, size_t count)
{
    volatile unsigned char *bytes = (volatile unsigned char *)to;
    for (size_t i = 0; i < count; i++)
        bytes[i] = (unsigned char)value;
    return to;
}

void *memcpy(void *to, const void *from, size_t count)
{
    volatile unsigned char *bytes = (volatile unsigned char *)to;
    const unsigned char *source = (const unsigned char *)from;
    for (size_t i = 0; i < count; i++)
        bytes[i] = source[i];
    return to;
}
