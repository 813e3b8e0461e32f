// SPDX-License-Identifier: Apache-2.0
// Images: every field of a callable survives pack and open, and what cannot be packed or opened is refused by name.
#include "host_test.hpp"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <sys/mman.h>
#include <unistd.h>

using namespace pto::test;

namespace {

struct ImageCloser {
    void operator()(pto_image *image) const { pto_image_close(image); }
};
using ImagePtr = std::unique_ptr<pto_image, ImageCloser>;

std::vector<char> pack(const pto_callable &callable)
{
    void *bytes = nullptr;
    std::size_t size = 0;
    pto_image_error error;
    if (pto_image_pack(&callable, &bytes, &size, &error) != PTO_OK)
        fail_msg("pack: %s", error.message);
    const auto *first = static_cast<const char *>(bytes);
    std::vector<char> image(first, first + size);
    pto_image_free_bytes(bytes);
    return image;
}

ImagePtr open(const std::vector<char> &bytes)
{
    pto_image *image = nullptr;
    pto_image_error error;
    if (pto_image_open(bytes.data(), bytes.size(), &image, &error) != PTO_OK)
        fail_msg("open: %s", error.message);
    return ImagePtr(image);
}

/// Fails unless `text` is `expected`, for which NULL counts as empty.
void expect_text(const char *expected, const char *text)
{
    assert_non_null(text);
    assert_string_equal(text, expected == nullptr ? "" : expected);
}

/// Fails unless `text` is `expected`, of which either is NULL together with the other.
void expect_optional(const char *expected, const char *text)
{
    if (expected == nullptr)
        assert_null(text);
    else
        expect_text(expected, text);
}

void expect_equal(const pto_callable &expected, const pto_callable &callable)
{
    assert_int_equal(callable.struct_size, sizeof(pto_callable));
    assert_int_equal(callable.param_count, expected.param_count);
    assert_int_equal(callable.kernel_count, expected.kernel_count);
    expect_text(expected.name, callable.name);
    expect_text(expected.orch_entry, callable.orch_entry);
    expect_optional(expected.arch, callable.arch);
    expect_optional(expected.orch_config, callable.orch_config);
    assert_int_equal(callable.orch_image_bytes, expected.orch_image_bytes);
    assert_memory_equal(callable.orch_image, expected.orch_image, expected.orch_image_bytes);
    for (uint32_t i = 0; i < expected.param_count; i++) {
        assert_int_equal(callable.params[i].direction, expected.params[i].direction);
        assert_int_equal(callable.params[i].dtype, expected.params[i].dtype);
        assert_int_equal(callable.params[i].ndims, expected.params[i].ndims);
        expect_text(expected.params[i].name, callable.params[i].name);
    }
    for (uint32_t i = 0; i < expected.kernel_count; i++) {
        assert_int_equal(callable.kernels[i].func_id, expected.kernels[i].func_id);
        assert_int_equal(callable.kernels[i].core_type, expected.kernels[i].core_type);
        expect_text(expected.kernels[i].name, callable.kernels[i].name);
        assert_int_equal(callable.kernels[i].image_bytes, expected.kernels[i].image_bytes);
        assert_memory_equal(callable.kernels[i].image, expected.kernels[i].image, expected.kernels[i].image_bytes);
    }
}

/// A callable that uses every field, with images that are just bytes.
struct Full {
    Full()
    {
        for (std::size_t i = 0; i < sizeof orch; i++)
            orch[i] = static_cast<char>(i * 3);
        callable.name = "a name with spaces, \"quotes\" and \xc3\xa4";
        callable.arch = "a5";
        callable.orch_entry = "entry";
        callable.orch_config = "configuration";
        callable.orch_image = orch;
        callable.orch_image_bytes = sizeof orch;
        callable.params = params;
        callable.param_count = 5;
        callable.kernels = kernels;
        callable.kernel_count = 4;
    }

    char orch[1000];
    const char code[65] = "0123456789012345678901234567890123456789012345678901234567890123";
    const std::string longest = std::string(PTO_MAX_NAME, 'k');
    const pto_param params[5] = {{PTO_DIR_IN, PTO_FLOAT32, 2, 0, "x"},
                                 {PTO_SCALAR_ARG, PTO_ANY_DTYPE, 0, 0, nullptr},
                                 {PTO_DIR_OUT, PTO_ANY_DTYPE, 0, 0, ""},
                                 {PTO_DIR_INOUT, PTO_FLOAT4_E2M1, 5, 0, "x"},
                                 {PTO_DIR_IN, PTO_INT64, 1, 0, "a long name of a parameter"}};
    const pto_kernel kernels[4] = {{1023, PTO_CORE_AIC, "first", code, 1},
                                   {0, PTO_CORE_AIV, nullptr, code, 63},
                                   {512, PTO_CORE_ANY, longest.c_str(), code, 64},
                                   {7, PTO_CORE_AIC, "", code, 65}};
    pto_callable callable = PTO_CALLABLE_INIT;
};

void every_field_survives_pack_and_open(void **)
{
    const Full full;
    const ImagePtr image = open(pack(full.callable));
    expect_equal(full.callable, *pto_image_callable(image.get()));
}

void fields_that_are_not_given_stay_empty(void **)
{
    Full full;
    full.callable.name = nullptr;
    full.callable.arch = nullptr;
    full.callable.orch_config = nullptr;
    full.callable.params = nullptr;
    full.callable.param_count = 0;
    full.callable.kernels = nullptr;
    full.callable.kernel_count = 0;
    full.callable.orch_image_bytes = 1;
    const ImagePtr image = open(pack(full.callable));
    expect_equal(full.callable, *pto_image_callable(image.get()));
}

void packing_what_was_opened_gives_the_same_bytes(void **)
{
    const Full full;
    const std::vector<char> bytes = pack(full.callable);
    const ImagePtr image = open(bytes);
    assert_true(pack(*pto_image_callable(image.get())) == bytes);
    assert_true(pack(full.callable) == bytes);
}

void the_largest_callable_survives(void **)
{
    Full full;
    std::vector<pto_kernel> kernels(PTO_MAX_FUNC_IDS, full.kernels[2]);
    for (uint32_t i = 0; i < PTO_MAX_FUNC_IDS; i++)
        kernels[i].func_id = i;
    std::vector<pto_param> params(PTO_MAX_RUN_TENSORS, full.params[0]);
    params.resize(PTO_MAX_RUN_TENSORS + PTO_MAX_RUN_SCALARS);
    full.callable.kernels = kernels.data();
    full.callable.kernel_count = static_cast<uint32_t>(kernels.size());
    full.callable.params = params.data();
    full.callable.param_count = static_cast<uint32_t>(params.size());
    const ImagePtr image = open(pack(full.callable));
    expect_equal(full.callable, *pto_image_callable(image.get()));
}

void the_identity_tells_format_abi_arch_and_compiler(void **)
{
    Full full;
    const ImagePtr image = open(pack(full.callable));
    const std::string identity = pto_image_identity(image.get());
    assert_non_null(std::strstr(identity.c_str(), "format: 3\n"));
    assert_non_null(std::strstr(identity.c_str(), ("abi: " + std::to_string(PTO_ABI_VERSION) + "\n").c_str()));
    assert_non_null(std::strstr(identity.c_str(), "arch: a5\n"));
    assert_non_null(std::strstr(identity.c_str(), "compiler"));
    full.callable.arch = nullptr;
    assert_non_null(std::strstr(pto_image_identity(open(pack(full.callable)).get()), "arch: any\n"));
}

void an_opened_image_owes_nothing_to_the_bytes(void **)
{
    const Full full;
    std::vector<char> bytes = pack(full.callable);
    const ImagePtr image = open(bytes);
    std::fill(bytes.begin(), bytes.end(), 'x');
    bytes = std::vector<char>();
    expect_equal(full.callable, *pto_image_callable(image.get()));
}

void bytes_at_any_address_can_be_opened(void **)
{
    const Full full;
    const std::vector<char> bytes = pack(full.callable);
    std::vector<char> shifted(bytes.size() + 8);
    for (std::size_t shift = 0; shift < 8; shift++) {
        std::memcpy(shifted.data() + shift, bytes.data(), bytes.size());
        pto_image *image = nullptr;
        assert_int_equal(pto_image_open(shifted.data() + shift, bytes.size(), &image, nullptr), PTO_OK);
        expect_equal(full.callable, *pto_image_callable(image));
        pto_image_close(image);
    }
}

void a_callable_from_an_image_runs_after_the_image_is_closed(void **)
{
    TestChip chip;
    auto builder = combine_callable();
    pto_callable callable = *builder.get();
    callable.arch = arch();
    ImagePtr image = open(pack(callable));
    EXPECT_STATUS(PTO_OK, pto_prepare(chip.get(), 0, pto_image_callable(image.get())));
    image.reset();
    assert_true(combines(chip.get(), 0));
}

void an_image_for_another_arch_is_refused_by_prepare(void **)
{
    const TestChip chip;
    auto builder = combine_callable();
    pto_callable callable = *builder.get();
    callable.arch = "a4";
    const ImagePtr image = open(pack(callable));
    EXPECT_REFUSED(chip.get(), PTO_ERROR_INCOMPATIBLE_IMAGE, "arch 'a4'",
                   pto_prepare(chip.get(), 0, pto_image_callable(image.get())));
    EXPECT_MESSAGE(arch());
    expect_usable(chip.get());
}

// ---- refusals

struct BadPack {
    pto_status status;
    const char *text;
    void (*spoil)(pto_callable *callable);
};

constexpr BadPack kBadPacks[] = {
    {PTO_ERROR_INVALID_ARGUMENT, "struct_size", [](pto_callable *callable) { callable->struct_size = 0; }},
    {PTO_ERROR_INVALID_IMAGE, "entry", [](pto_callable *callable) { callable->orch_entry = nullptr; }},
    {PTO_ERROR_INVALID_IMAGE, "configuration", [](pto_callable *callable) { callable->orch_config = ""; }},
    {PTO_ERROR_INVALID_IMAGE, "orchestration image", [](pto_callable *callable) { callable->orch_image = nullptr; }},
    {PTO_ERROR_INVALID_IMAGE, "orchestration image",
     [](pto_callable *callable) { callable->orch_image_bytes = SIZE_MAX; }},
    {PTO_ERROR_INVALID_IMAGE, "kernels", [](pto_callable *callable) { callable->kernels = nullptr; }},
    {PTO_ERROR_INVALID_IMAGE, "4294967295 kernels",
     [](pto_callable *callable) { callable->kernel_count = UINT32_MAX; }},
    {PTO_ERROR_INVALID_IMAGE, "parameters", [](pto_callable *callable) { callable->params = nullptr; }},
    {PTO_ERROR_INVALID_IMAGE, "4294967295 parameters",
     [](pto_callable *callable) { callable->param_count = UINT32_MAX; }},
    {PTO_ERROR_INVALID_IMAGE, "name",
     [](pto_callable *callable) {
         callable->name = "sixty-four bytes are one more than a name in an image may have....";
     }},
};

void callables_that_cannot_be_packed_are_refused(void **)
{
    for (const BadPack &bad : kBadPacks) {
        Full full;
        bad.spoil(&full.callable);
        void *bytes = &full;
        std::size_t size = 4711;
        pto_image_error error;
        assert_int_equal(pto_image_pack(&full.callable, &bytes, &size, &error), bad.status);
        if (std::strstr(error.message, bad.text) == nullptr)
            fail_msg("'%s' does not contain '%s'", error.message, bad.text);
        assert_null(bytes);
        assert_int_equal(size, 0);
        assert_int_equal(pto_image_pack(&full.callable, &bytes, &size, nullptr), bad.status);
    }
    void *bytes = &bytes;
    std::size_t size = 4711;
    assert_int_equal(pto_image_pack(nullptr, &bytes, &size, nullptr), PTO_ERROR_INVALID_ARGUMENT);
    assert_null(bytes);
    assert_int_equal(size, 0);
}

void pack_needs_places_for_its_results(void **)
{
    const Full full;
    pto_image_error error;
    void *bytes = &error;
    std::size_t size = 4711;
    assert_int_equal(pto_image_pack(&full.callable, nullptr, &size, &error), PTO_ERROR_INVALID_ARGUMENT);
    assert_non_null(std::strstr(error.message, "out_bytes"));
    assert_int_equal(size, 0);
    assert_int_equal(pto_image_pack(&full.callable, &bytes, nullptr, &error), PTO_ERROR_INVALID_ARGUMENT);
    assert_non_null(std::strstr(error.message, "out_size"));
    assert_null(bytes);
    assert_int_equal(pto_image_pack(nullptr, nullptr, nullptr, nullptr), PTO_ERROR_INVALID_ARGUMENT);
}

void open_needs_bytes_and_a_place_for_the_image(void **)
{
    const std::vector<char> bytes = pack(Full().callable);
    pto_image_error error;
    assert_int_equal(pto_image_open(bytes.data(), bytes.size(), nullptr, &error), PTO_ERROR_INVALID_ARGUMENT);
    assert_non_null(std::strstr(error.message, "out_image"));
    auto *image = reinterpret_cast<pto_image *>(uintptr_t{1});
    assert_int_equal(pto_image_open(nullptr, bytes.size(), &image, &error), PTO_ERROR_INVALID_ARGUMENT);
    assert_non_null(std::strstr(error.message, "bytes is NULL"));
    assert_null(image);
    image = reinterpret_cast<pto_image *>(uintptr_t{1});
    assert_int_equal(pto_image_open(bytes.data(), 0, &image, &error), PTO_ERROR_INVALID_IMAGE);
    assert_null(image);
    assert_int_equal(pto_image_open_file("/nowhere", nullptr, &error), PTO_ERROR_INVALID_ARGUMENT);
    assert_int_equal(pto_image_open_file(nullptr, &image, &error), PTO_ERROR_INVALID_ARGUMENT);
    assert_null(image);
}

void null_images_are_harmless(void **)
{
    pto_image_close(nullptr);
    pto_image_free_bytes(nullptr);
    assert_null(pto_image_callable(nullptr));
    assert_non_null(pto_image_identity(nullptr));
}

/// The text that describes a failure is a string whatever the call did.
void the_error_text_is_always_terminated(void **)
{
    const Full full;
    const std::vector<char> bytes = pack(full.callable);
    const auto is_terminated = [](const pto_image_error &error) {
        return std::memchr(error.message, '\0', sizeof error.message) != nullptr;
    };
    pto_image_error error;
    std::memset(&error, 'x', sizeof error);
    pto_image *image = nullptr;
    assert_int_equal(pto_image_open(bytes.data(), bytes.size() - 1, &image, &error), PTO_ERROR_INVALID_IMAGE);
    assert_true(is_terminated(error));
    std::memset(&error, 'x', sizeof error);
    assert_int_equal(pto_image_open_file(std::string(3000, '/').c_str(), &image, &error), PTO_ERROR_SYSTEM);
    assert_true(is_terminated(error));
    std::memset(&error, 'x', sizeof error);
    assert_int_equal(pto_image_open(bytes.data(), bytes.size(), &image, &error), PTO_OK);
    assert_true(is_terminated(error));
    pto_image_close(image);
    std::memset(&error, 'x', sizeof error);
    void *packed = nullptr;
    std::size_t size = 0;
    assert_int_equal(pto_image_pack(&full.callable, &packed, &size, &error), PTO_OK);
    assert_true(is_terminated(error));
    pto_image_free_bytes(packed);
}

// ---- files

/// A file that has a path but no name in any directory.
class MemoryFile {
public:
    explicit MemoryFile(const std::vector<char> &bytes) : file_(memfd_create("pto-test", MFD_CLOEXEC))
    {
        assert_true(file_ >= 0);
        assert_int_equal(write(file_, bytes.data(), bytes.size()), bytes.size());
    }
    ~MemoryFile() { close(file_); }
    MemoryFile(const MemoryFile &) = delete;
    MemoryFile &operator=(const MemoryFile &) = delete;

    std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }

private:
    int file_;
};

void expect_file_refused(const std::string &path, pto_status status, const char *text)
{
    auto *image = reinterpret_cast<pto_image *>(uintptr_t{1});
    pto_image_error error;
    assert_int_equal(pto_image_open_file(path.c_str(), &image, &error), status);
    if (std::strstr(error.message, text) == nullptr)
        fail_msg("'%s' does not contain '%s'", error.message, text);
    assert_null(image);
    assert_int_equal(pto_image_open_file(path.c_str(), &image, nullptr), status);
    assert_null(image);
}

void a_file_opens_as_its_bytes_do(void **)
{
    Full full;
    const std::vector<char> large(300'000, 'L');
    full.callable.orch_image = large.data();
    full.callable.orch_image_bytes = large.size();
    const MemoryFile file(pack(full.callable));
    pto_image *image = nullptr;
    assert_int_equal(pto_image_open_file(file.path().c_str(), &image, nullptr), PTO_OK);
    expect_equal(full.callable, *pto_image_callable(image));
    pto_image_close(image);
}

void files_that_are_no_images_are_refused(void **)
{
    expect_file_refused("/nowhere/to/be.found", PTO_ERROR_SYSTEM, "/nowhere/to/be.found: No such file");
    expect_file_refused("", PTO_ERROR_SYSTEM, "No such file");
    expect_file_refused("/proc/self", PTO_ERROR_SYSTEM, "/proc/self: Is a directory");
    expect_file_refused("/dev/null", PTO_ERROR_INVALID_IMAGE, "0 bytes");
    expect_file_refused(MemoryFile({}).path(), PTO_ERROR_INVALID_IMAGE, "0 bytes");
    std::vector<char> bytes = pack(Full().callable);
    bytes.push_back('\0');
    expect_file_refused(MemoryFile(bytes).path(), PTO_ERROR_INVALID_IMAGE, "header says");
    expect_file_refused(MemoryFile(module_bytes("host_orch")).path(), PTO_ERROR_INVALID_IMAGE, "PTOIMAGE");
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(every_field_survives_pack_and_open),
        cmocka_unit_test(fields_that_are_not_given_stay_empty),
        cmocka_unit_test(packing_what_was_opened_gives_the_same_bytes),
        cmocka_unit_test(the_largest_callable_survives),
        cmocka_unit_test(the_identity_tells_format_abi_arch_and_compiler),
        cmocka_unit_test(an_opened_image_owes_nothing_to_the_bytes),
        cmocka_unit_test(bytes_at_any_address_can_be_opened),
        cmocka_unit_test(a_callable_from_an_image_runs_after_the_image_is_closed),
        cmocka_unit_test(an_image_for_another_arch_is_refused_by_prepare),
        cmocka_unit_test(callables_that_cannot_be_packed_are_refused),
        cmocka_unit_test(pack_needs_places_for_its_results),
        cmocka_unit_test(open_needs_bytes_and_a_place_for_the_image),
        cmocka_unit_test(null_images_are_harmless),
        cmocka_unit_test(the_error_text_is_always_terminated),
        cmocka_unit_test(a_file_opens_as_its_bytes_do),
        cmocka_unit_test(files_that_are_no_images_are_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
