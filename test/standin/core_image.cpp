// SPDX-License-Identifier: Apache-2.0
#include "core_image.hpp"

#include <cerrno>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace standin {
namespace {

constexpr std::string_view kMatrixSuffix = "_0_mix_aic";
constexpr std::string_view kVectorSuffix = "_0_mix_aiv";

/// Names of the functions that the file defines for others. Its headers are believed: the file is this build's own.
std::vector<std::string> exported_functions(const char *file, uint64_t size)
{
    std::vector<std::string> names;
    Elf64_Ehdr header;
    std::memcpy(&header, file, sizeof header);
    for (uint32_t i = 0; i < header.e_shnum; i++) {
        Elf64_Shdr table;
        Elf64_Shdr strings;
        if (header.e_shoff + (i + 1) * sizeof table > size)
            break;
        std::memcpy(&table, file + header.e_shoff + i * sizeof table, sizeof table);
        if (table.sh_type != SHT_DYNSYM || table.sh_offset + table.sh_size > size)
            continue;
        std::memcpy(&strings, file + header.e_shoff + table.sh_link * sizeof strings, sizeof strings);
        for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= table.sh_size; at += sizeof(Elf64_Sym)) {
            Elf64_Sym symbol;
            std::memcpy(&symbol, file + table.sh_offset + at, sizeof symbol);
            if (ELF64_ST_TYPE(symbol.st_info) == STT_FUNC && symbol.st_shndx != SHN_UNDEF)
                names.emplace_back(file + strings.sh_offset + symbol.st_name);
        }
    }
    return names;
}

std::string load_file(const void *bytes, uint64_t size, void **out)
{
    const int file = memfd_create("standin-core-image", 0);
    if (file < 0 || write(file, bytes, size) != static_cast<ssize_t>(size))
        return std::string("memfd: ") + std::strerror(errno);
    // The descriptor stays open, so that no other image gets the same path, which would mean the same object.
    const std::string path = "/proc/self/fd/" + std::to_string(file);
    *out = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    return *out != nullptr ? std::string() : std::string("the core image cannot be loaded: ") + dlerror();
}

} // namespace

std::string load_core_image(const void *bytes, uint64_t size, CoreImage *out)
{
    const auto *const file = static_cast<const char *>(bytes);
    if (size < sizeof(Elf64_Ehdr) || std::memcmp(file, ELFMAG, SELFMAG) != 0 || file[EI_CLASS] != ELFCLASS64)
        return "the core image is not an ELF file of 64 bits";
    std::string matrix;
    std::string vector;
    for (const std::string &name : exported_functions(file, size)) {
        std::string *const entry = name.ends_with(kMatrixSuffix)   ? &matrix
                                   : name.ends_with(kVectorSuffix) ? &vector
                                                                   : nullptr;
        if (entry == nullptr)
            continue;
        if (!entry->empty())
            return "the core image has two entries, " + *entry + " and " + name;
        *entry = name;
    }
    if (matrix.empty() || vector.empty())
        return "the core image exports no entry that ends in " +
               std::string(matrix.empty() ? kMatrixSuffix : kVectorSuffix);
    if (matrix.substr(0, matrix.size() - kMatrixSuffix.size()) !=
        vector.substr(0, vector.size() - kVectorSuffix.size()))
        return "the core image's entries " + matrix + " and " + vector + " have different names";
    void *handle = nullptr;
    const std::string failed = load_file(bytes, size, &handle);
    if (!failed.empty())
        return failed;
    out->matrix = reinterpret_cast<void (*)(uint64_t)>(dlsym(handle, matrix.c_str()));
    out->vector = reinterpret_cast<void (*)(uint64_t)>(dlsym(handle, vector.c_str()));
    return {};
}

} // namespace standin
