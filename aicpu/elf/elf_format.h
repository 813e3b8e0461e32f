// SPDX-License-Identifier: Apache-2.0
// Layouts and numbers of ELF64 files, as far as shared objects without needs have them. Names of the ELF specification
// stand beside ours.
#ifndef PTO_AICPU_ELF_ELF_FORMAT_H
#define PTO_AICPU_ELF_ELF_FORMAT_H

#include "engine/arch/arch.h"

#include <bit>
#include <cstdint>

namespace pto::inline PTO_ARCH::aicpu::elf {

static_assert(std::endian::native == std::endian::little, "files are read as they lie there");

/// Elf64_Ehdr
struct FileHeader {
    uint8_t ident[16];
    uint16_t type;
    uint16_t machine;
    uint32_t version;
    uint64_t entry;
    uint64_t programs; ///< Offset of the program headers.
    uint64_t sections; ///< Offset of the section headers.
    uint32_t flags;
    uint16_t header_bytes;
    uint16_t program_bytes;
    uint16_t program_count;
    uint16_t section_bytes;
    uint16_t section_count;
    uint16_t section_names;
};
static_assert(sizeof(FileHeader) == 64);

inline constexpr uint8_t kMagic[] = {0x7f, 'E', 'L', 'F'};
inline constexpr uint32_t kIdentClass = 4; ///< Places in `ident`.
inline constexpr uint32_t kIdentData = 5;
inline constexpr uint32_t kIdentVersion = 6;
inline constexpr uint32_t kIdentSystem = 7;
inline constexpr uint32_t kIdentSystemVersion = 8;
inline constexpr uint8_t kClass32 = 1;
inline constexpr uint8_t kClass64 = 2;
inline constexpr uint8_t kLittleEndian = 1;
inline constexpr uint8_t kBigEndian = 2;
inline constexpr uint32_t kVersion = 1;
inline constexpr uint8_t kSystemV = 0;
inline constexpr uint8_t kSystemGnu = 3; ///< Linkers say so when a symbol is unique in the process.
inline constexpr uint16_t kSharedObject = 3;

/// Machines that the loader has relocations for: EM_X86_64, EM_AARCH64.
enum class Machine : uint16_t { kX86_64 = 62, kAarch64 = 183 };

/// Elf64_Phdr
struct ProgramHeader {
    uint32_t type;
    uint32_t flags;
    uint64_t offset;
    uint64_t address;
    uint64_t physical_address;
    uint64_t file_bytes;
    uint64_t memory_bytes;
    uint64_t alignment;
};
static_assert(sizeof(ProgramHeader) == 56);

enum ProgramType : uint32_t {
    kProgramLoad = 1,
    kProgramDynamic = 2,
    kProgramInterpreter = 3,
    kProgramShlib = 5,
    kProgramTls = 7,
    kProgramStack = 0x6474e551,
    kProgramRelro = 0x6474e552,
};
inline constexpr uint32_t kExecutable = 1; ///< Flags of a program header.
inline constexpr uint32_t kWritable = 2;

/// Elf64_Dyn
struct DynamicEntry {
    uint64_t tag;
    uint64_t value;
};
static_assert(sizeof(DynamicEntry) == 16);

/// Elf64_Sym
struct Symbol {
    uint32_t name; ///< Offset in the table of strings.
    uint8_t info;
    uint8_t other;
    uint16_t section;
    uint64_t address;
    uint64_t size_bytes;

    uint32_t type() const { return info & 0xf; }
    uint32_t binding() const { return info >> 4; }
    uint32_t visibility() const { return other & 3; }
};
static_assert(sizeof(Symbol) == 24);

enum SymbolType : uint32_t {
    kTypeObject = 1,
    kTypeFunction = 2,
    kTypeCommon = 5,
    kTypeTls = 6,
    kTypeIndirect = 10, // STT_GNU_IFUNC
};
enum SymbolBinding : uint32_t { kBindingLocal = 0, kBindingGlobal = 1, kBindingWeak = 2, kBindingUnique = 10 };
enum SymbolVisibility : uint32_t { kVisibilityDefault = 0, kVisibilityProtected = 3 };
inline constexpr uint16_t kSectionUndefined = 0;
inline constexpr uint16_t kSectionsReserved = 0xff00; ///< From here on numbers are no sections.
inline constexpr uint16_t kSectionAbsolute = 0xfff1;

/// Elf64_Rela
struct Relocation {
    uint64_t offset; ///< An address of the image.
    uint64_t info;
    uint64_t addend; ///< Signed in the specification; sums are modulo 2^64 either way.

    uint32_t type() const { return static_cast<uint32_t>(info); }
    uint32_t symbol() const { return static_cast<uint32_t>(info >> 32); }
};
static_assert(sizeof(Relocation) == 24);

} // namespace pto::inline PTO_ARCH::aicpu::elf

#endif
