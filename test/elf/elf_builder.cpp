// SPDX-License-Identifier: Apache-2.0
#include "elf_builder.hpp"

#include <algorithm>
#include <cstdlib>

namespace pto::test {
namespace {

using namespace elf;

constexpr uint32_t kHashOfAnswer = 0xf22b0875; ///< As DT_GNU_HASH has it.
constexpr uint32_t kHashOfData = 0x7c95915f;

/// What a machine calls its relocations.
struct Types {
    uint32_t absolute;
    uint32_t global;
    uint32_t jump;
    uint32_t relative;
};

Types types_of(Machine machine)
{
    return machine == Machine::kAarch64 ? Types{257, 1025, 1026, 1027} : Types{1, 6, 7, 8};
}

Relocation relocation(uint64_t word, uint32_t type, uint64_t symbol, uint64_t addend)
{
    return {kBuiltData + 8 * word, symbol << 32 | type, addend};
}

uint8_t info(SymbolBinding binding, uint32_t type)
{
    return static_cast<uint8_t>(binding << 4 | type);
}

template <class T> void put(std::vector<char> *bytes, uint64_t offset, const std::vector<T> &items)
{
    const std::size_t size = items.size() * sizeof(T);
    if (bytes->size() < offset + size)
        std::abort();
    if (size > 0)
        std::memcpy(bytes->data() + offset, items.data(), size);
}

} // namespace

ElfBuilder::ElfBuilder(Machine machine)
{
    std::memcpy(header.ident, kMagic, sizeof kMagic);
    header.ident[kIdentClass] = kClass64;
    header.ident[kIdentData] = kLittleEndian;
    header.ident[kIdentVersion] = 1;
    header.type = kSharedObject;
    header.machine = static_cast<uint16_t>(machine);
    header.version = kVersion;
    header.programs = sizeof header;
    header.header_bytes = sizeof header;
    header.program_bytes = sizeof(ProgramHeader);

    constexpr uint32_t kRead = 4;
    programs = {
        {kProgramLoad, kRead, 0, 0, 0, 0x600, 0x600, 0x1000},
        {kProgramLoad, kRead | kExecutable, kBuiltCode, kBuiltCode, 0, 0x10, 0x10, 0x1000},
        {kProgramLoad, kRead | kWritable, kBuiltData, kBuiltData, 0, kBuiltEnd - kBuiltData,
         kBuiltMemoryEnd - kBuiltData, 0x1000},
        {kProgramDynamic, kRead | kWritable, kBuiltDynamic, kBuiltDynamic, 0, kBuiltEnd - kBuiltDynamic,
         kBuiltEnd - kBuiltDynamic, 8},
        {kProgramRelro, kRead, kBuiltData, kBuiltData, 0, kBuiltEnd - kBuiltData, 0x1000, 1},
        {kProgramStack, kRead | kWritable, 0, 0, 0, 0, 0, 16},
    };

    static constexpr char kStrings[] = "\0answer\0data\0weak";
    strings.assign(kStrings, kStrings + sizeof kStrings);
    symbols = {
        {},
        {13, info(kBindingWeak, 0), 0, kSectionUndefined, 0, 0},
        {1, info(kBindingGlobal, kTypeFunction), 0, 2, kBuiltCode, 6},
        {8, info(kBindingGlobal, kTypeObject), 0, 3, 0x3010, 8},
    };
    hash = {1, kBuiltSymbolCount, kBuiltAnswer, 0, 0, kBuiltDatum, 0};
    gnu_hash = {1, kBuiltAnswer, 1, 0, 0xffffffff, 0xffffffff, kBuiltAnswer, kHashOfAnswer & ~1u, kHashOfData | 1u};

    const Types types = types_of(machine);
    rela = {relocation(0, types.relative, 0, kBuiltCode), relocation(1, types.absolute, kBuiltAnswer, 2),
            relocation(2, types.global, kBuiltDatum, 0), relocation(3, types.absolute, kBuiltWeak, 5)};
    plt_rela = {relocation(4, types.jump, kBuiltAnswer, 0)};
    relr = {kBuiltData + 8 * 5, 3}; // Word 5, and the one behind it.
    data = {0, 0, 0, 0, 0, kBuiltData + 0x10, kBuiltCode, 1234};
    dynamic = {{4, kBuiltHash},
               {5, kBuiltStrings},
               {6, kBuiltSymbols},
               {10, strings.size()},
               {11, 24},
               {0x6ffffef5, kBuiltGnuHash},
               {7, kBuiltRela},
               {8, 4 * 24},
               {9, 24},
               {23, kBuiltPltRela},
               {2, 24},
               {20, 7},
               {36, kBuiltRelr},
               {35, 16},
               {37, 8},
               {24, 0},
               {0, 0}};
}

DynamicEntry &ElfBuilder::entry(uint64_t tag)
{
    const auto found =
        std::find_if(dynamic.begin(), dynamic.end(), [&](const DynamicEntry &entry) { return entry.tag == tag; });
    if (found == dynamic.end())
        std::abort();
    return *found;
}

void ElfBuilder::drop(uint64_t tag)
{
    dynamic.erase(dynamic.begin() + (&entry(tag) - dynamic.data()));
}

void ElfBuilder::move_to(uint64_t base)
{
    for (int i = kBuiltConstants; i <= kBuiltRelro; i++)
        programs[static_cast<std::size_t>(i)].address += base;
    for (const uint64_t tag : {4u, 5u, 6u, 7u, 23u, 36u, 0x6ffffef5u})
        entry(tag).value += base;
    for (const BuiltSymbol symbol : {kBuiltAnswer, kBuiltDatum})
        symbols[symbol].address += base;
    for (Relocation &place : rela)
        place.offset += base;
    plt_rela[0].offset += base;
    rela[0].addend += base;
    relr[0] += base;
    data[5] += base;
    data[6] += base;
}

std::vector<char> ElfBuilder::bytes() const
{
    std::vector<char> bytes(kBuiltEnd);
    FileHeader complete = header;
    if (complete.program_count == 0)
        complete.program_count = static_cast<uint16_t>(programs.size());
    put(&bytes, sizeof complete, programs);
    put(&bytes, 0, std::vector<FileHeader>{complete});
    put(&bytes, kBuiltSymbols, symbols);
    put(&bytes, kBuiltStrings, strings);
    put(&bytes, kBuiltHash, hash);
    put(&bytes, kBuiltGnuHash, gnu_hash);
    put(&bytes, kBuiltRela, rela);
    put(&bytes, kBuiltPltRela, plt_rela);
    put(&bytes, kBuiltRelr, relr);
    put(&bytes, kBuiltCode, std::vector<uint8_t>{0xb8, 42, 0, 0, 0, 0xc3}); // x86-64: answers 42
    put(&bytes, kBuiltData, data);
    put(&bytes, kBuiltDynamic, dynamic);
    return bytes;
}

} // namespace pto::test
