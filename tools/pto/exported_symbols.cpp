// SPDX-License-Identifier: Apache-2.0
#include "exported_symbols.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <elf.h>

namespace pto::tool {
namespace {

constexpr unsigned char kByteOrder = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;

/// The bytes that a table in the file says that it has; nothing when they are not all there.
std::optional<std::span<const std::byte>> part_of(std::span<const std::byte> file, uint64_t offset, uint64_t size)
{
    if (offset > file.size() || size > file.size() - offset)
        return std::nullopt;
    return file.subspan(offset, size);
}

/// Entry `index` of a table, which may lie at any address.
template <class Entry> std::optional<Entry> entry_of(std::span<const std::byte> table, uint64_t index)
{
    if (index >= table.size() / sizeof(Entry))
        return std::nullopt;
    Entry entry;
    std::memcpy(&entry, table.data() + index * sizeof(Entry), sizeof(Entry));
    return entry;
}

std::optional<std::string> string_at(std::span<const std::byte> strings, uint64_t offset)
{
    if (offset >= strings.size())
        return std::nullopt;
    const auto begin = strings.begin() + static_cast<std::ptrdiff_t>(offset);
    const auto end = std::find(begin, strings.end(), std::byte{0});
    if (end == strings.end())
        return std::nullopt;
    return std::string(reinterpret_cast<const char *>(&*begin), static_cast<size_t>(end - begin));
}

bool is_exported(const Elf64_Sym &symbol)
{
    const unsigned binding = ELF64_ST_BIND(symbol.st_info);
    const unsigned visibility = ELF64_ST_VISIBILITY(symbol.st_other);
    return symbol.st_shndx != SHN_UNDEF && binding != STB_LOCAL &&
           (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

std::optional<std::vector<ExportedSymbol>> read_symbols(std::span<const std::byte> symbols,
                                                        std::span<const std::byte> strings)
{
    std::vector<ExportedSymbol> exported;
    for (uint64_t i = 0; i < symbols.size() / sizeof(Elf64_Sym); i++) {
        const auto symbol = entry_of<Elf64_Sym>(symbols, i);
        if (!is_exported(*symbol))
            continue;
        const auto name = string_at(strings, symbol->st_name);
        if (!name)
            return std::nullopt;
        const unsigned type = ELF64_ST_TYPE(symbol->st_info);
        exported.push_back({*name, type == STT_FUNC || type == STT_GNU_IFUNC});
    }
    return exported;
}

} // namespace

std::optional<std::vector<ExportedSymbol>> exported_symbols(std::span<const std::byte> file)
{
    const auto header = entry_of<Elf64_Ehdr>(file, 0);
    if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64 ||
        header->e_ident[EI_DATA] != kByteOrder || header->e_shentsize != sizeof(Elf64_Shdr))
        return std::nullopt;
    const auto sections = part_of(file, header->e_shoff, uint64_t{header->e_shnum} * sizeof(Elf64_Shdr));
    if (!sections)
        return std::nullopt;
    for (uint64_t i = 0; i < header->e_shnum; i++) {
        const auto section = entry_of<Elf64_Shdr>(*sections, i);
        if (section->sh_type != SHT_DYNSYM)
            continue;
        const auto names = entry_of<Elf64_Shdr>(*sections, section->sh_link);
        const auto symbols = part_of(file, section->sh_offset, section->sh_size);
        const auto strings = names ? part_of(file, names->sh_offset, names->sh_size) : std::nullopt;
        return symbols && strings ? read_symbols(*symbols, *strings) : std::nullopt;
    }
    return std::vector<ExportedSymbol>();
}

} // namespace pto::tool
