// SPDX-License-Identifier: Apache-2.0
// The functions that compilers call on their own, for objects that may need no other object. Bytes are volatile, so
// that compilers do not make calls of the loops.
#include <cstddef>

#define PRIVATE extern "C" __attribute__((visibility("hidden")))

PRIVATE void *memcpy(void *destination, const void *source, std::size_t size)
{
    auto *to = static_cast<volatile unsigned char *>(destination);
    const auto *from = static_cast<const unsigned char *>(source);
    for (std::size_t i = 0; i < size; i++)
        to[i] = from[i];
    return destination;
}

PRIVATE void *memmove(void *destination, const void *source, std::size_t size)
{
    auto *to = static_cast<volatile unsigned char *>(destination);
    const auto *from = static_cast<const unsigned char *>(source);
    if (static_cast<const unsigned char *>(destination) <= from)
        return memcpy(destination, source, size);
    while (size-- > 0)
        to[size] = from[size];
    return destination;
}

PRIVATE void *memset(void *destination, int value, std::size_t size)
{
    auto *to = static_cast<volatile unsigned char *>(destination);
    for (std::size_t i = 0; i < size; i++)
        to[i] = static_cast<unsigned char>(value);
    return destination;
}

PRIVATE int memcmp(const void *a, const void *b, std::size_t size)
{
    const auto *left = static_cast<const volatile unsigned char *>(a);
    const auto *right = static_cast<const volatile unsigned char *>(b);
    for (std::size_t i = 0; i < size; i++) {
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    }
    return 0;
}
