// SPDX-License-Identifier: Apache-2.0
// Objects of compilers, cut off at every length and damaged in every byte: whatever the loader makes of them, its
// properties hold, and it tells what is missing.
#include "elf_test.hpp"

#include "elf_builder.hpp"
#include "loader_properties.hpp"

#include <algorithm>

namespace {

using namespace pto::test;
using elf::Machine;

#ifdef PTO_TEST_SANITIZER
constexpr std::size_t kStride = 23;
#else
constexpr std::size_t kStride = 1;
#endif

Machine machine_of(const std::vector<char> &bytes)
{
    elf::FileHeader header;
    std::memcpy(&header, bytes.data(), sizeof header);
    return static_cast<Machine>(header.machine);
}

LoadOutcome load(const std::vector<char> &bytes, Machine machine)
{
    return check_loader(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size(), {machine, 4096, true, 0});
}

/// What a loader has to read: headers and the file parts of segments. The rest of a file only has to be there.
uint64_t needed_bytes(const std::vector<char> &bytes)
{
    elf::FileHeader header;
    std::memcpy(&header, bytes.data(), sizeof header);
    uint64_t needed = header.sections + header.section_count * 64u;
    for (uint32_t i = 0; i < header.program_count; i++) {
        elf::ProgramHeader program;
        std::memcpy(&program, bytes.data() + header.programs + i * sizeof program, sizeof program);
        needed = std::max(needed, program.offset + program.file_bytes);
    }
    return needed;
}

/// Objects that differ in what they are made of; all that are there.
std::vector<std::vector<char>> samples()
{
    std::vector<std::vector<char>> all = {ElfBuilder().bytes(), ElfBuilder(Machine::kAarch64).bytes()};
    for (const char *name : {"tables_gcc_bfd_both", "tables_gcc_joined", "tables_clang_lld_packed", "classes_gcc_O2",
                             "aarch64_4k", "callable_vector_orch_gcc"}) {
        if (has_object(name))
            all.push_back(object_bytes(name));
    }
    return all;
}

void an_object_that_is_cut_off_anywhere_is_refused(void **)
{
    for (const std::vector<char> &bytes : samples()) {
        const Machine machine = machine_of(bytes);
        assert_int_equal(load(bytes, machine).status, PTO_OK);
        const uint64_t needed = needed_bytes(bytes);
        for (std::size_t size = 0; size < bytes.size(); size += kStride) {
            const std::vector<char> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
            const LoadOutcome outcome = load(cut, machine);
            if (outcome.status != (size < needed ? PTO_ERROR_INVALID_IMAGE : PTO_OK))
                fail_msg("%zu of %zu bytes: %d, %s", size, bytes.size(), outcome.status, outcome.message);
        }
    }
}

void an_object_with_any_byte_damaged_does_no_harm(void **)
{
    for (const std::vector<char> &bytes : samples()) {
        const Machine machine = machine_of(bytes);
        std::vector<char> damaged = bytes;
        uint32_t refused = 0;
        for (std::size_t i = 0; i < bytes.size(); i += kStride) {
            // Objects are mostly zeros between their parts, which are not worth more than one load.
            const bool is_dull =
                bytes[i] == 0 && i > 0 && bytes[i - 1] == 0 && i + 1 < bytes.size() && bytes[i + 1] == 0;
            for (const int difference : {0x80, 0x01, 0x10, 0xff}) {
                damaged[i] = static_cast<char>(bytes[i] ^ difference);
                refused += load(damaged, machine).status != PTO_OK ? 1 : 0;
                if (is_dull)
                    break;
            }
            damaged[i] = bytes[i];
        }
        assert_true(refused > 1000 / kStride);
    }
}

void words_of_headers_and_tables_may_hold_anything(void **)
{
    std::vector<char> bytes = ElfBuilder().bytes();
    const std::vector<char> sound = bytes;
    const uint64_t kNumbers[] = {0,          1,          7,          8,          0xfff,      0x1000,     0x1001,
                                 0x3400,     0x7fffffff, 0x80000000, UINT32_MAX, 1ull << 32, 1ull << 60, 1ull << 63,
                                 UINT64_MAX, INT64_MAX,  -7ull,      -0x1000ull, -0x3400ull};
    for (std::size_t at = 0; at < bytes.size(); at += 4) {
        if (at >= 0x600 && at < kBuiltData)
            continue; // Nothing but code is there.
        for (const uint64_t number : kNumbers) {
            for (const std::size_t width : {2u, 4u, 8u}) {
                if (at + width > bytes.size() || (kStride > 1 && width != 8))
                    continue;
                std::memcpy(bytes.data() + at, &number, width);
                load(bytes, Machine::kX86_64);
                std::memcpy(bytes.data() + at, sound.data() + at, width);
            }
        }
    }
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_object_that_is_cut_off_anywhere_is_refused),
        cmocka_unit_test(an_object_with_any_byte_damaged_does_no_harm),
        cmocka_unit_test(words_of_headers_and_tables_may_hold_anything),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
