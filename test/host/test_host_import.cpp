// SPDX-License-Identifier: Apache-2.0
// Packed ChipCallables: what they say survives the import and runs, and what is wrong with them is refused by the field
// and its offset. The checks of bounds are AddressSanitizer's to make; without it, a read outside may go unnoticed.
#include "host_test.hpp"
#include "packed_callable.hpp"

#include <cstring>
#include <iterator>
#include <memory>
#include <span>

using namespace pto::test;

namespace {

struct ImageCloser {
    void operator()(pto_image *image) const { pto_image_close(image); }
};
using ImagePtr = std::unique_ptr<pto_image, ImageCloser>;

ImagePtr import_or_fail(const std::vector<char> &bytes, const pto_import_options *options = nullptr)
{
    pto_image *image = nullptr;
    pto_image_error error;
    if (pto_image_import(bytes.data(), bytes.size(), options, &image, &error) != PTO_OK)
        fail_msg("import: %s", error.message);
    assert_string_equal(error.message, "");
    return ImagePtr(image);
}

std::string text_of_module(const std::string &name)
{
    const std::vector<char> &bytes = module_bytes(name);
    return std::string(bytes.data(), bytes.size());
}

/// Two children; the orchestration ends inside a block of 64 bytes.
PackedParts small_parts()
{
    PackedParts parts;
    parts.signature = {PTO_DIR_IN, PTO_SCALAR_ARG, PTO_DIR_OUT, PTO_DIR_INOUT};
    parts.entry = "the_entry";
    parts.config = "the_config";
    parts.orchestration = std::string(100, 'o');
    parts.children = {{1023, {PTO_DIR_IN, PTO_DIR_OUT}, std::string(70, 'a')}, {0, {}, std::string(1, 'b')}};
    return parts;
}
constexpr std::size_t kFirstChild = kAtStorage + 128;
constexpr std::size_t kSecondChild = kFirstChild + 320; // 192 + 70, up to the next multiple of 64

PackedParts combine_parts()
{
    PackedParts parts;
    parts.signature = {PTO_DIR_IN, PTO_DIR_IN, PTO_DIR_OUT};
    parts.entry = "combine";
    parts.orchestration = text_of_module("host_orch");
    parts.children = {{7, {}, text_of_module("host_kernel_subtract")},
                      {0, {PTO_DIR_IN, PTO_DIR_IN, PTO_DIR_OUT}, text_of_module("host_kernel_add")}};
    return parts;
}

/// Every byte that a callable leads to is there; one sum, so that none of the reads is left out.
uint64_t sum_of(const pto_callable &callable)
{
    uint64_t sum = 0;
    const auto add = [&sum](const void *bytes, std::size_t size) {
        for (std::size_t i = 0; i < size; i++)
            sum = sum * 31 + static_cast<const unsigned char *>(bytes)[i];
    };
    for (const char *text : {callable.name, callable.arch, callable.orch_entry, callable.orch_config})
        if (text != nullptr)
            add(text, std::strlen(text));
    add(callable.orch_image, callable.orch_image_bytes);
    for (uint32_t i = 0; i < callable.param_count; i++)
        add(&callable.params[i].direction, 1);
    for (uint32_t i = 0; i < callable.kernel_count; i++)
        add(callable.kernels[i].image, callable.kernels[i].image_bytes);
    return sum;
}

/// Imports; what comes of it is either a refusal with a text, or a callable that can be read and packed.
pto_status import_and_read(const std::vector<char> &bytes)
{
    auto *image = reinterpret_cast<pto_image *>(uintptr_t{1});
    pto_image_error error;
    const pto_status status =
        pto_image_import(bytes.empty() ? "" : bytes.data(), bytes.size(), nullptr, &image, &error);
    if (status != PTO_OK) {
        assert_int_equal(status, PTO_ERROR_INVALID_IMAGE);
        assert_true(std::strlen(error.message) > 10);
        assert_null(image);
        return status;
    }
    const ImagePtr owner(image);
    const uint64_t sum = sum_of(*pto_image_callable(image));
    void *packed = nullptr;
    std::size_t size = 0;
    assert_int_equal(pto_image_pack(pto_image_callable(image), &packed, &size, nullptr), PTO_OK);
    pto_image *opened = nullptr;
    assert_int_equal(pto_image_open(packed, size, &opened, nullptr), PTO_OK);
    assert_true(sum_of(*pto_image_callable(opened)) == sum);
    pto_image_close(opened);
    pto_image_free_bytes(packed);
    return PTO_OK;
}

// ---- what is imported

void an_imported_callable_runs(void **)
{
    TestChip chip;
    for (const uint32_t builder : {PTO_DEVICE_BUILT, PTO_HOST_BUILT}) {
        ImagePtr image = import_or_fail(pack_chip_callable(combine_parts()));
        pto_callable callable = *pto_image_callable(image.get());
        callable.builder = builder;
        EXPECT_STATUS(PTO_OK, pto_prepare(chip.get(), static_cast<int32_t>(builder), &callable));
        image.reset();
        assert_true(combines(chip.get(), static_cast<int32_t>(builder)));
    }
    PackedParts other = combine_parts();
    std::swap(other.children[0].func_id, other.children[1].func_id);
    const ImagePtr image = import_or_fail(pack_chip_callable(other));
    EXPECT_STATUS(PTO_OK, pto_prepare(chip.get(), 2, pto_image_callable(image.get())));
    assert_true(combines(chip.get(), 2, -1.0f));
}

void every_field_arrives(void **)
{
    const PackedParts parts = small_parts();
    const ImagePtr image = import_or_fail(pack_chip_callable(parts));
    const pto_callable &callable = *pto_image_callable(image.get());
    assert_int_equal(callable.struct_size, sizeof callable);
    assert_int_equal(callable.builder, PTO_DEVICE_BUILT);
    assert_string_equal(callable.name, "the_entry");
    assert_null(callable.arch);
    assert_string_equal(callable.orch_entry, "the_entry");
    assert_string_equal(callable.orch_config, "the_config");
    assert_int_equal(callable.orch_image_bytes, parts.orchestration.size());
    assert_memory_equal(callable.orch_image, parts.orchestration.data(), parts.orchestration.size());
    assert_int_equal(callable.param_count, parts.signature.size());
    for (uint32_t i = 0; i < callable.param_count; i++) {
        assert_int_equal(callable.params[i].direction, parts.signature[i]);
        assert_int_equal(callable.params[i].dtype, PTO_ANY_DTYPE);
        assert_int_equal(callable.params[i].ndims, 0);
        assert_null(callable.params[i].name);
    }
    assert_int_equal(callable.kernel_count, parts.children.size());
    for (uint32_t i = 0; i < callable.kernel_count; i++) {
        const PackedChild &child = parts.children[i];
        assert_int_equal(callable.kernels[i].func_id, child.func_id);
        assert_int_equal(callable.kernels[i].core_type, PTO_CORE_ANY);
        assert_null(callable.kernels[i].name);
        assert_int_equal(callable.kernels[i].image_bytes, child.binary.size());
        assert_memory_equal(callable.kernels[i].image, child.binary.data(), child.binary.size());
    }
}

void parts_that_are_not_there_stay_empty(void **)
{
    PackedParts parts = small_parts();
    parts.signature.clear();
    parts.config.clear();
    parts.children.clear();
    const ImagePtr image = import_or_fail(pack_chip_callable(parts));
    const pto_callable &callable = *pto_image_callable(image.get());
    assert_null(callable.orch_config);
    assert_int_equal(callable.param_count, 0);
    assert_int_equal(callable.kernel_count, 0);
}

void name_and_arch_are_the_callers(void **)
{
    std::string name = "a name";
    std::string other_arch = "a4";
    pto_import_options options = PTO_IMPORT_OPTIONS_INIT;
    options.name = name.c_str();
    options.arch = other_arch.c_str();
    const ImagePtr image = import_or_fail(pack_chip_callable(combine_parts()), &options);
    name.assign(name.size(), 'x');
    other_arch.assign(other_arch.size(), 'x');
    const pto_callable &callable = *pto_image_callable(image.get());
    assert_string_equal(callable.name, "a name");
    assert_string_equal(callable.arch, "a4");
    const std::string identity = pto_image_identity(image.get());
    assert_non_null(std::strstr(identity.c_str(), "format: ChipCallable\narch: a4\nimported by: pto "));
    const TestChip chip;
    EXPECT_REFUSED(chip.get(), PTO_ERROR_INCOMPATIBLE_IMAGE, "arch 'a4'", pto_prepare(chip.get(), 0, &callable));
    const ImagePtr plain = import_or_fail(pack_chip_callable(small_parts()));
    assert_non_null(std::strstr(pto_image_identity(plain.get()), "arch: any\n"));
}

void an_imported_image_owes_nothing_to_the_bytes(void **)
{
    std::vector<char> bytes = pack_chip_callable(small_parts());
    const ImagePtr image = import_or_fail(bytes);
    const uint64_t sum = sum_of(*pto_image_callable(image.get()));
    std::fill(bytes.begin(), bytes.end(), 'x');
    bytes = std::vector<char>();
    assert_true(sum_of(*pto_image_callable(image.get())) == sum);
}

void bytes_at_any_address_can_be_imported(void **)
{
    const std::vector<char> bytes = pack_chip_callable(small_parts());
    for (std::size_t shift = 0; shift < 8; shift++) {
        std::vector<char> shifted(bytes.size() + shift);
        std::memcpy(shifted.data() + shift, bytes.data(), bytes.size());
        pto_image *image = nullptr;
        assert_int_equal(pto_image_import(shifted.data() + shift, bytes.size(), nullptr, &image, nullptr), PTO_OK);
        assert_int_equal(pto_image_callable(image)->kernel_count, 2);
        pto_image_close(image);
    }
}

void the_largest_callable_is_imported(void **)
{
    PackedParts parts = small_parts();
    parts.signature.assign(256, PTO_DIR_INOUT);
    parts.entry.assign(63, 'e');
    parts.config.assign(63, 'c');
    parts.children.assign(1024, {0, std::vector<int32_t>(32, PTO_DIR_INOUT), "x"});
    for (int32_t i = 0; i < 1024; i++)
        parts.children[static_cast<std::size_t>(i)].func_id = 1023 - i;
    const std::vector<char> bytes = pack_chip_callable(parts);
    assert_int_equal(import_and_read(bytes), PTO_OK);
    const ImagePtr image = import_or_fail(bytes);
    assert_int_equal(pto_image_callable(image.get())->param_count, 256);
    assert_int_equal(pto_image_callable(image.get())->kernel_count, 1024);
    assert_string_equal(pto_image_callable(image.get())->orch_config, parts.config.c_str());
}

/// What is behind the counts is what a packer left there, and the order of the children in the storage is its own.
void what_means_nothing_may_be_anything(void **)
{
    std::vector<char> bytes = pack_chip_callable(small_parts());
    for (std::size_t at = kAtSignature + 4 * 4; at < kAtSigCount; at++)
        bytes[at] = 'x';
    for (std::size_t at = kAtChildIds + 4 * 2; at < kAtChildOffsets; at++)
        bytes[at] = 'x';
    for (std::size_t at = kAtChildOffsets + 4 * 2; at < kAtChildCount; at++)
        bytes[at] = 'x';
    put(&bytes, kAtChildOffsets, static_cast<uint32_t>(kSecondChild - kAtStorage));
    put(&bytes, kAtChildOffsets + 4, static_cast<uint32_t>(kFirstChild - kAtStorage));
    bytes.resize(bytes.size() + 63);
    const ImagePtr image = import_or_fail(bytes);
    assert_int_equal(pto_image_callable(image.get())->kernels[0].image_bytes, 1);
    assert_int_equal(pto_image_callable(image.get())->kernels[1].image_bytes, 70);
}

// ---- what is refused

struct Defect {
    const char *text;
    void (*spoil)(std::vector<char> *bytes);
};

constexpr Defect kDefects[] = {
    {"sig_count at offset 1024: 257 is above 256", [](std::vector<char> *b) { put(b, kAtSigCount, 257u); }},
    {"sig_count at offset 1024: 4294967295 is above", [](std::vector<char> *b) { put(b, kAtSigCount, UINT32_MAX); }},
    {"signature[0] at offset 0: 4 is no direction", [](std::vector<char> *b) { put(b, kAtSignature, 4); }},
    {"signature[3] at offset 12: -1 is no direction", [](std::vector<char> *b) { put(b, kAtSignature + 12, -1); }},
    {"signature[1] at offset 4: 256 is no", [](std::vector<char> *b) { put(b, kAtSignature + 4, 256); }},
    {"200 scalars; at most 256 and 128",
     [](std::vector<char> *b) {
         std::memset(b->data(), 0, 1024);
         put(b, kAtSigCount, 200u);
     }},
    {"orchestration size at offset 1028: 0 bytes", [](std::vector<char> *b) { put(b, kAtOrchSize, 0u); }},
    {"orchestration size at offset 1028: 4294967295 bytes are not in a storage of",
     [](std::vector<char> *b) { put(b, kAtOrchSize, UINT32_MAX); }},
    {"child 0 at 128 of the storage overlaps the orchestration, up to 129",
     [](std::vector<char> *b) { put(b, kAtOrchSize, 129u); }},
    {"func_name_len at offset 1096: 64 is above 63", [](std::vector<char> *b) { put(b, kAtFuncNameLength, 64u); }},
    {"func_name_len at offset 1096: 4294967295", [](std::vector<char> *b) { put(b, kAtFuncNameLength, UINT32_MAX); }},
    {"func_name at offset 1032: it has 9 bytes up to its zero, func_name_len says 10",
     [](std::vector<char> *b) { put(b, kAtFuncNameLength, 10u); }},
    {"func_name at offset 1032: it has 3 bytes up to its zero, func_name_len says 9",
     [](std::vector<char> *b) { put(b, kAtFuncName + 3, '\0'); }},
    {"func_name at offset 1032: it has 9 bytes", [](std::vector<char> *b) { put(b, kAtFuncNameLength, 0u); }},
    {"func_name at offset 1032: no zero ends it",
     [](std::vector<char> *b) { put_text(b, kAtFuncName, std::string(64, 'n')); }},
    {"func_name at offset 1032: it is empty",
     [](std::vector<char> *b) {
         put(b, kAtFuncName, '\0');
         put(b, kAtFuncNameLength, 0u);
     }},
    {"config_name_len at offset 9360: 64 is above 63", [](std::vector<char> *b) { put(b, kAtConfigNameLength, 64u); }},
    {"config_name at offset 9296: it has 10 bytes up to its zero, config_name_len says 0",
     [](std::vector<char> *b) { put(b, kAtConfigNameLength, 0u); }},
    {"config_name at offset 9296: no zero ends it",
     [](std::vector<char> *b) { put_text(b, kAtConfigName, std::string(64, 'n')); }},
    {"child_count at offset 9292: 1025 is above 1024", [](std::vector<char> *b) { put(b, kAtChildCount, 1025u); }},
    {"child_count at offset 9292: 4294967295", [](std::vector<char> *b) { put(b, kAtChildCount, UINT32_MAX); }},
    {"child_ids[2] at offset 1108: func id 0 is used twice", [](std::vector<char> *b) { put(b, kAtChildCount, 3u); }},
    {"bytes behind child 0, the last part, belong to none", [](std::vector<char> *b) { put(b, kAtChildCount, 1u); }},
    {"child_ids[0] at offset 1100: func id 1024 is not in 0..1023",
     [](std::vector<char> *b) { put(b, kAtChildIds, 1024); }},
    {"child_ids[1] at offset 1104: func id -1 is not in", [](std::vector<char> *b) { put(b, kAtChildIds + 4, -1); }},
    {"child_ids[1] at offset 1104: func id 1023 is used twice",
     [](std::vector<char> *b) { put(b, kAtChildIds + 4, 1023); }},
    {"child_offsets[0] at offset 5196: 129 is no multiple of 64",
     [](std::vector<char> *b) { put(b, kAtChildOffsets, 129u); }},
    {"child_offsets[0] at offset 5196: 160 is no multiple of 64",
     [](std::vector<char> *b) { put(b, kAtChildOffsets, 160u); }},
    {"child_offsets[1] at offset 5200: 4294967295 is no multiple",
     [](std::vector<char> *b) { put(b, kAtChildOffsets + 4, UINT32_MAX); }},
    {"child_offsets[1] at offset 5200: a child at 4294967232 is not in a storage of",
     [](std::vector<char> *b) { put(b, kAtChildOffsets + 4, UINT32_MAX - 63); }},
    {"child_offsets[1] at offset 5200: a child at 512 is not in a storage of",
     [](std::vector<char> *b) { put(b, kAtChildOffsets + 4, 512u); }},
    {"child 0: signature[0] at offset 9376", [](std::vector<char> *b) { put(b, kAtChildOffsets, 0u); }},
    {"at 0 of the storage overlaps",
     [](std::vector<char> *b) {
         put(b, kAtChildOffsets, 0u);
         put(b, kAtStorage, 0u);
     }},
    {"of the storage overlaps child ",
     [](std::vector<char> *b) { put(b, kAtChildOffsets + 4, static_cast<uint32_t>(kFirstChild - kAtStorage)); }},
    {"child 0: sig_count at offset 9632: 33 is above 32",
     [](std::vector<char> *b) { put(b, kFirstChild + kInChildSigCount, 33u); }},
    {"child 1: sig_count at offset 9952: 4294967295 is above 32",
     [](std::vector<char> *b) { put(b, kSecondChild + kInChildSigCount, UINT32_MAX); }},
    {"child 0: signature[1] at offset 9508: 7 is no direction", [](std::vector<char> *b) { put(b, kFirstChild + 4, 7); }},
    {"child 0: binary_size at offset 9636: 0 bytes",
     [](std::vector<char> *b) { put(b, kFirstChild + kInChildBinarySize, 0u); }},
    {"child 1: binary_size at offset 9956: 2 bytes are not in the 1 behind its header",
     [](std::vector<char> *b) { put(b, kSecondChild + kInChildBinarySize, 2u); }},
    {"child 1: binary_size at offset 9956: 4294967295 bytes",
     [](std::vector<char> *b) { put(b, kSecondChild + kInChildBinarySize, UINT32_MAX); }},
    {"child 1 at 448 of the storage overlaps child 0, up to 449",
     [](std::vector<char> *b) { put(b, kFirstChild + kInChildBinarySize, 129u); }},
    {"64 bytes behind child 1, the last part, belong to none",
     [](std::vector<char> *b) { b->resize(b->size() + 64); }},
    {"an image already", [](std::vector<char> *b) { put_text(b, 0, "PTOIMAGE"); }},
    {"another ELF", [](std::vector<char> *b) { put_text(b, 0, "\177ELF"); }},
    {"9375 bytes are too few for a ChipCallable, whose header has 9376",
     [](std::vector<char> *b) { b->resize(9375); }},
    {"100 bytes are not in a storage of 99", [](std::vector<char> *b) { b->resize(9376 + 99); }},
};

void each_defect_is_refused_by_its_field_and_offset(void **)
{
    for (const Defect &defect : kDefects) {
        std::vector<char> bytes = pack_chip_callable(small_parts());
        defect.spoil(&bytes);
        auto *image = reinterpret_cast<pto_image *>(uintptr_t{1});
        pto_image_error error{};
        const pto_status status = pto_image_import(bytes.data(), bytes.size(), nullptr, &image, &error);
        if (status != PTO_ERROR_INVALID_IMAGE || std::strstr(error.message, defect.text) == nullptr)
            fail_msg("%s: '%s', not '%s'", pto_status_name(status), error.message, defect.text);
        assert_null(image);
        assert_int_equal(pto_image_import(bytes.data(), bytes.size(), nullptr, &image, nullptr), status);
    }
}

void arguments_that_cannot_be_used_are_refused(void **)
{
    const std::vector<char> bytes = pack_chip_callable(small_parts());
    pto_image_error error;
    auto *image = reinterpret_cast<pto_image *>(uintptr_t{1});
    assert_int_equal(pto_image_import(bytes.data(), bytes.size(), nullptr, nullptr, &error),
                     PTO_ERROR_INVALID_ARGUMENT);
    assert_non_null(std::strstr(error.message, "out_image"));
    assert_int_equal(pto_image_import(nullptr, bytes.size(), nullptr, &image, &error), PTO_ERROR_INVALID_ARGUMENT);
    assert_non_null(std::strstr(error.message, "bytes is NULL"));
    assert_null(image);
    pto_import_options options = PTO_IMPORT_OPTIONS_INIT;
    options.struct_size--;
    assert_int_equal(pto_image_import(bytes.data(), bytes.size(), &options, &image, &error),
                     PTO_ERROR_INVALID_ARGUMENT);
    assert_non_null(std::strstr(error.message, "pto_import_options.struct_size is 23, not 24"));
    const std::string too_long(PTO_MAX_NAME + 1, 'n');
    for (const char *pto_import_options::*field : {&pto_import_options::name, &pto_import_options::arch}) {
        options = PTO_IMPORT_OPTIONS_INIT;
        options.*field = too_long.c_str();
        assert_int_equal(pto_image_import(bytes.data(), bytes.size(), &options, &image, &error),
                         PTO_ERROR_INVALID_IMAGE);
        assert_non_null(std::strstr(error.message, "name or arch is longer"));
    }
    assert_int_equal(pto_image_import(bytes.data(), bytes.size(), nullptr, nullptr, nullptr),
                     PTO_ERROR_INVALID_ARGUMENT);
}

// ---- damage

void every_shorter_packed_callable_is_refused(void **)
{
    const std::vector<char> bytes = pack_chip_callable(small_parts());
    for (std::size_t size = 0; size < bytes.size(); size++) {
        const std::vector<char> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
        if (import_and_read(cut) == PTO_OK)
            fail_msg("%zu bytes of %zu are accepted", size, bytes.size());
    }
}

void every_damaged_byte_is_refused_or_consistent(void **)
{
    const std::vector<char> bytes = pack_chip_callable(small_parts());
    uint32_t accepted = 0;
    std::vector<char> damaged = bytes;
    for (std::size_t at = 0; at < bytes.size(); at++) {
        for (const int flip : {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff}) {
            damaged[at] = static_cast<char>(bytes[at] ^ flip);
            accepted += import_and_read(damaged) == PTO_OK ? 1 : 0;
        }
        damaged[at] = bytes[at];
    }
    assert_true(accepted > 0);
}

/// Numbers that a careless check lets through, in every word that means something.
void hostile_words_never_lead_outside(void **)
{
    const std::vector<char> bytes = pack_chip_callable(small_parts());
    const auto size = static_cast<uint32_t>(bytes.size());
    const auto storage = static_cast<uint32_t>(size - kAtStorage);
    std::vector<uint32_t> numbers = {0, 1, 2, 32, 33, 63, 64, 65, 128, 192, 256, 257, 448, 512, 640, 704, 1024, 1025};
    for (const uint32_t edge : {size, storage, storage - 192, 0u, 0u - 64, 0u - 192, 0x80000000u})
        numbers.insert(numbers.end(), {edge - 1, edge, edge + 1});
    const std::size_t words[] = {kAtSigCount,
                                 kAtOrchSize,
                                 kAtFuncNameLength,
                                 kAtChildCount,
                                 kAtConfigNameLength,
                                 kAtChildIds,
                                 kAtChildOffsets,
                                 kAtChildOffsets + 4,
                                 kAtChildOffsets + 8,
                                 kFirstChild + kInChildSigCount,
                                 kFirstChild + kInChildBinarySize,
                                 kSecondChild + kInChildSigCount,
                                 kSecondChild + kInChildBinarySize};
    // Pairs, because a size and an offset are wrong together.
    std::vector<char> forged = bytes;
    for (const std::size_t &one : words) {
        for (const std::size_t &other : std::span(&one, std::end(words))) {
            for (const uint32_t first : numbers) {
                for (const uint32_t second : numbers) {
                    put(&forged, one, first);
                    put(&forged, other, second);
                    import_and_read(forged);
                }
            }
            put(&forged, one, get<uint32_t>(bytes, one));
            put(&forged, other, get<uint32_t>(bytes, other));
        }
    }
    assert_true(forged == bytes);
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_imported_callable_runs),
        cmocka_unit_test(every_field_arrives),
        cmocka_unit_test(parts_that_are_not_there_stay_empty),
        cmocka_unit_test(name_and_arch_are_the_callers),
        cmocka_unit_test(an_imported_image_owes_nothing_to_the_bytes),
        cmocka_unit_test(bytes_at_any_address_can_be_imported),
        cmocka_unit_test(the_largest_callable_is_imported),
        cmocka_unit_test(what_means_nothing_may_be_anything),
        cmocka_unit_test(each_defect_is_refused_by_its_field_and_offset),
        cmocka_unit_test(arguments_that_cannot_be_used_are_refused),
        cmocka_unit_test(every_shorter_packed_callable_is_refused),
        cmocka_unit_test(every_damaged_byte_is_refused_or_consistent),
        cmocka_unit_test(hostile_words_never_lead_outside),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
