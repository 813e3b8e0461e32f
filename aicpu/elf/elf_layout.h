// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_AICPU_ELF_ELF_LAYOUT_H
#define PTO_AICPU_ELF_ELF_LAYOUT_H

#include "aicpu/elf/elf_format.h"
#include "engine/base/memory.h"
#include "engine/orch_entry.h"

namespace pto::inline PTO_ARCH::aicpu::elf {

using engine::MessageBuffer;
using engine::refuse_orch;

/// For printf: 64-bit integers have different types on different machines.
using Printed = unsigned long long;

/// A file that nobody vouches for, and that need not be aligned.
struct FileBytes {
    const std::byte *data;
    uint64_t size;

    bool holds(uint64_t offset, uint64_t count) const { return offset <= size && count <= size - offset; }
    /// What holds() has said yes to.
    template <class T> T read(uint64_t offset) const
    {
        T value;
        memcpy(&value, data + offset, sizeof value);
        return value;
    }
};

/// Addresses and sizes of an image are below this, so that sums of a few of them do not overflow.
inline constexpr uint64_t kAddressLimit = uint64_t{1} << 60;

/// Linkers make three to five.
inline constexpr uint32_t kMaxSegments = 8;

/// From `begin` on, before `end`: addresses of the image.
struct AddressRange {
    uint64_t begin;
    uint64_t end;

    bool empty() const { return begin == end; }
    bool holds(uint64_t address, uint64_t count) const
    {
        return address >= begin && address <= end && count <= end - address;
    }
};

/// A part of the file that is loaded.
struct Segment {
    AddressRange range; ///< Not empty.
    uint64_t offset;
    uint64_t file_bytes; ///< The rest is zero.
    uint32_t flags;

    bool is_executable() const { return (flags & kExecutable) != 0; }
    bool is_writable() const { return (flags & kWritable) != 0; }
};

/// What an image looks like in memory. Segments ascend and do not overlap, their bytes lie inside the file.
struct Layout {
    Segment segments[kMaxSegments];
    uint32_t segment_count;
    uint64_t alignment;      ///< A power of two: the image may be moved by multiples of it.
    AddressRange dynamic;    ///< Inside the bytes from the file of one segment.
    uint64_t dynamic_offset; ///< Where it lies in the file.
    AddressRange relro;      ///< Read-only once relocations are done: part of one writable segment, or empty.

    /// From the first segment's first byte to behind the last one's.
    AddressRange range() const { return {segments[0].range.begin, segments[segment_count - 1].range.end}; }
    /// Whether the image may point there: what links it rounds its end up.
    bool is_near(uint64_t address) const { return address >= range().begin && address <= range().end + alignment; }
    /// The segment that a range lies in, nullptr if there is none. An empty range may lie at the end.
    const Segment *segment_of(uint64_t address, uint64_t count) const;
};

/// Not std::has_single_bit: compilers make a call of it where the machine does not count bits.
constexpr bool is_power_of_two(uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

constexpr bool is_known(Machine machine)
{
    return machine == Machine::kX86_64 || machine == Machine::kAarch64;
}

/// Reads and checks the headers of a file. It may be for a machine that is not known, if that is the one that is
/// wanted: such an image can be laid out if nothing in it has to be relocated.
pto_status read_layout(const FileBytes &file, Machine machine, Layout *out, MessageBuffer message);

} // namespace pto::inline PTO_ARCH::aicpu::elf

#endif
