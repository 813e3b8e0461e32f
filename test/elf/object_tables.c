/* SPDX-License-Identifier: Apache-2.0 */
/* What C leaves to the loader: pointers in data, tables of functions, calls of functions that others could replace,
 * memory that begins as zero, symbols that nobody defines. */
#include <stddef.h>

#define EXPORT __attribute__((visibility("default")))

typedef int (*operation)(int);

/* Exported functions are called through the PLT, and their addresses come from the GOT. */
EXPORT int object_double(int x)
{
    return 2 * x;
}
EXPORT int object_negate(int x)
{
    return -x;
}
static int increment(int x)
{
    return x + 1;
}

EXPORT const operation object_operations[] = {object_double, object_negate, increment};

EXPORT int object_counter = 40;
EXPORT int *const object_counter_address = &object_counter;
static int numbers[16] = {3, 1, 4, 1, 5, 9, 2, 6};
EXPORT int *object_behind_numbers = numbers + 16; /* Behind, but of the image. */
static const char *const words[] = {"zero", "one", "two", "three"};

EXPORT unsigned char object_zeros[5000];

__attribute__((weak)) EXPORT extern int object_missing(int x);
__attribute__((weak)) EXPORT extern int object_missing_data;
EXPORT int (*object_missing_pointer)(int) = object_missing;
EXPORT const int *object_missing_data_pointer = &object_missing_data;

/* Every operation, then all of them after one another. */
EXPORT int object_chain(int x)
{
    for (size_t i = 0; i < sizeof object_operations / sizeof *object_operations; i++)
        x = object_operations[i](x);
    return object_negate(object_double(x));
}

EXPORT int object_count(void)
{
    return (*object_counter_address)++;
}

EXPORT int object_letter(int word, int letter)
{
    return words[word][letter];
}

EXPORT int object_sum(void)
{
    int sum = 0;
    for (const int *at = object_behind_numbers; at != numbers;)
        sum += *--at;
    for (size_t i = 0; i < sizeof object_zeros; i++)
        sum += object_zeros[i];
    object_zeros[4999] = 1;
    return sum;
}

EXPORT int object_is_missing(void)
{
    return object_missing == NULL && object_missing_pointer == NULL && object_missing_data_pointer == NULL;
}
