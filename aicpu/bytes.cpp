// SPDX-License-Identifier: Apache-2.0
// The four functions that compilers call on their own, for a shared object that needs nothing of anybody. Hidden, like
// all that is not exported: the program around it keeps its own. Compiled so that no loop here becomes a call of the
// function that it is in.
#include <cstddef>
#include <cstdint>

namespace {

/// Words that may lie anywhere and overlap everything.
using Word __attribute__((aligned(1), may_alias)) = uint64_t;

void copy_up(unsigned char *to, const unsigned char *from, std::size_t size)
{
    for (; size >= sizeof(Word); size -= sizeof(Word), to += sizeof(Word), from += sizeof(Word))
        *reinterpret_cast<Word *>(to) = *reinterpret_cast<const Word *>(from);
    for (; size > 0; size--)
        *to++ = *from++;
}

void copy_down(unsigned char *to, const unsigned char *from, std::size_t size)
{
    for (; size >= sizeof(Word); size -= sizeof(Word))
        *reinterpret_cast<Word *>(to + size - sizeof(Word)) =
            *reinterpret_cast<const Word *>(from + size - sizeof(Word));
    for (; size > 0; size--)
        to[size - 1] = from[size - 1];
}

} // namespace

extern "C" {

void *memcpy(void *destination, const void *source, std::size_t size) noexcept
{
    copy_up(static_cast<unsigned char *>(destination), static_cast<const unsigned char *>(source), size);
    return destination;
}

void *memmove(void *destination, const void *source, std::size_t size) noexcept
{
    auto *to = static_cast<unsigned char *>(destination);
    const auto *from = static_cast<const unsigned char *>(source);
    // Upwards, nothing is written before it is read unless the destination begins inside the source.
    if (reinterpret_cast<uintptr_t>(to) - reinterpret_cast<uintptr_t>(from) >= size)
        copy_up(to, from, size);
    else
        copy_down(to, from, size);
    return destination;
}

void *memset(void *destination, int value, std::size_t size) noexcept
{
    auto *to = static_cast<unsigned char *>(destination);
    const Word word = static_cast<unsigned char>(value) * UINT64_C(0x0101010101010101);
    for (; size >= sizeof word; size -= sizeof word, to += sizeof word)
        *reinterpret_cast<Word *>(to) = word;
    for (; size > 0; size--)
        *to++ = static_cast<unsigned char>(value);
    return destination;
}

int memcmp(const void *a, const void *b, std::size_t size) noexcept
{
    const auto *left = static_cast<const unsigned char *>(a), *right = static_cast<const unsigned char *>(b);
    for (; size > 0; size--, left++, right++)
        if (*left != *right)
            return *left < *right ? -1 : 1;
    return 0;
}
}
