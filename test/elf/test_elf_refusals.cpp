// SPDX-License-Identifier: Apache-2.0
// A sound object made by hand, and what becomes of it when one thing in it is wrong: for each the status, and a message
// that names it.
#include "elf_test.hpp"

#include "elf_builder.hpp"
#include "loader_properties.hpp"

#include <iterator>

namespace {

using namespace pto::test;
using elf::DynamicEntry;
using elf::Machine;
using elf::ProgramHeader;

constexpr LoadMode kMode = {Machine::kX86_64, 4096, true, 0};

LoadOutcome load(const std::vector<char> &bytes, const LoadMode &mode = kMode)
{
    return check_loader(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size(), mode);
}

struct Forgery {
    pto_status status;
    const char *text;
    void (*forge)(ElfBuilder &elf);
};

void expect_refusal(const Forgery &forgery)
{
    ElfBuilder builder;
    forgery.forge(builder);
    const LoadOutcome outcome = load(builder.bytes());
    if (outcome.status != forgery.status || std::strstr(outcome.message, forgery.text) == nullptr)
        fail_msg("%d, '%s' instead of %d, '%s'", outcome.status, outcome.message, forgery.status, forgery.text);
}

template <std::size_t N> void expect_refusals(const Forgery (&forgeries)[N])
{
    for (const Forgery &forgery : forgeries)
        expect_refusal(forgery);
}

void a_sound_object_loads_on_both_machines(void **)
{
    for (const Machine machine : {Machine::kX86_64, Machine::kAarch64}) {
        const LoadOutcome outcome = load(ElfBuilder(machine).bytes(), {machine, 4096, true, 0});
        assert_string_equal(outcome.message, "");
        assert_int_equal(outcome.status, PTO_OK);
        assert_int_equal(outcome.found, 2);
    }
}

// ---- accepted although unusual

void what_is_unusual_but_sound_is_loaded(void **)
{
    static constexpr void (*kUnusual[])(ElfBuilder &) = {
        [](ElfBuilder &elf) { elf.drop(4); },
        [](ElfBuilder &elf) { elf.drop(0x6ffffef5); },
        [](ElfBuilder &elf) { elf.header.ident[elf::kIdentSystem] = 3; },
        [](ElfBuilder &elf) {
            elf.programs.push_back({0x6474e553, 4, 0x40, 0x40, 0, 8, 8, 8});
        }, // GNU_PROPERTY
        [](ElfBuilder &elf) {
            elf.programs.push_back({4, 4, 0x40, 0x40, 0, 8, 8, 4});
        }, // NOTE
        [](ElfBuilder &elf) {
            elf.programs.push_back({0x6474e550, 4, 0x40, 0x40, 0, 8, 8, 4});
        }, // GNU_EH_FRAME
        [](ElfBuilder &elf) {
            elf.programs.push_back({1, 4, 0, 0x1000, 0, 0, 0, 0x1000});
        },                                                                 // empty
        [](ElfBuilder &elf) { elf.rela[0].addend = kBuiltMemoryEnd + 8; }, // rounded up
        [](ElfBuilder &elf) { elf.move_to(0x40005000); },
        [](ElfBuilder &elf) { elf.programs[kBuiltRelro] = {elf::kProgramRelro, 4, 0x540, 0x540, 0, 0, 0, 1}; },
        [](ElfBuilder &elf) { elf.programs.erase(elf.programs.begin() + kBuiltRelro); },
        [](ElfBuilder &elf) { elf.programs.erase(elf.programs.begin() + kBuiltStack); },
        [](ElfBuilder &elf) { elf.programs[kBuiltConstants].alignment = 0; },
        [](ElfBuilder &elf) { elf.symbols[kBuiltDatum].info = 0xa1; }, // unique
        [](ElfBuilder &elf) { elf.symbols[kBuiltDatum].info = 0x21; }, // weak
        [](ElfBuilder &elf) { elf.symbols[kBuiltDatum].other = 3; },   // protected
        [](ElfBuilder &elf) { elf.symbols[kBuiltDatum].size_bytes = kBuiltMemoryEnd - 0x3010; },
        [](ElfBuilder &elf) { elf.rela[0].info = 0; },
        [](ElfBuilder &elf) { elf.rela[0].addend = kBuiltMemoryEnd; },
        [](ElfBuilder &elf) { elf.rela[0].offset += 0x203; }, // not aligned
        [](ElfBuilder &elf) {
            elf.dynamic.back() = {30, 8};
            elf.dynamic.push_back({0x6ffffffb, 1});
        },
    };
    for (std::size_t i = 0; i < std::size(kUnusual); i++) {
        ElfBuilder builder;
        kUnusual[i](builder);
        const LoadOutcome outcome = load(builder.bytes());
        if (outcome.status != PTO_OK || outcome.found != 2)
            fail_msg("case %zu: %s", i, outcome.message);
    }
}

// ---- what kind of file it is

constexpr Forgery kKinds[] = {
    {PTO_ERROR_INVALID_IMAGE, "begin as ELF files do", [](ElfBuilder &elf) { elf.header.ident[0] = 0x7e; }},
    {PTO_ERROR_INVALID_IMAGE, "begin as ELF files do", [](ElfBuilder &elf) { elf.header.ident[3] = 'G'; }},
    {PTO_ERROR_INVALID_IMAGE, "class 0", [](ElfBuilder &elf) { elf.header.ident[4] = 0; }},
    {PTO_ERROR_INVALID_IMAGE, "class 3", [](ElfBuilder &elf) { elf.header.ident[4] = 3; }},
    {PTO_ERROR_INCOMPATIBLE_IMAGE, "64-bit", [](ElfBuilder &elf) { elf.header.ident[4] = 1; }},
    {PTO_ERROR_INVALID_IMAGE, "byte order 0", [](ElfBuilder &elf) { elf.header.ident[5] = 0; }},
    {PTO_ERROR_INCOMPATIBLE_IMAGE, "little-endian", [](ElfBuilder &elf) { elf.header.ident[5] = 2; }},
    {PTO_ERROR_INVALID_IMAGE, "version", [](ElfBuilder &elf) { elf.header.ident[6] = 2; }},
    {PTO_ERROR_INVALID_IMAGE, "version 7", [](ElfBuilder &elf) { elf.header.version = 7; }},
    {PTO_ERROR_INCOMPATIBLE_IMAGE, "system 9", [](ElfBuilder &elf) { elf.header.ident[7] = 9; }},
    {PTO_ERROR_INCOMPATIBLE_IMAGE, "version 1", [](ElfBuilder &elf) { elf.header.ident[8] = 1; }},
    {PTO_ERROR_INCOMPATIBLE_IMAGE, "machine 183 (aarch64), not for 62 (x86-64)",
     [](ElfBuilder &elf) { elf.header.machine = 183; }},
    {PTO_ERROR_INCOMPATIBLE_IMAGE, "machine 243 (unknown)", [](ElfBuilder &elf) { elf.header.machine = 243; }},
    {PTO_ERROR_INCOMPATIBLE_IMAGE, "type is 2", [](ElfBuilder &elf) { elf.header.type = 2; }},
    {PTO_ERROR_INCOMPATIBLE_IMAGE, "flags 0x5", [](ElfBuilder &elf) { elf.header.flags = 5; }},
    {PTO_ERROR_INCOMPATIBLE_IMAGE, "interpreter",
     [](ElfBuilder &elf) {
         elf.programs.push_back({3, 4, 0x40, 0x40, 0, 8, 8, 1});
     }},
    {PTO_ERROR_INCOMPATIBLE_IMAGE, "DT_FLAGS_1 is 0x8000000",
     [](ElfBuilder &elf) {
         elf.entry(24) = {0x6ffffffb, 0x8000000};
     }},
};

void files_of_another_kind_are_refused(void **)
{
    expect_refusals(kKinds);
}

void a_machine_without_a_loader_refuses_everything(void **)
{
    for (const uint16_t machine : {uint16_t{0}, uint16_t{62}}) {
        ElfBuilder builder;
        builder.header.machine = machine;
        const LoadOutcome outcome = load(builder.bytes(), {Machine{}, 4096, true, 0});
        assert_int_equal(outcome.status, PTO_ERROR_INCOMPATIBLE_IMAGE);
        assert_non_null(std::strstr(outcome.message, "not for 0 (unknown)"));
    }
}

// ---- headers

constexpr Forgery kHeaders[] = {
    {PTO_ERROR_INVALID_IMAGE, "headers of 63", [](ElfBuilder &elf) { elf.header.header_bytes = 63; }},
    {PTO_ERROR_INVALID_IMAGE, "and 32 bytes", [](ElfBuilder &elf) { elf.header.program_bytes = 32; }},
    {PTO_ERROR_INVALID_IMAGE, "no program headers", [](ElfBuilder &elf) { elf.programs.clear(); }},
    {PTO_ERROR_LOAD_FAILED, "65535 program headers", [](ElfBuilder &elf) { elf.header.program_count = 0xffff; }},
    {PTO_ERROR_INVALID_IMAGE, "at offset 0x22f0", [](ElfBuilder &elf) { elf.header.programs = 0x22f0; }},
    {PTO_ERROR_INVALID_IMAGE, "at offset 0xffffffffffffffc0",
     [](ElfBuilder &elf) { elf.header.programs = 0xffffffffffffffc0; }},
    {PTO_ERROR_INVALID_IMAGE, "section headers of 0 bytes", [](ElfBuilder &elf) { elf.header.sections = 0x100; }},
    {PTO_ERROR_INVALID_IMAGE, "1 section headers of 40 bytes",
     [](ElfBuilder &elf) { elf.header.sections = 0x100, elf.header.section_bytes = 40, elf.header.section_count = 1; }},
    {PTO_ERROR_INVALID_IMAGE, "0 section headers",
     [](ElfBuilder &elf) { elf.header.sections = 0x100, elf.header.section_bytes = 64; }},
    {PTO_ERROR_INVALID_IMAGE, "2 section headers at offset 0x2290",
     [](ElfBuilder &elf) {
         elf.header.sections = 0x2290, elf.header.section_bytes = 64, elf.header.section_count = 2;
     }},
    {PTO_ERROR_INVALID_IMAGE, "no segment to load", [](ElfBuilder &elf) { elf.programs = {elf.programs[5]}; }},
};

void headers_that_are_wrong_are_refused(void **)
{
    expect_refusals(kHeaders);
    const LoadOutcome nothing = check_loader(nullptr, 100, kMode);
    assert_int_equal(nothing.status, PTO_ERROR_INVALID_IMAGE);
    for (std::size_t size = 0; size < 64; size++) {
        std::vector<char> bytes = ElfBuilder().bytes();
        bytes.resize(size);
        const LoadOutcome outcome = load(bytes);
        assert_int_equal(outcome.status, PTO_ERROR_INVALID_IMAGE);
        assert_non_null(std::strstr(outcome.message, "too few for an ELF header"));
    }
}

// ---- segments

constexpr Forgery kSegments[] = {
    {PTO_ERROR_INVALID_IMAGE, "program header 2: 769 bytes at offset 0x2000 lie outside",
     [](ElfBuilder &elf) { elf.programs[2].file_bytes = 769; }},
    {PTO_ERROR_INVALID_IMAGE, "program header 1: 16 bytes at offset 0xfffffffffffff000",
     [](ElfBuilder &elf) { elf.programs[1].offset = 0xfffffffffffff000; }},
    {PTO_ERROR_INVALID_IMAGE, "program header 2: 768 bytes of the file do not fit into 767",
     [](ElfBuilder &elf) { elf.programs[2].memory_bytes = 767; }},
    {PTO_ERROR_INVALID_IMAGE, "beyond any memory", [](ElfBuilder &elf) { elf.programs[2].memory_bytes = UINT64_MAX; }},
    {PTO_ERROR_INVALID_IMAGE, "beyond any memory",
     [](ElfBuilder &elf) { elf.programs[2].address = 0xffffffffffffe000; }},
    {PTO_ERROR_INVALID_IMAGE, "alignment 0x1800", [](ElfBuilder &elf) { elf.programs[1].alignment = 0x1800; }},
    {PTO_ERROR_INVALID_IMAGE, "alignment 0x8000000000000000",
     [](ElfBuilder &elf) { elf.programs[1].alignment = uint64_t{1} << 63; }},
    {PTO_ERROR_INVALID_IMAGE, "address 0x1010 and offset 0x1000 differ",
     [](ElfBuilder &elf) { elf.programs[1].address = 0x1010; }},
    {PTO_ERROR_LOAD_FAILED, "program header 1: the segment is both writable and executable",
     [](ElfBuilder &elf) { elf.programs[1].flags = 7; }},
    {PTO_ERROR_LOAD_FAILED, "more than 8 segments",
     [](ElfBuilder &elf) {
         for (uint64_t i = 0; i < 6; i++)
             elf.programs.push_back({1, 4, 0, 0x4000 + 0x1000 * i, 0, 8, 8, 0x1000});
     }},
    {PTO_ERROR_INVALID_IMAGE, "program header 1: the segment at address 0x0 overlaps",
     [](ElfBuilder &elf) { elf.programs[1].address = 0; }},
    {PTO_ERROR_INVALID_IMAGE, "program header 2: the segment at address 0x2000 overlaps",
     [](ElfBuilder &elf) { elf.programs[1].memory_bytes = 0x1001; }},
    {PTO_ERROR_INVALID_IMAGE, "program header 1: the segment at address 0x0 overlaps",
     [](ElfBuilder &elf) { std::swap(elf.programs[0], elf.programs[1]); }},
    {PTO_ERROR_LOAD_FAILED, "segments 0 and 1 share a page of 4096 bytes at address 0x0",
     [](ElfBuilder &elf) {
         elf.programs[1] = {1, 5, 0x600, 0x600, 0, 0x10, 0x10, 16};
         elf.symbols[2].address = 0x600;
     }},
    {PTO_ERROR_LOAD_FAILED, "thread-local storage",
     [](ElfBuilder &elf) {
         elf.programs.push_back({7, 4, 0x40, 0x40, 0, 8, 8, 8});
     }},
    {PTO_ERROR_LOAD_FAILED, "SHLIB",
     [](ElfBuilder &elf) {
         elf.programs.push_back({5, 4, 0, 0, 0, 8, 8, 8});
     }},
    {PTO_ERROR_LOAD_FAILED, "executable stack", [](ElfBuilder &elf) { elf.programs[kBuiltStack].flags = 7; }},
    {PTO_ERROR_INVALID_IMAGE, "program header 6: 9000 bytes",
     [](ElfBuilder &elf) {
         elf.programs.push_back({4, 4, 0x40, 0x40, 0, 9000, 9000, 4});
     }},
    {PTO_ERROR_INVALID_IMAGE, "in no writable segment",
     [](ElfBuilder &elf) { elf.programs[kBuiltRelro].address = 0x1000; }},
    {PTO_ERROR_INVALID_IMAGE, "in no writable segment",
     [](ElfBuilder &elf) { elf.programs[kBuiltRelro].address = kBuiltMemoryEnd; }},
    {PTO_ERROR_INVALID_IMAGE, "program header 6: there is a second one of type 0x6474e552",
     [](ElfBuilder &elf) { elf.programs.push_back(elf.programs[kBuiltRelro]); }},
    {PTO_ERROR_LOAD_FAILED, "there is no room for 1099511635968 bytes aligned to 4096",
     [](ElfBuilder &elf) { elf.programs[2].memory_bytes = uint64_t{1} << 40; }},
    {PTO_ERROR_LOAD_FAILED, "aligned to 1099511627776",
     [](ElfBuilder &elf) { elf.programs[0].alignment = uint64_t{1} << 40; }},
};

void segments_that_are_wrong_are_refused(void **)
{
    expect_refusals(kSegments);
}

// ---- the dynamic section

constexpr Forgery kDynamics[] = {
    {PTO_ERROR_INVALID_IMAGE, "no dynamic section",
     [](ElfBuilder &elf) { elf.programs.erase(elf.programs.begin() + kBuiltDynamicHeader); }},
    {PTO_ERROR_INVALID_IMAGE, "program header 6: there is a second one of type 0x2",
     [](ElfBuilder &elf) { elf.programs.push_back(elf.programs[kBuiltDynamicHeader]); }},
    {PTO_ERROR_INVALID_IMAGE, "is no table", [](ElfBuilder &elf) { elf.programs[3].file_bytes -= 8; }},
    {PTO_ERROR_INVALID_IMAGE, "is no table", [](ElfBuilder &elf) { elf.programs[3].offset -= 0x100; }},
    {PTO_ERROR_INVALID_IMAGE, "is no table", [](ElfBuilder &elf) { elf.programs[3].address += 0x100; }},
    {PTO_ERROR_INVALID_IMAGE, "0x9000, is no table", [](ElfBuilder &elf) { elf.programs[3].address = 0x9000; }},
    {PTO_ERROR_INVALID_IMAGE, "32 entries has no end",
     [](ElfBuilder &elf) {
         elf.dynamic.resize(32, {14, 0});
         elf.dynamic[16] = {14, 0};
     }},
    {PTO_ERROR_LOAD_FAILED, "dynamic entry 15 has the tag 0x60000011",
     [](ElfBuilder &elf) {
         elf.entry(24) = {0x60000011, 0};
     }},
    {PTO_ERROR_INVALID_IMAGE, "dynamic entry 15 is a second DT_SYMTAB",
     [](ElfBuilder &elf) {
         elf.entry(24) = {6, 0};
     }},
    {PTO_ERROR_INVALID_IMAGE, "lacks DT_SYMTAB", [](ElfBuilder &elf) { elf.drop(6); }},
    {PTO_ERROR_INVALID_IMAGE, "lacks DT_STRTAB", [](ElfBuilder &elf) { elf.drop(5); }},
    {PTO_ERROR_INVALID_IMAGE, "lacks DT_STRSZ", [](ElfBuilder &elf) { elf.drop(10); }},
    {PTO_ERROR_INVALID_IMAGE, "lacks DT_HASH and DT_GNU_HASH",
     [](ElfBuilder &elf) { elf.drop(4), elf.drop(0x6ffffef5); }},
    {PTO_ERROR_INVALID_IMAGE, "DT_SYMENT is 16 instead of 24", [](ElfBuilder &elf) { elf.entry(11).value = 16; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_RELAENT is 0 instead of 24", [](ElfBuilder &elf) { elf.drop(9); }},
    {PTO_ERROR_INVALID_IMAGE, "DT_PLTREL is 17 instead of 7", [](ElfBuilder &elf) { elf.entry(20).value = 17; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_RELRENT is 4 instead of 8", [](ElfBuilder &elf) { elf.entry(37).value = 4; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_RELA: 95 bytes are not entries of 24",
     [](ElfBuilder &elf) { elf.entry(8).value = 95; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_RELA: 96 bytes are not entries", [](ElfBuilder &elf) { elf.drop(7); }},
    {PTO_ERROR_INVALID_IMAGE, "DT_JMPREL: 25 bytes", [](ElfBuilder &elf) { elf.entry(2).value = 25; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_RELR: 17 bytes", [](ElfBuilder &elf) { elf.entry(35).value = 17; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_RELA: 96 bytes at address 0x5a8",
     [](ElfBuilder &elf) { elf.entry(7).value = 0x5a8; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_RELA: 96 bytes at address 0x3000",
     [](ElfBuilder &elf) { elf.entry(7).value = 0x3000; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_RELA: 18446744073709551600 bytes",
     [](ElfBuilder &elf) { elf.entry(8).value = UINT64_MAX - 15; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_STRTAB: 18 bytes at address 0x2000",
     [](ElfBuilder &elf) { elf.entry(5).value = kBuiltData; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_STRTAB: 18446744073709551615",
     [](ElfBuilder &elf) { elf.entry(10).value = UINT64_MAX; }},
    {PTO_ERROR_INVALID_IMAGE, "the last string has no end", [](ElfBuilder &elf) { elf.entry(10).value -= 1; }},
};

void dynamic_sections_that_are_wrong_are_refused(void **)
{
    expect_refusals(kDynamics);
}

struct Wish {
    uint64_t tag;
    uint64_t value;
    const char *text;
};
constexpr Wish kWishes[] = {
    {1, 1, "DT_NEEDED"},
    {12, kBuiltCode, "DT_INIT"},
    {13, kBuiltCode, "DT_FINI"},
    {17, 0, "DT_REL"},
    {18, 8, "DT_RELSZ"},
    {19, 8, "DT_RELENT"},
    {22, 0, "DT_TEXTREL"},
    {25, kBuiltData, "DT_INIT_ARRAY"},
    {26, kBuiltData, "DT_FINI_ARRAY"},
    {27, 8, "DT_INIT_ARRAYSZ"},
    {28, 8, "DT_FINI_ARRAYSZ"},
    {32, kBuiltData, "DT_PREINIT_ARRAY"},
    {33, 8, "DT_PREINIT_ARRAYSZ"},
    {30, 4, "relocations in its code: DT_FLAGS is 0x4"},
    {30, 0x10, "thread-local storage: DT_FLAGS is 0x10"},
    {0x6ffffef6, 0, "DT_TLSDESC_PLT"},
    {0x6ffffef7, 0, "DT_TLSDESC_GOT"},
    {0x6ffffffe, 0, "DT_VERNEED"},
    {0x6fffffff, 1, "DT_VERNEEDNUM"},
    {0x7ffffffd, 1, "DT_AUXILIARY"},
    {0x7fffffff, 1, "DT_FILTER"},
};

void dynamic_sections_that_want_more_are_refused(void **)
{
    for (const Wish &wish : kWishes) {
        ElfBuilder builder;
        builder.entry(24) = {wish.tag, wish.value};
        const LoadOutcome outcome = load(builder.bytes());
        if (outcome.status != PTO_ERROR_LOAD_FAILED || std::strstr(outcome.message, wish.text) == nullptr)
            fail_msg("%s: %d, %s", wish.text, outcome.status, outcome.message);
    }
}

// ---- symbols

constexpr Forgery kSymbols[] = {
    {PTO_ERROR_INVALID_IMAGE, "symbol 0 is not empty", [](ElfBuilder &elf) { elf.symbols[0].size_bytes = 1; }},
    {PTO_ERROR_INVALID_IMAGE, "symbol 3: its name, at 18", [](ElfBuilder &elf) { elf.symbols[3].name = 18; }},
    {PTO_ERROR_INVALID_IMAGE, "its name, at 4294967295", [](ElfBuilder &elf) { elf.symbols[1].name = UINT32_MAX; }},
    {PTO_ERROR_LOAD_FAILED, "symbol 1 'weak' is undefined", [](ElfBuilder &elf) { elf.symbols[1].info = 0x10; }},
    {PTO_ERROR_LOAD_FAILED, "symbol 3 'data' is undefined", [](ElfBuilder &elf) { elf.symbols[3].section = 0; }},
    {PTO_ERROR_LOAD_FAILED, "symbol 3 'data' is thread-local", [](ElfBuilder &elf) { elf.symbols[3].info = 0x16; }},
    {PTO_ERROR_LOAD_FAILED, "symbol 2 'answer' is found by a function",
     [](ElfBuilder &elf) { elf.symbols[2].info = 0x1a; }},
    {PTO_ERROR_INVALID_IMAGE, "section 0xfff2 is none", [](ElfBuilder &elf) { elf.symbols[3].section = 0xfff2; }},
    {PTO_ERROR_INVALID_IMAGE, "section 0xffff is none", [](ElfBuilder &elf) { elf.symbols[3].section = 0xffff; }},
    {PTO_ERROR_INVALID_IMAGE, "section 0x3 is none", [](ElfBuilder &elf) { elf.symbols[3].info = 0x15; }},
    {PTO_ERROR_INVALID_IMAGE, "6 bytes at address 0x2000 are no code",
     [](ElfBuilder &elf) { elf.symbols[2].address = kBuiltData; }},
    {PTO_ERROR_INVALID_IMAGE, "17 bytes at address 0x1000 are no code",
     [](ElfBuilder &elf) { elf.symbols[2].size_bytes = 17; }},
    {PTO_ERROR_INVALID_IMAGE, "0 bytes at address 0x1010 are no code",
     [](ElfBuilder &elf) { elf.symbols[2].address = 0x1010, elf.symbols[2].size_bytes = 0; }},
    {PTO_ERROR_INVALID_IMAGE, "1009 bytes at address 0x3010 are no part",
     [](ElfBuilder &elf) { elf.symbols[3].size_bytes = 0x3f1; }},
    {PTO_ERROR_INVALID_IMAGE, "at address 0x700 are no part", [](ElfBuilder &elf) { elf.symbols[3].address = 0x700; }},
    {PTO_ERROR_INVALID_IMAGE, "18446744073709551615 bytes",
     [](ElfBuilder &elf) { elf.symbols[3].size_bytes = UINT64_MAX; }},
    {PTO_ERROR_INVALID_IMAGE, "at address 0x100000 are no part",
     [](ElfBuilder &elf) { elf.symbols[3].info = 0x10, elf.symbols[3].address = 0x100000; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_SYMTAB: 4 symbols at address 0x5b0",
     [](ElfBuilder &elf) { elf.entry(6).value = 0x5b0; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_SYMTAB: 4 symbols at address 0x2000",
     [](ElfBuilder &elf) { elf.entry(6).value = kBuiltData; }},
};

void symbols_that_are_wrong_are_refused(void **)
{
    expect_refusals(kSymbols);
}

void symbols_that_are_not_exported_are_not_found(void **)
{
    static constexpr void (*kPrivate[])(elf::Symbol &) = {
        [](elf::Symbol &symbol) { symbol.info = 0x10; }, // no type
        [](elf::Symbol &symbol) { symbol.info = 0x13; }, // a section
        [](elf::Symbol &symbol) { symbol.info = 0x01; }, // local
        [](elf::Symbol &symbol) { symbol.other = 1; },   // internal
        [](elf::Symbol &symbol) { symbol.other = 2; },   // hidden
        [](elf::Symbol &symbol) { symbol.section = 0xfff1; },
    };
    for (std::size_t i = 0; i < std::size(kPrivate); i++) {
        ElfBuilder builder;
        kPrivate[i](builder.symbols[kBuiltDatum]);
        const LoadOutcome outcome = load(builder.bytes());
        if (outcome.status != PTO_OK || outcome.found != 1)
            fail_msg("case %zu: %u found, %s", i, outcome.found, outcome.message);
    }
}

// ---- hash tables

constexpr Forgery kHashes[] = {
    {PTO_ERROR_INVALID_IMAGE, "DT_HASH: the table at address 0x10000000000",
     [](ElfBuilder &elf) { elf.entry(4).value = uint64_t{1} << 40; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_HASH: the table at address 0x5fc",
     [](ElfBuilder &elf) { elf.entry(4).value = 0x5fc; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_HASH: the table at address 0x2000",
     [](ElfBuilder &elf) { elf.entry(4).value = 0x2000; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_HASH: the table at", [](ElfBuilder &elf) { elf.hash[0] = UINT32_MAX; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_HASH: the table at", [](ElfBuilder &elf) { elf.hash[1] = UINT32_MAX; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_HASH: 0 buckets", [](ElfBuilder &elf) { elf.hash[0] = 0; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_HASH: 1 buckets and 3 symbols cannot be right, at least 4",
     [](ElfBuilder &elf) { elf.hash[1] = 3; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_HASH: 1 buckets and 0 symbols",
     [](ElfBuilder &elf) { elf.drop(0x6ffffef5), elf.hash[1] = 0; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_HASH: word 2 names symbol 4 of 4", [](ElfBuilder &elf) { elf.hash[2] = 4; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_HASH: word 5 names symbol 77 of 4", [](ElfBuilder &elf) { elf.hash[5] = 77; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_GNU_HASH: the table at address 0x10000000000",
     [](ElfBuilder &elf) { elf.entry(0x6ffffef5).value = uint64_t{1} << 40; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_GNU_HASH: the table at address 0x5f8",
     [](ElfBuilder &elf) { elf.entry(0x6ffffef5).value = 0x5f8; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_GNU_HASH: the table at address 0x3000",
     [](ElfBuilder &elf) { elf.entry(0x6ffffef5).value = 0x3000; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_GNU_HASH: the table at", [](ElfBuilder &elf) { elf.gnu_hash[0] = UINT32_MAX; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_GNU_HASH: the table at", [](ElfBuilder &elf) { elf.gnu_hash[2] = UINT32_MAX; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_GNU_HASH: 0 buckets", [](ElfBuilder &elf) { elf.gnu_hash[0] = 0; }},
    {PTO_ERROR_INVALID_IMAGE, "from symbol 0 on", [](ElfBuilder &elf) { elf.gnu_hash[1] = 0; }},
    {PTO_ERROR_INVALID_IMAGE, "bucket 0 begins with symbol 1, the table with 2",
     [](ElfBuilder &elf) { elf.gnu_hash[6] = 1; }},
    {PTO_ERROR_INVALID_IMAGE, "the chain of symbol 4294967295 has no end",
     [](ElfBuilder &elf) { elf.gnu_hash[6] = UINT32_MAX; }},
    {PTO_ERROR_INVALID_IMAGE, "the chain of symbol 600 has no end", [](ElfBuilder &elf) { elf.gnu_hash[6] = 600; }},
    {PTO_ERROR_LOAD_FAILED, "exports nothing", [](ElfBuilder &elf) { elf.drop(4), elf.gnu_hash[6] = 0; }},
};

void hash_tables_that_are_wrong_are_refused(void **)
{
    expect_refusals(kHashes);
}

void a_chain_without_an_end_does_not_end_the_world(void **)
{
    ElfBuilder circle;
    circle.drop(0x6ffffef5);
    circle.hash[5] = kBuiltAnswer;
    circle.hash[2] = kBuiltAnswer; // "answer" follows itself, and nothing else is found.
    LoadOutcome outcome = load(circle.bytes());
    assert_int_equal(outcome.status, PTO_OK);
    assert_int_equal(outcome.found, 1);

    ElfBuilder endless;
    endless.gnu_hash[8] &= ~1u;
    outcome = load(endless.bytes());
    assert_int_equal(outcome.status, PTO_ERROR_INVALID_IMAGE);
    assert_non_null(std::strstr(outcome.message, "symbol 2 has no end"));
}

// ---- relocations

constexpr uint64_t with_type(uint64_t symbol, uint32_t type)
{
    return symbol << 32 | type;
}

constexpr Forgery kRelocations[] = {
    {PTO_ERROR_LOAD_FAILED, "DT_RELA entry 1: relocation type 5 copies",
     [](ElfBuilder &elf) { elf.rela[1].info = with_type(2, 5); }},
    {PTO_ERROR_LOAD_FAILED, "relocation type 16 is thread-local", [](ElfBuilder &elf) { elf.rela[1].info = 16; }},
    {PTO_ERROR_LOAD_FAILED, "relocation type 18 is thread-local", [](ElfBuilder &elf) { elf.rela[1].info = 18; }},
    {PTO_ERROR_LOAD_FAILED, "relocation type 36 is thread-local", [](ElfBuilder &elf) { elf.rela[1].info = 36; }},
    {PTO_ERROR_LOAD_FAILED, "DT_JMPREL entry 0: relocation type 37 asks",
     [](ElfBuilder &elf) { elf.plt_rela[0].info = 37; }},
    {PTO_ERROR_LOAD_FAILED, "relocation type 2 is unknown", [](ElfBuilder &elf) { elf.rela[3].info = 2; }},
    {PTO_ERROR_LOAD_FAILED, "relocation type 1027 is unknown", [](ElfBuilder &elf) { elf.rela[0].info = 1027; }},
    {PTO_ERROR_LOAD_FAILED, "relocation type 4294967295 is unknown",
     [](ElfBuilder &elf) { elf.rela[0].info = UINT32_MAX; }},
    {PTO_ERROR_INVALID_IMAGE, "entry 0: moves a place, but names symbol 3",
     [](ElfBuilder &elf) { elf.rela[0].info = with_type(3, 8); }},
    {PTO_ERROR_INVALID_IMAGE, "entry 1: there is no symbol 4, only 4",
     [](ElfBuilder &elf) { elf.rela[1].info = with_type(4, 1); }},
    {PTO_ERROR_INVALID_IMAGE, "there is no symbol 4294967295",
     [](ElfBuilder &elf) { elf.rela[1].info = with_type(UINT32_MAX, 1); }},
    {PTO_ERROR_INVALID_IMAGE, "entry 1: symbol 0 has no address", [](ElfBuilder &elf) { elf.rela[1].info = 1; }},
    {PTO_ERROR_INVALID_IMAGE, "entry 3: symbol 1 has no address", [](ElfBuilder &elf) { elf.symbols[1].info = 0; }},
    {PTO_ERROR_INVALID_IMAGE, "entry 0: address 0x33f9 lies in no segment",
     [](ElfBuilder &elf) { elf.rela[0].offset = kBuiltMemoryEnd - 7; }},
    {PTO_ERROR_INVALID_IMAGE, "entry 0: address 0x1ffc lies in no segment",
     [](ElfBuilder &elf) { elf.rela[0].offset = kBuiltData - 4; }},
    {PTO_ERROR_INVALID_IMAGE, "address 0xfffffffffffffffc",
     [](ElfBuilder &elf) { elf.rela[0].offset = UINT64_MAX - 3; }},
    {PTO_ERROR_LOAD_FAILED, "entry 0: address 0x1000 lies in code",
     [](ElfBuilder &elf) { elf.rela[0].offset = kBuiltCode; }},
    {PTO_ERROR_LOAD_FAILED, "DT_JMPREL entry 0: address 0x2e0 lies in code",
     [](ElfBuilder &elf) { elf.plt_rela[0].offset = kBuiltSymbols; }},
    {PTO_ERROR_INVALID_IMAGE, "entry 0: 0x100000 is no address",
     [](ElfBuilder &elf) { elf.rela[0].addend = 0x100000; }},
    {PTO_ERROR_INVALID_IMAGE, "entry 0: 0xffffffffffffffff is no address",
     [](ElfBuilder &elf) { elf.rela[0].addend = UINT64_MAX; }},
    {PTO_ERROR_INVALID_IMAGE, "entry 0: 0x4fff is no address",
     [](ElfBuilder &elf) { elf.move_to(0x5000), elf.rela[0].addend = 0x4fff; }},
    {PTO_ERROR_INVALID_IMAGE, "entry 0: 0x4401 is no address",
     [](ElfBuilder &elf) { elf.rela[0].addend = kBuiltMemoryEnd + 0x1001; }},
    {PTO_ERROR_INVALID_IMAGE, "entry 1: 0x101000 is no address",
     [](ElfBuilder &elf) { elf.rela[1].addend = 0x100000; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_RELR entry 0 has bits, but no address", [](ElfBuilder &elf) { elf.relr[0] = 3; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_RELR entry 0: address 0x8000", [](ElfBuilder &elf) { elf.relr[0] = 0x8000; }},
    {PTO_ERROR_LOAD_FAILED, "DT_RELR entry 0: address 0x1000 lies in code",
     [](ElfBuilder &elf) { elf.relr[0] = kBuiltCode; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_RELR entry 1: 0x4d2000 is no address",
     [](ElfBuilder &elf) { elf.relr[1] = 5, elf.data[7] = 0x4d2000; }},
    {PTO_ERROR_INVALID_IMAGE, "DT_RELR entry 1: address 0x33f8",
     [](ElfBuilder &elf) {
         elf.relr = {kBuiltMemoryEnd - 24, 7};
         elf.programs[2].memory_bytes -= 4;
     }},
};

void relocations_that_are_wrong_are_refused(void **)
{
    expect_refusals(kRelocations);
}

struct AarchType {
    uint32_t type;
    const char *text;
};
constexpr AarchType kAarchTypes[] = {
    {1024, "copies a symbol"}, {1028, "is thread-local"}, {1029, "is thread-local"}, {1030, "is thread-local"},
    {1031, "is thread-local"}, {1032, "asks a function"}, {258, "is unknown"},       {8, "is unknown"},
};

void relocations_of_aarch64_that_want_more_are_refused(void **)
{
    for (const AarchType &type : kAarchTypes) {
        ElfBuilder builder(Machine::kAarch64);
        builder.rela[2].info = type.type;
        const LoadOutcome outcome = load(builder.bytes(), {Machine::kAarch64, 4096, true, 0});
        if (outcome.status != PTO_ERROR_LOAD_FAILED || std::strstr(outcome.message, type.text) == nullptr)
            fail_msg("%u: %d, %s", type.type, outcome.status, outcome.message);
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_object_loads_on_both_machines),
        cmocka_unit_test(what_is_unusual_but_sound_is_loaded),
        cmocka_unit_test(files_of_another_kind_are_refused),
        cmocka_unit_test(a_machine_without_a_loader_refuses_everything),
        cmocka_unit_test(headers_that_are_wrong_are_refused),
        cmocka_unit_test(segments_that_are_wrong_are_refused),
        cmocka_unit_test(dynamic_sections_that_are_wrong_are_refused),
        cmocka_unit_test(dynamic_sections_that_want_more_are_refused),
        cmocka_unit_test(symbols_that_are_wrong_are_refused),
        cmocka_unit_test(symbols_that_are_not_exported_are_not_found),
        cmocka_unit_test(hash_tables_that_are_wrong_are_refused),
        cmocka_unit_test(a_chain_without_an_end_does_not_end_the_world),
        cmocka_unit_test(relocations_that_are_wrong_are_refused),
        cmocka_unit_test(relocations_of_aarch64_that_want_more_are_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
