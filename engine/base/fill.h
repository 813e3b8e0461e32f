// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_BASE_FILL_H
#define PTO_ENGINE_BASE_FILL_H

#include "engine/base/memory.h"

#include <cstdint>

namespace pto {

template <class Element> void fill_with(void *memory, uint64_t count, uint64_t bits)
{
    auto *elements = static_cast<Element *>(memory);
    for (uint64_t i = 0; i < count; i++)
        elements[i] = static_cast<Element>(bits);
}

/// Gives `count` elements of 1, 2, 4 or 8 bytes the value in the low bits of `bits`.
inline void fill_elements(void *memory, uint64_t count, uint32_t size_bytes, uint64_t bits)
{
    switch (size_bytes) {
    case 1: memset(memory, static_cast<int>(bits & 0xff), count); break;
    case 2: fill_with<uint16_t>(memory, count, bits); break;
    case 4: fill_with<uint32_t>(memory, count, bits); break;
    default: fill_with<uint64_t>(memory, count, bits); break;
    }
}

} // namespace pto

#endif
