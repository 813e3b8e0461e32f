// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_AICPU_ELF_ELF_DYNAMIC_H
#define PTO_AICPU_ELF_ELF_DYNAMIC_H

#include "aicpu/elf/elf_layout.h"

namespace pto::inline PTO_ARCH::aicpu::elf {

/// The bytes of an image in memory, before or after they are relocated.
class Image {
public:
    /// `origin` is where address 0 would lie; memory is there for what lies in the layout's range.
    Image(const Layout &layout, std::byte *origin) : Image(layout, origin, reinterpret_cast<uint64_t>(origin)) {}
    /// The same for an image that will run elsewhere, with `target` as its address 0, than its bytes lie now.
    Image(const Layout &layout, std::byte *origin, uint64_t target)
        : layout_(layout), origin_(reinterpret_cast<uint64_t>(origin)), target_(target)
    {
    }

    const Layout &layout() const { return layout_; }
    /// Where an address of the image lies; it is in the layout's range.
    std::byte *at(uint64_t address) const { return reinterpret_cast<std::byte *>(origin_ + address); }
    /// What the address is when the image runs.
    uint64_t loaded_address(uint64_t address) const { return target_ + address; }
    template <class T> T read(uint64_t address) const
    {
        T value;
        memcpy(&value, at(address), sizeof value);
        return value;
    }
    /// Writable segments may be changed by code that runs, and are by relocations: no table lies there.
    bool is_constant(uint64_t address, uint64_t count) const
    {
        const Segment *segment = layout_.segment_of(address, count);
        return segment != nullptr && !segment->is_writable();
    }

private:
    const Layout &layout_;
    uint64_t origin_;
    uint64_t target_;
};

/// Entries of the dynamic section that the loader needs.
struct DynamicTables {
    uint64_t symbols;      ///< DT_SYMTAB
    AddressRange strings;  ///< DT_STRTAB: not empty, ends with a zero.
    uint64_t hash;         ///< DT_HASH; 0: there is none. Its length is not checked.
    uint64_t gnu_hash;     ///< DT_GNU_HASH; likewise.
    AddressRange rela;     ///< DT_RELA: whole entries, as the other two.
    AddressRange plt_rela; ///< DT_JMPREL
    AddressRange relr;     ///< DT_RELR
};

/// Reads and checks the dynamic section. Tables whose sizes it says are in segments that are not writable.
pto_status read_dynamic(const Image &image, DynamicTables *out, MessageBuffer message);

} // namespace pto::inline PTO_ARCH::aicpu::elf

#endif
