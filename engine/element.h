// SPDX-License-Identifier: Apache-2.0
// Elements in memory that cores use too, for whoever is on the device.
#ifndef PTO_ENGINE_ELEMENT_H
#define PTO_ENGINE_ELEMENT_H

#include "engine/base/fill.h"
#include "engine/port.h"

namespace pto::inline PTO_ARCH::engine {

/// An element of up to 8 bytes, zero-extended.
inline uint64_t read_element(const Port &port, uint64_t address, uint32_t size_bytes)
{
    uint64_t bits = 0;
    port.see(address, size_bytes);
    memcpy(&bits, reinterpret_cast<const void *>(address), size_bytes);
    return bits;
}

inline void write_element(const Port &port, uint64_t address, uint32_t size_bytes, uint64_t bits)
{
    memcpy(reinterpret_cast<void *>(address), &bits, size_bytes);
    port.show(address, size_bytes);
}

/// Gives `count` elements in a row one value.
inline void write_elements(const Port &port, uint64_t address, uint64_t count, uint32_t size_bytes, uint64_t bits)
{
    fill_elements(reinterpret_cast<void *>(address), count, size_bytes, bits);
    port.show(address, count * size_bytes);
}

} // namespace pto::inline PTO_ARCH::engine

#endif
