// SPDX-License-Identifier: Apache-2.0
// The only door to libc: the four functions that compilers call on their own. A port without libc supplies them.
#ifndef PTO_ENGINE_BASE_MEMORY_H
#define PTO_ENGINE_BASE_MEMORY_H

#include <cstddef>
#include <new>
#include <type_traits>

extern "C" {
void *memcpy(void *destination, const void *source, std::size_t size) noexcept;
void *memset(void *destination, int value, std::size_t size) noexcept;
int memcmp(const void *a, const void *b, std::size_t size) noexcept;
}

#endif
