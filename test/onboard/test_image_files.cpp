// SPDX-License-Identifier: Apache-2.0
// Files of device images: what the host reads in them, whatever they are.
#include <cerrno>
#include <elf.h>

#include "vendor_test.hpp"

#include "host/onboard/vendor/image_files.h"

namespace {

using namespace pto::vendor;

struct NoteContent {
    uint32_t name_bytes;
    uint32_t content_bytes;
    uint32_t type;
    char name[4];
    uint8_t content[20];
};

/// A file with two segments of notes, of which the second has the build id behind another note.
struct File {
    Elf64_Ehdr header{};
    Elf64_Phdr segments[3]{};
    NoteContent notes[3]{};

    File()
    {
        std::memcpy(header.e_ident, ELFMAG, SELFMAG);
        header.e_ident[EI_CLASS] = ELFCLASS64;
        header.e_ident[EI_DATA] = ELFDATA2LSB;
        header.e_machine = EM_AARCH64;
        header.e_phoff = offsetof(File, segments);
        header.e_phentsize = sizeof(Elf64_Phdr);
        header.e_phnum = 3;
        segments[0].p_type = PT_LOAD;
        segments[1] = segment(0, 1);
        segments[2] = segment(1, 2);
        for (NoteContent &note : notes)
            note = {4, 20, NT_GNU_ABI_TAG, {'G', 'N', 'U', '\0'}, {}};
        notes[2].type = NT_GNU_BUILD_ID;
        for (uint8_t i = 0; i < 20; i++)
            notes[2].content[i] = static_cast<uint8_t>(0xa0 + i);
    }

    static Elf64_Phdr segment(uint64_t first, uint64_t count)
    {
        Elf64_Phdr program{};
        program.p_type = PT_NOTE;
        program.p_offset = offsetof(File, notes) + first * sizeof(NoteContent);
        program.p_filesz = count * sizeof(NoteContent);
        return program;
    }

    FileContent content() const
    {
        const auto *bytes = reinterpret_cast<const std::byte *>(this);
        return {bytes, bytes + sizeof *this};
    }
};

void the_build_id_is_found_behind_other_notes(void **)
{
    assert_string_equal(build_id_of(File().content()).c_str(), "a0a1a2a3a4a5a6a7");
    assert_int_equal(machine_of(File().content()), EM_AARCH64);
}

void a_file_that_was_cut_off_has_none(void **)
{
    const FileContent whole = File().content();
    // Only the first 8 bytes of the id count.
    constexpr std::size_t kEnd = offsetof(File, notes) + 2 * sizeof(NoteContent) + offsetof(NoteContent, content) + 8;
    for (std::size_t size = 0; size <= whole.size(); size++) {
        const FileContent part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        assert_int_equal(build_id_of(part).empty(), size < kEnd);
        assert_int_equal(machine_of(part), size < sizeof(Elf64_Ehdr) ? 0 : EM_AARCH64);
    }
}

void numbers_that_lead_out_of_the_file_lead_nowhere(void **)
{
    for (const uint64_t wrong : {uint64_t{1} << 63, UINT64_MAX, UINT64_MAX - 63, uint64_t{sizeof(File)}}) {
        File file;
        file.segments[2].p_offset = wrong;
        assert_true(build_id_of(file.content()).empty());
        file = File();
        file.header.e_phoff = wrong;
        assert_true(build_id_of(file.content()).empty());
    }
    File file;
    file.notes[1].content_bytes = UINT32_MAX;
    assert_true(build_id_of(file.content()).empty());
    file = File();
    file.notes[2].content_bytes = 7;
    assert_true(build_id_of(file.content()).empty());
    file = File();
    file.segments[2].p_filesz = sizeof(NoteContent);
    assert_true(build_id_of(file.content()).empty());
}

void other_files_are_no_images(void **)
{
    File file;
    file.header.e_ident[EI_CLASS] = ELFCLASS32;
    assert_int_equal(machine_of(file.content()), 0);
    assert_true(build_id_of(file.content()).empty());
    assert_int_equal(machine_of(FileContent(4096)), 0);
}

void a_file_that_is_not_there_is_named(void **)
{
    FileContent content;
    pto::host::DeviceFailure failure{};
    assert_int_equal(read_image_file("/nowhere/image.so", &content, &failure), PTO_ERROR_SYSTEM);
    assert_int_equal(failure.raw, ENOENT);
    assert_non_null(std::strstr(failure.message, "/nowhere/image.so cannot be read"));
    assert_int_equal(read_image_file("/", &content, &failure), PTO_ERROR_SYSTEM);
}

void images_are_in_the_folder_chosen_or_beside_the_library(void **)
{
    assert_string_equal(image_folder("/a/b").c_str(), "/a/b");
    const std::string folder = image_folder(nullptr);
    assert_true(folder.size() > 4 && folder.compare(folder.size() - 4, 4, "/pto") == 0);
}

void library_and_image_agree_on_the_headers_if_both_say_which(void **)
{
    pto::host::DeviceFailure failure{};
    for (const char *one : {"none", "", "pto-isa sha256:1 sdma:48"})
        for (const char *other : {"none", "", "pto-isa sha256:1 sdma:48"})
            assert_int_equal(compare_identities(one, other, &failure), PTO_OK);
    assert_int_equal(compare_identities("pto-isa sdma:48", "pto-isa sdma:40", &failure), PTO_ERROR_INCOMPATIBLE_IMAGE);
    assert_non_null(std::strstr(failure.message, "image was built with pto-isa sdma:40"));
    assert_non_null(std::strstr(failure.message, "library with pto-isa sdma:48"));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_build_id_is_found_behind_other_notes),
        cmocka_unit_test(a_file_that_was_cut_off_has_none),
        cmocka_unit_test(numbers_that_lead_out_of_the_file_lead_nowhere),
        cmocka_unit_test(other_files_are_no_images),
        cmocka_unit_test(a_file_that_is_not_there_is_named),
        cmocka_unit_test(images_are_in_the_folder_chosen_or_beside_the_library),
        cmocka_unit_test(library_and_image_agree_on_the_headers_if_both_say_which),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
