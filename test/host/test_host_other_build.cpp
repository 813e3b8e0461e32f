// SPDX-License-Identifier: Apache-2.0
// A library that was built with headers of pto-isa, and callables that were built with these, with others or with none.
#include "host_test.hpp"

#include "host/build_identity.h"
#include "packed_callable.hpp"

#include <cstring>

using namespace pto::test;

namespace {

constexpr const char *kLibrary = "pto-isa sha256:0123456789abcdef git:111111111111 sdma:48";
constexpr const char *kOther = "pto-isa sha256:fedcba9876543210 git:333333333333 sdma:40";

void the_library_states_its_headers(void **)
{
    pto_build_info info = PTO_BUILD_INFO_INIT;
    EXPECT_STATUS(PTO_OK, pto_get_build_info(&info));
    assert_string_equal(info.identity, kLibrary);
    assert_int_equal(info.sdma_channels, 48);
    assert_string_equal(pto::host::build_identity(), kLibrary);
    assert_int_equal(pto::host::sdma_channel_count(), 48);
}

void callables_of_the_same_headers_are_prepared_and_run(void **)
{
    for (const char *kernel : {"host_kernel_add_48", "host_kernel_add_48_elsewhere"}) {
        const TestChip chip;
        EXPECT_STATUS(PTO_OK, pto_prepare(chip.get(), 0, combine_callable(kernel).get()));
        assert_true(combines(chip.get(), 0));
    }
}

void callables_that_state_nothing_are_prepared_and_run(void **)
{
    for (const char *kernel : {"host_kernel_add", "host_kernel_add_without"}) {
        const TestChip chip;
        EXPECT_STATUS(PTO_OK, pto_prepare(chip.get(), 0, combine_callable(kernel).get()));
        assert_true(combines(chip.get(), 0));
    }
}

void expect_refused_by_both_names(const pto_callable &callable)
{
    const TestChip chip;
    EXPECT_REFUSED(chip.get(), PTO_ERROR_INCOMPATIBLE_IMAGE, kOther, pto_prepare(chip.get(), 0, &callable));
    EXPECT_MESSAGE(kLibrary);
    assert_int_equal(pto_last_error()->callable_id, 0);
    expect_usable(chip.get());
}

void a_kernel_of_other_headers_is_refused_by_both_names(void **)
{
    expect_refused_by_both_names(*combine_callable("host_kernel_add_40").get());
}

void a_callable_that_states_other_headers_is_refused_by_both_names(void **)
{
    auto builder = combine_callable();
    builder.get()->build_identity = kOther;
    expect_refused_by_both_names(*builder.get());
}

void an_image_of_other_headers_is_refused_by_both_names(void **)
{
    auto builder = combine_callable("host_kernel_add_40");
    void *bytes = nullptr;
    std::size_t size = 0;
    assert_int_equal(pto_image_pack(builder.get(), &bytes, &size, nullptr), PTO_OK);
    pto_image *image = nullptr;
    assert_int_equal(pto_image_open(bytes, size, &image, nullptr), PTO_OK);
    pto_image_free_bytes(bytes);
    expect_refused_by_both_names(*pto_image_callable(image));
    pto_image_close(image);
}

void a_packed_callable_of_other_headers_is_refused_by_both_names(void **)
{
    const auto text_of = [](const char *module) {
        const std::vector<char> &bytes = module_bytes(module);
        return std::string(bytes.begin(), bytes.end());
    };
    PackedParts parts;
    parts.entry = "combine";
    parts.orchestration = text_of("host_orch");
    parts.signature = {PTO_DIR_IN, PTO_DIR_IN, PTO_DIR_OUT};
    parts.children = {{0, {}, text_of("host_kernel_add_40")}};
    const std::vector<char> bytes = pack_chip_callable(parts);
    pto_image *image = nullptr;
    pto_image_error error{};
    if (pto_image_import(bytes.data(), bytes.size(), nullptr, &image, &error) != PTO_OK)
        fail_msg("%s", error.message);
    assert_string_equal(pto_image_callable(image)->build_identity, kOther);
    assert_non_null(std::strstr(pto_image_identity(image), kOther));
    expect_refused_by_both_names(*pto_image_callable(image));
    pto_image_close(image);
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_library_states_its_headers),
        cmocka_unit_test(callables_of_the_same_headers_are_prepared_and_run),
        cmocka_unit_test(callables_that_state_nothing_are_prepared_and_run),
        cmocka_unit_test(a_kernel_of_other_headers_is_refused_by_both_names),
        cmocka_unit_test(a_callable_that_states_other_headers_is_refused_by_both_names),
        cmocka_unit_test(an_image_of_other_headers_is_refused_by_both_names),
        cmocka_unit_test(a_packed_callable_of_other_headers_is_refused_by_both_names),
    };
    return cmocka_run_group_tests_name("a library of other headers", tests, nullptr, nullptr);
}
