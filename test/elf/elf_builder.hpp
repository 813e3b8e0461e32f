// SPDX-License-Identifier: Apache-2.0
// Shared objects made by hand, of which every field can be made wrong.
#ifndef PTO_TEST_ELF_ELF_BUILDER_HPP
#define PTO_TEST_ELF_ELF_BUILDER_HPP

#include <cstring>
#include <utility>
#include <vector>

#include "aicpu/elf/elf_format.h"

namespace pto::test {

namespace elf = aicpu::elf;

/// Places of the parts in file and memory; constants from 0, code from one page on, data from two.
enum BuiltPlace : uint64_t {
    kBuiltSymbols = 0x2e0,
    kBuiltStrings = 0x340,
    kBuiltHash = 0x360,
    kBuiltRela = 0x400,
    kBuiltPltRela = 0x500,
    kBuiltRelr = 0x540,
    kBuiltGnuHash = 0x5dc, ///< Ends with the constants.
    kBuiltCode = 0x1000,
    kBuiltData = 0x2000,    ///< Eight words, the first of which are relocated.
    kBuiltDynamic = 0x2100, ///< Relocated data before it, 0x200 bytes of it.
    kBuiltEnd = 0x2300,     ///< Of the file; memory goes on with zeros.
    kBuiltMemoryEnd = 0x3400,
};

/// Indices of program headers.
enum BuiltProgram { kBuiltConstants, kBuiltText, kBuiltWritable, kBuiltDynamicHeader, kBuiltRelro, kBuiltStack };

/// Indices of symbols. Names are at 1 and 8 in the strings "\0answer\0data\0weak\0".
enum BuiltSymbol { kBuiltNone, kBuiltWeak, kBuiltAnswer, kBuiltDatum, kBuiltSymbolCount };

/// A sound object: change what is to be wrong, then take bytes().
struct ElfBuilder {
    explicit ElfBuilder(elf::Machine machine = elf::Machine::kX86_64);

    elf::FileHeader header{};
    std::vector<elf::ProgramHeader> programs;
    std::vector<elf::DynamicEntry> dynamic;
    std::vector<elf::Symbol> symbols;
    std::vector<char> strings;
    std::vector<uint32_t> hash;
    std::vector<uint32_t> gnu_hash; ///< Of "answer" and "data", in one bucket.
    std::vector<elf::Relocation> rela;
    std::vector<elf::Relocation> plt_rela;
    std::vector<uint64_t> relr;
    std::vector<uint64_t> data;

    /// The first entry with a tag.
    elf::DynamicEntry &entry(uint64_t tag);
    void drop(uint64_t tag);
    /// Links it to another address than 0. Its bytes stay where they are.
    void move_to(uint64_t base);
    std::vector<char> bytes() const;
};

} // namespace pto::test

#endif
