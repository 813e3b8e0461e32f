// SPDX-License-Identifier: Apache-2.0
// What callables and the library say that they were built with, and what does not fit together. This library is that of
// the build, whatever headers that had.
#include "host_test.hpp"

#include "pto/build_identity.h"

#include <algorithm>
#include <cstring>
#include <elf.h>
#include <memory>

using namespace pto::test;

namespace {

constexpr const char *kIdentity48 = "pto-isa sha256:0123456789abcdef git:111111111111 sdma:48";
constexpr const char *kIdentity40 = "pto-isa sha256:fedcba9876543210 git:333333333333 sdma:40";

struct ImageCloser {
    void operator()(pto_image *image) const { pto_image_close(image); }
};
using ImagePtr = std::unique_ptr<pto_image, ImageCloser>;

pto_status pack(const pto_callable &callable, std::vector<char> *out, pto_image_error *error)
{
    void *bytes = nullptr;
    std::size_t size = 0;
    const pto_status status = pto_image_pack(&callable, &bytes, &size, error);
    const auto *first = static_cast<const char *>(bytes);
    out->assign(first, first + size);
    pto_image_free_bytes(bytes);
    return status;
}

/// Packs and opens; the test fails unless both succeed.
ImagePtr packed(const pto_callable &callable)
{
    std::vector<char> bytes;
    pto_image_error error{};
    pto_image *image = nullptr;
    if (pack(callable, &bytes, &error) != PTO_OK || pto_image_open(bytes.data(), bytes.size(), &image, &error))
        fail_msg("%s", error.message);
    return ImagePtr(image);
}

void expect_text_in(const char *text, const char *part)
{
    if (std::strstr(text, part) == nullptr)
        fail_msg("'%s' does not contain '%s'", text, part);
}

/// Expects that neither pack nor prepare takes the callable, and that both name these parts.
void expect_refused_everywhere(const pto_callable &callable, pto_status status, const std::vector<const char *> &parts)
{
    std::vector<char> bytes;
    pto_image_error error{};
    assert_int_equal(pack(callable, &bytes, &error), status);
    const TestChip chip;
    EXPECT_REFUSED(chip.get(), status, parts[0], pto_prepare(chip.get(), 0, &callable));
    for (const char *part : parts) {
        expect_text_in(error.message, part);
        EXPECT_MESSAGE(part);
    }
    expect_usable(chip.get());
}

void the_library_describes_its_build(void **)
{
    pto_build info = PTO_BUILD_INIT;
    EXPECT_STATUS(PTO_OK, pto_build_info(&info));
    assert_int_equal(info.struct_size, sizeof info);
    assert_int_equal(info.abi_version, PTO_ABI_VERSION);
    assert_true(info.image_format >= 3);
    assert_string_equal(info.version, pto_version());
    expect_text_in(info.archs, arch());
    expect_text_in(info.targets, "sim");
    assert_true(std::strstr(info.compiler, "gcc ") == info.compiler ||
                std::strstr(info.compiler, "clang ") == info.compiler);
    const std::size_t length = std::strlen(info.identity);
    assert_true(length > 0 && length <= PTO_MAX_BUILD_IDENTITY);
    if (std::strcmp(info.identity, "none") == 0)
        assert_int_equal(info.sdma_channels, 0);
    else
        expect_text_in(info.identity, ("sdma:" + std::to_string(info.sdma_channels)).c_str());
}

void the_description_lists_every_arch_and_target_once(void **)
{
    pto_build info = PTO_BUILD_INIT;
    EXPECT_STATUS(PTO_OK, pto_build_info(&info));
    std::string archs;
    for (uint32_t i = 0; pto_arch_name(i) != nullptr; i++)
        archs += (i == 0 ? "" : " ") + std::string(pto_arch_name(i));
    assert_string_equal(info.archs, archs.c_str());
    std::string targets;
    for (uint32_t i = 0; pto_target_name(i) != nullptr; i++)
        targets += (i == 0 ? "" : " ") + std::string(pto_target_name(i));
    assert_string_equal(info.targets, targets.c_str());
}

void a_description_without_its_size_is_refused(void **)
{
    pto_build info = PTO_BUILD_INIT;
    info.struct_size = 8;
    EXPECT_STATUS(PTO_ERROR_INVALID_ARGUMENT, pto_build_info(&info));
    EXPECT_MESSAGE("struct_size");
    assert_null(info.version);
    EXPECT_STATUS(PTO_ERROR_INVALID_ARGUMENT, pto_build_info(nullptr));
}

void what_a_kernel_states_survives_pack_and_open(void **)
{
    auto builder = combine_callable("host_kernel_add_48");
    const ImagePtr image = packed(*builder.get());
    assert_string_equal(pto_image_callable(image.get())->build_identity, kIdentity48);
    expect_text_in(pto_image_identity(image.get()), (std::string("\nbuilt with: ") + kIdentity48 + "\n").c_str());
    std::vector<char> first;
    std::vector<char> second;
    assert_int_equal(pack(*builder.get(), &first, nullptr), PTO_OK);
    assert_int_equal(pack(*pto_image_callable(image.get()), &second, nullptr), PTO_OK);
    assert_true(first == second);
}

void what_an_orchestration_states_survives_pack_and_open(void **)
{
    auto builder = CallableBuilder("host_orch_48", "combine").aiv(0, "host_kernel_add").in("a").in("b").out("out");
    assert_string_equal(pto_image_callable(packed(*builder.get()).get())->build_identity, kIdentity48);
}

void what_a_callable_states_of_itself_survives_pack_and_open(void **)
{
    auto builder = combine_callable();
    builder.get()->build_identity = kIdentity40;
    assert_string_equal(pto_image_callable(packed(*builder.get()).get())->build_identity, kIdentity40);
}

void what_states_nothing_has_no_identity(void **)
{
    for (const char *kernel : {"host_kernel_add", "host_kernel_add_without"}) {
        auto builder = combine_callable(kernel);
        const ImagePtr image = packed(*builder.get());
        assert_null(pto_image_callable(image.get())->build_identity);
        assert_null(std::strstr(pto_image_identity(image.get()), "built with"));
    }
}

void images_that_state_nothing_go_with_those_that_do(void **)
{
    auto builder = combine_callable();
    builder.aiv(1, "host_kernel_add_48").aiv(2, "host_kernel_add_without").aiv(3, "host_kernel_subtract");
    assert_string_equal(pto_image_callable(packed(*builder.get()).get())->build_identity, kIdentity48);
}

void two_kernels_of_different_headers_are_refused_by_both_names(void **)
{
    auto builder = combine_callable("host_kernel_add_40");
    builder.aiv(1023, "host_kernel_add_48");
    expect_refused_everywhere(*builder.get(), PTO_ERROR_INCOMPATIBLE_IMAGE,
                              {"kernel 1023", kIdentity48, "kernel 0", kIdentity40});
}

void a_kernel_and_an_orchestration_of_different_headers_are_refused_by_both_names(void **)
{
    auto builder = CallableBuilder("host_orch_48", "combine").aiv(0, "host_kernel_add_40").in("a").in("b").out("out");
    expect_refused_everywhere(*builder.get(), PTO_ERROR_INCOMPATIBLE_IMAGE,
                              {"kernel 0", kIdentity40, "the orchestration", kIdentity48});
}

void a_callable_that_contradicts_its_kernels_is_refused_by_both_names(void **)
{
    auto builder = combine_callable("host_kernel_add_40");
    builder.get()->build_identity = kIdentity48;
    expect_refused_everywhere(*builder.get(), PTO_ERROR_INCOMPATIBLE_IMAGE,
                              {"kernel 0", kIdentity40, "the callable", kIdentity48});
}

void equal_headers_of_different_commits_are_the_same(void **)
{
    auto builder = combine_callable("host_kernel_add_48");
    builder.aiv(1, "host_kernel_add_48_elsewhere");
    assert_string_equal(pto_image_callable(packed(*builder.get()).get())->build_identity, kIdentity48);
}

/// A callable whose kernel is a copy that `spoil` has changed.
template <class Spoil> pto_status pack_spoilt(Spoil &&spoil, pto_image_error *error)
{
    std::vector<char> kernel = module_bytes("host_kernel_add_48");
    spoil(&kernel);
    pto_kernel spoilt = {0, PTO_CORE_AIV, nullptr, kernel.data(), kernel.size()};
    auto builder = combine_callable();
    pto_callable callable = *builder.get();
    callable.kernels = &spoilt;
    std::vector<char> bytes;
    return pack(callable, &bytes, error);
}

char *find_statement(std::vector<char> *bytes)
{
    static constexpr char kText[] = PTO_BUILD_IDENTITY_PREFIX "pto-isa";
    const auto found = std::search(bytes->begin(), bytes->end(), kText, kText + sizeof kText - 1);
    assert_true(found != bytes->end());
    return &*found;
}

void a_symbol_that_states_nothing_is_refused(void **)
{
    const std::size_t prefix = sizeof PTO_BUILD_IDENTITY_PREFIX - 1;
    pto_image_error error{};
    const auto expect_damaged = [&](pto_status status) {
        assert_int_equal(status, PTO_ERROR_INVALID_IMAGE);
        expect_text_in(error.message, "kernel 0: its symbol 'pto_build_identity'");
    };
    expect_damaged(pack_spoilt([](std::vector<char> *bytes) { *find_statement(bytes) = 'X'; }, &error));
    expect_damaged(pack_spoilt([&](std::vector<char> *bytes) { find_statement(bytes)[prefix] = '\0'; }, &error));
    expect_damaged(pack_spoilt([&](std::vector<char> *bytes) { find_statement(bytes)[prefix + 3] = '\n'; }, &error));
    expect_damaged(pack_spoilt(
        [](std::vector<char> *bytes) {
            char *text = find_statement(bytes);
            while (*text != '\0')
                text++;
            *text = '\x7f';
        },
        &error));
}

/// Lets all symbols of that name have one that ends with its table, with or without its zero.
void move_name_to_the_end(std::vector<char> *bytes, bool has_zero)
{
    const auto end = bytes->size();
    const std::string name = PTO_BUILD_IDENTITY_SYMBOL;
    bytes->insert(bytes->end(), name.c_str(), name.c_str() + name.size() + 1);
    bytes->shrink_to_fit();
    Elf64_Ehdr header;
    std::memcpy(&header, bytes->data(), sizeof header);
    const auto section_at = [&](uint64_t index) {
        return reinterpret_cast<Elf64_Shdr *>(bytes->data() + header.e_shoff) + index;
    };
    for (uint64_t i = 0; i < header.e_shnum; i++) {
        const Elf64_Shdr &table = *section_at(i);
        if (table.sh_type != SHT_DYNSYM && table.sh_type != SHT_SYMTAB)
            continue;
        Elf64_Shdr &strings = *section_at(table.sh_link);
        auto *const symbols = reinterpret_cast<Elf64_Sym *>(bytes->data() + table.sh_offset);
        for (uint64_t s = 0; s < table.sh_size / sizeof(Elf64_Sym); s++)
            symbols[s].st_name = name == bytes->data() + strings.sh_offset + symbols[s].st_name ? 0 : 1;
        strings.sh_offset = end;
        strings.sh_size = name.size() + (has_zero ? 1 : 0);
    }
}

void a_name_ends_within_its_table(void **)
{
    pto_image_error error{};
    for (const bool has_zero : {true, false})
        assert_int_equal(pack_spoilt(
                             [&](std::vector<char> *bytes) {
                                 find_statement(bytes)[0] = 'X'; // who finds the symbol refuses it
                                 move_name_to_the_end(bytes, has_zero);
                             },
                             &error),
                         has_zero ? PTO_ERROR_INVALID_IMAGE : PTO_OK);
}

/// Bounds are AddressSanitizer's to check.
void kernels_that_are_cut_or_changed_anywhere_do_no_harm(void **)
{
    const std::size_t size = module_bytes("host_kernel_add_48").size();
    const auto expect_judged = [](pto_status status) {
        assert_true(status == PTO_OK || status == PTO_ERROR_INVALID_IMAGE);
    };
    for (std::size_t i = 1; i < size; i += 7)
        expect_judged(pack_spoilt(
            [&](std::vector<char> *bytes) {
                bytes->resize(i);
                bytes->shrink_to_fit();
            },
            nullptr));
    for (std::size_t i = 0; i < size; i++)
        for (const char value : {'\0', '\xff', '\x7f'})
            expect_judged(pack_spoilt([&](std::vector<char> *bytes) { (*bytes)[i] = value; }, nullptr));
}

/// The last line of a warning.
void keep_warning(void *user, int32_t level, const char *message)
{
    if (level == PTO_LOG_WARN)
        *static_cast<std::string *>(user) = message;
}

void a_library_without_headers_takes_every_callable_and_logs_what_it_was_built_with(void **)
{
    pto_build info = PTO_BUILD_INIT;
    EXPECT_STATUS(PTO_OK, pto_build_info(&info));
    if (std::strcmp(info.identity, "none") != 0)
        skip();
    for (const auto &[kernel, identity] :
         {std::pair("host_kernel_add_48", kIdentity48), std::pair("host_kernel_add_40", kIdentity40),
          std::pair("host_kernel_add", "")}) {
        std::string warning;
        pto_open_options options = TestChip::default_options();
        options.log = keep_warning;
        options.log_user = &warning;
        options.log_level = PTO_LOG_DEBUG;
        const TestChip chip(options);
        EXPECT_STATUS(PTO_OK, pto_prepare(chip.get(), 5, combine_callable(kernel).get()));
        assert_true(combines(chip.get(), 5));
        expect_text_in(warning.c_str(), identity);
        assert_int_equal(warning.find("callable id 5") != std::string::npos, identity[0] != '\0');
    }
}

void an_identity_that_is_none_is_refused(void **)
{
    const std::string longest(PTO_MAX_BUILD_IDENTITY, 'x');
    const std::string longer(PTO_MAX_BUILD_IDENTITY + 1, 'x');
    auto builder = combine_callable();
    builder.get()->build_identity = longest.c_str();
    assert_string_equal(pto_image_callable(packed(*builder.get()).get())->build_identity, longest.c_str());
    for (const char *text : {"", "two\nlines", longer.c_str()}) {
        pto_callable callable = *builder.get();
        callable.build_identity = text;
        std::vector<char> bytes;
        pto_image_error error{};
        assert_int_equal(pack(callable, &bytes, &error), PTO_ERROR_INVALID_IMAGE);
        expect_text_in(error.message, "build_identity");
    }
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_library_describes_its_build),
        cmocka_unit_test(the_description_lists_every_arch_and_target_once),
        cmocka_unit_test(a_description_without_its_size_is_refused),
        cmocka_unit_test(what_a_kernel_states_survives_pack_and_open),
        cmocka_unit_test(what_an_orchestration_states_survives_pack_and_open),
        cmocka_unit_test(what_a_callable_states_of_itself_survives_pack_and_open),
        cmocka_unit_test(what_states_nothing_has_no_identity),
        cmocka_unit_test(images_that_state_nothing_go_with_those_that_do),
        cmocka_unit_test(two_kernels_of_different_headers_are_refused_by_both_names),
        cmocka_unit_test(a_kernel_and_an_orchestration_of_different_headers_are_refused_by_both_names),
        cmocka_unit_test(a_callable_that_contradicts_its_kernels_is_refused_by_both_names),
        cmocka_unit_test(equal_headers_of_different_commits_are_the_same),
        cmocka_unit_test(a_symbol_that_states_nothing_is_refused),
        cmocka_unit_test(a_name_ends_within_its_table),
        cmocka_unit_test(kernels_that_are_cut_or_changed_anywhere_do_no_harm),
        cmocka_unit_test(a_library_without_headers_takes_every_callable_and_logs_what_it_was_built_with),
        cmocka_unit_test(an_identity_that_is_none_is_refused),
    };
    return cmocka_run_group_tests_name("build identities", tests, nullptr, nullptr);
}
