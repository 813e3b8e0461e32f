// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_HANDLE_H
#define PTO_HOST_HANDLE_H

#include <cstdint>

namespace pto::host {

/// Handles are numbers and never addresses: a slot, and the generation that tells its users apart, so that one that has
/// ended is recognised without touching freed memory. They are odd, so that no aligned pointer is one, and never NULL.
/// The bits above the generation hold `kMark`, which keeps handles of different kinds apart.
template <unsigned kSlotBits, unsigned kGenerationBits, uint64_t kMark> struct HandleFormat {
    static_assert(1 + kSlotBits + kGenerationBits < 64);
    static constexpr unsigned kMarkShift = 1 + kSlotBits + kGenerationBits;
    static constexpr uint64_t kGenerationMask = (uint64_t{1} << kGenerationBits) - 1;

    /// A generation is cut to its bits.
    static constexpr uint64_t encode(uint64_t slot, uint64_t generation)
    {
        return kMark << kMarkShift | (generation & kGenerationMask) << (1 + kSlotBits) | slot << 1 | 1;
    }

    /// False for what cannot be a handle of this kind.
    static constexpr bool decode(uint64_t bits, uint32_t *slot, uint64_t *generation)
    {
        *slot = static_cast<uint32_t>(bits >> 1 & ((uint64_t{1} << kSlotBits) - 1));
        *generation = bits >> (1 + kSlotBits) & kGenerationMask;
        return (bits & 1) != 0 && bits >> kMarkShift == kMark;
    }
};

using ContextHandle = HandleFormat<12, 32, 0>;

/// The slot of a run is that of its context and, below, its own there.
inline constexpr unsigned kRunSlotBits = 10;
using RunHandle = HandleFormat<10 + kRunSlotBits, 42, 1>;

} // namespace pto::host

#endif
