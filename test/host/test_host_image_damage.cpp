// SPDX-License-Identifier: Apache-2.0
// Images that were cut, damaged or forged: opening refuses them or gives a callable all of whose bytes can be read. The
// checks of bounds are AddressSanitizer's to make; without it, a read outside may go unnoticed.
#include "host_test.hpp"

#include "host/image_format.h"

#include <cstring>
#include <xxhash.h>

using namespace pto::test;
using pto::host::FileRange;
using pto::host::ImageHeader;
using pto::host::KernelRecord;
using pto::host::ParamRecord;

namespace {

/// A valid image of about 1 KiB with two kernels and two parameters.
std::vector<char> small_image()
{
    static const char orch[70] = "the orchestration";
    const pto_kernel kernels[] = {{3, PTO_CORE_AIC, "one", "code of kernel one", 18},
                                  {900, PTO_CORE_AIV, "two", "of kernel two", 13}};
    const pto_param params[] = {{PTO_DIR_IN, PTO_FLOAT32, 1, 0, "x"}, {PTO_SCALAR_ARG, PTO_ANY_DTYPE, 0, 0, "s"}};
    pto_callable callable = PTO_CALLABLE_INIT;
    callable.name = "small";
    callable.arch = "a5";
    callable.orch_entry = "entry";
    callable.orch_config = "config";
    callable.orch_image = orch;
    callable.orch_image_bytes = sizeof orch;
    callable.kernels = kernels;
    callable.kernel_count = 2;
    callable.params = params;
    callable.param_count = 2;
    void *bytes = nullptr;
    std::size_t size = 0;
    assert_int_equal(pto_image_pack(&callable, &bytes, &size, nullptr), PTO_OK);
    const auto *first = static_cast<const char *>(bytes);
    std::vector<char> image(first, first + size);
    pto_image_free_bytes(bytes);
    return image;
}

ImageHeader header_of(const std::vector<char> &image)
{
    ImageHeader header;
    std::memcpy(&header, image.data(), sizeof header);
    return header;
}

uint64_t checksum_of(const std::vector<char> &image)
{
    std::vector<char> unsealed = image;
    std::memset(unsealed.data() + offsetof(ImageHeader, checksum), 0, sizeof(uint64_t));
    return XXH3_64bits(unsealed.data(), unsealed.size());
}

void seal(std::vector<char> *image, ImageHeader header)
{
    std::memcpy(image->data(), &header, sizeof header);
    header.checksum = checksum_of(*image);
    std::memcpy(image->data(), &header, sizeof header);
}

/// All that a callable says, read to its last byte: the text of two equal callables is equal.
std::string text_of(const pto_callable &callable)
{
    const auto name = [](const char *text) { return std::string(text == nullptr ? "(none)" : text) + '\n'; };
    const auto bytes = [](const void *data, std::size_t size) {
        return std::string(static_cast<const char *>(data), size) + '\n';
    };
    std::string text = name(callable.name) + name(callable.arch) + name(callable.orch_entry) +
                       name(callable.orch_config) + bytes(callable.orch_image, callable.orch_image_bytes);
    for (uint32_t i = 0; i < callable.param_count; i++) {
        const pto_param &param = callable.params[i];
        text += std::to_string(param.direction) + ' ' + std::to_string(param.dtype) + ' ' +
                std::to_string(param.ndims) + ' ' + name(param.name);
    }
    for (uint32_t i = 0; i < callable.kernel_count; i++) {
        const pto_kernel &kernel = callable.kernels[i];
        text += std::to_string(kernel.func_id) + ' ' + std::to_string(kernel.core_type) + ' ' + name(kernel.name) +
                bytes(kernel.image, kernel.image_bytes);
    }
    return text;
}

/// Opens a copy that ends where a block of the heap does. Returns what it says, "" for a refusal with a message.
std::string open_and_read(const std::vector<char> &bytes, pto_status *out_status = nullptr)
{
    auto *image = reinterpret_cast<pto_image *>(uintptr_t{1});
    pto_image_error error{};
    const pto_status status = pto_image_open(bytes.data(), bytes.size(), &image, &error);
    if (out_status != nullptr)
        *out_status = status;
    if (status != PTO_OK) {
        assert_true(status == PTO_ERROR_INVALID_IMAGE || status == PTO_ERROR_INCOMPATIBLE_IMAGE);
        assert_true(error.message[0] != '\0');
        assert_null(image);
        return "";
    }
    const std::string text = text_of(*pto_image_callable(image));
    assert_true(std::strlen(pto_image_identity(image)) <= bytes.size());
    pto_image_close(image);
    return text;
}

/// The tests that forge headers are worth nothing unless they know how an image is sealed.
void a_sealed_image_opens(void **)
{
    std::vector<char> image = small_image();
    const ImageHeader header = header_of(image);
    assert_true(header.checksum == checksum_of(image));
    seal(&image, header);
    assert_true(image == small_image());
    assert_true(open_and_read(image).find("of kernel two") != std::string::npos);
}

void every_shorter_image_is_refused(void **)
{
    const std::vector<char> image = small_image();
    for (std::size_t size = 0; size < image.size(); size++) {
        const std::vector<char> cut(image.begin(), image.begin() + static_cast<std::ptrdiff_t>(size));
        pto_status status = PTO_OK;
        pto_image *opened = nullptr;
        status = pto_image_open(cut.empty() ? "" : cut.data(), size, &opened, nullptr);
        if (status != PTO_ERROR_INVALID_IMAGE)
            fail_msg("%zu bytes of %zu: %s", size, image.size(), pto_status_name(status));
        assert_null(opened);
    }
    for (const std::size_t more : {1u, 63u, 64u, 4096u}) {
        std::vector<char> longer = image;
        longer.resize(image.size() + more);
        assert_string_equal(open_and_read(longer).c_str(), "");
    }
}

void a_cut_image_with_a_corrected_size_and_checksum_is_refused(void **)
{
    const std::vector<char> image = small_image();
    for (std::size_t size = sizeof(ImageHeader); size < image.size(); size++) {
        std::vector<char> cut(image.begin(), image.begin() + static_cast<std::ptrdiff_t>(size));
        ImageHeader header = header_of(image);
        header.file_bytes = size;
        seal(&cut, header);
        assert_string_equal(open_and_read(cut).c_str(), "");
    }
}

void every_damaged_byte_is_noticed_or_means_nothing(void **)
{
    const std::vector<char> image = small_image();
    const std::string text = open_and_read(image);
    std::vector<char> damaged = image;
    uint32_t noticed = 0;
    for (std::size_t i = 0; i < image.size(); i++) {
        for (int difference = 1; difference < 256; difference += kSanitized ? 7 : 1) {
            damaged[i] = static_cast<char>(image[i] ^ difference);
            const std::string read = open_and_read(damaged);
            noticed += read.empty() ? 1 : 0;
            if (!read.empty() && read != text)
                fail_msg("byte %zu of %zu as 0x%02x gives another callable", i, image.size(),
                         static_cast<unsigned>(static_cast<unsigned char>(damaged[i])));
        }
        damaged[i] = image[i];
    }
    assert_true(noticed > image.size() * (kSanitized ? 30 : 240));
}

void a_damaged_image_of_shared_objects_is_noticed_or_means_nothing(void **)
{
    auto builder = combine_callable();
    void *bytes = nullptr;
    std::size_t size = 0;
    assert_int_equal(pto_image_pack(builder.get(), &bytes, &size, nullptr), PTO_OK);
    const auto *first = static_cast<const char *>(bytes);
    const std::vector<char> image(first, first + size);
    pto_image_free_bytes(bytes);
    const std::string text = open_and_read(image);
    std::vector<char> damaged = image;
    for (std::size_t i = 0; i < size; i += kSanitized ? 37 : 1) {
        damaged[i] = static_cast<char>(image[i] ^ 1 << i % 8);
        const std::string read = open_and_read(damaged);
        if (!read.empty() && read != text)
            fail_msg("byte %zu of %zu", i, size);
        damaged[i] = image[i];
    }
}

// ---- forged fields

/// Numbers that a reader of a file of `size` bytes may stumble over.
std::vector<uint64_t> hostile_numbers(uint64_t size)
{
    std::vector<uint64_t> numbers = {0,
                                     1,
                                     7,
                                     8,
                                     31,
                                     32,
                                     33,
                                     63,
                                     64,
                                     65,
                                     127,
                                     128,
                                     129,
                                     192,
                                     255,
                                     256,
                                     511,
                                     512,
                                     1024,
                                     1025,
                                     size / 2,
                                     size / 64 * 64,
                                     size - 1,
                                     size,
                                     size + 1,
                                     size + 64,
                                     INT32_MAX,
                                     uint64_t{1} << 31,
                                     UINT32_MAX,
                                     uint64_t{1} << 32,
                                     UINT64_MAX,
                                     UINT64_MAX - 1,
                                     UINT64_MAX - 63,
                                     UINT64_MAX - 127,
                                     uint64_t{1} << 63,
                                     INT64_MAX,
                                     UINT64_MAX - size,
                                     UINT64_MAX - size + 1,
                                     UINT64_MAX / 32,
                                     UINT64_MAX / 32 + 1};
    for (uint64_t offset = 128; offset < size; offset += 64)
        numbers.push_back(offset);
    return numbers;
}

void forged_header_words_never_lead_outside(void **)
{
    const std::vector<char> image = small_image();
    std::vector<char> forged = image;
    for (std::size_t at = 0; at < sizeof(ImageHeader); at += 4) {
        for (const uint64_t number : hostile_numbers(image.size())) {
            for (const std::size_t width : {4u, 8u}) {
                if (at % width != 0)
                    continue;
                std::memcpy(forged.data(), image.data(), sizeof(ImageHeader));
                std::memcpy(forged.data() + at, &number, width);
                seal(&forged, header_of(forged));
                open_and_read(forged);
            }
        }
    }
}

void forged_ranges_never_lead_outside(void **)
{
    const std::vector<char> image = small_image();
    static constexpr FileRange ImageHeader::*kRanges[] = {&ImageHeader::kernels, &ImageHeader::params,
                                                          &ImageHeader::strings, &ImageHeader::orch};
    const std::vector<uint64_t> numbers = hostile_numbers(image.size());
    uint32_t accepted = 0;
    std::vector<char> forged = image;
    for (const auto range : kRanges) {
        for (const uint64_t offset : numbers) {
            for (const uint64_t size : numbers) {
                ImageHeader header = header_of(image);
                header.*range = {offset, size};
                // The counts follow the sizes, so that they are not what is noticed.
                header.kernel_count = static_cast<uint32_t>(header.kernels.size / sizeof(KernelRecord));
                header.param_count = static_cast<uint32_t>(header.params.size / sizeof(ParamRecord));
                seal(&forged, header);
                const bool is_inside =
                    offset >= sizeof header && offset <= image.size() && size <= image.size() - offset;
                pto_status status = PTO_OK;
                open_and_read(forged, &status);
                if (status == PTO_OK && !is_inside)
                    fail_msg("%llu bytes at %llu are accepted", static_cast<unsigned long long>(size),
                             static_cast<unsigned long long>(offset));
                accepted += status == PTO_OK ? 1 : 0;
            }
        }
    }
    assert_true(accepted > 0);
}

void forged_records_never_lead_outside(void **)
{
    const std::vector<char> image = small_image();
    const ImageHeader header = header_of(image);
    std::vector<char> forged = image;
    for (const FileRange &section : {header.kernels, header.params, header.strings}) {
        for (uint64_t at = section.offset; at + 8 <= section.offset + section.size; at += 4) {
            for (const uint64_t number : hostile_numbers(image.size())) {
                for (const std::size_t width : {4u, 8u}) {
                    forged = image;
                    std::memcpy(forged.data() + at, &number, width);
                    seal(&forged, header);
                    open_and_read(forged);
                }
            }
        }
    }
}

void forged_kernel_ranges_are_refused_when_they_lead_outside(void **)
{
    const std::vector<char> image = small_image();
    const ImageHeader header = header_of(image);
    const std::vector<uint64_t> numbers = hostile_numbers(image.size());
    std::vector<char> forged = image;
    for (const uint64_t offset : numbers) {
        for (const uint64_t size : numbers) {
            KernelRecord record;
            const uint64_t at = header.kernels.offset + sizeof record;
            std::memcpy(&record, image.data() + at, sizeof record);
            record.image = {offset, size};
            std::memcpy(forged.data() + at, &record, sizeof record);
            seal(&forged, header);
            pto_status status = PTO_OK;
            open_and_read(forged, &status);
            const bool is_inside =
                offset >= sizeof header && offset <= image.size() && size > 0 && size <= image.size() - offset;
            assert_int_equal(status == PTO_OK, is_inside && offset % pto::host::kImageAlignment == 0);
        }
    }
}

struct ForgedHeader {
    pto_status status;
    const char *text;
    void (*forge)(ImageHeader *header);
};

constexpr ForgedHeader kForgedHeaders[] = {
    {PTO_ERROR_INVALID_IMAGE, "PTOIMAGE", [](ImageHeader *header) { header->magic[7]++; }},
    {PTO_ERROR_INCOMPATIBLE_IMAGE, "format 1", [](ImageHeader *header) { header->format = 1; }},
    {PTO_ERROR_INCOMPATIBLE_IMAGE, "format 2", [](ImageHeader *header) { header->format = 2; }},
    {PTO_ERROR_INCOMPATIBLE_IMAGE, "format 4", [](ImageHeader *header) { header->format = 4; }},
    {PTO_ERROR_INCOMPATIBLE_IMAGE, "format 0", [](ImageHeader *header) { header->format = 0; }},
    {PTO_ERROR_INCOMPATIBLE_IMAGE, "ABI version 0", [](ImageHeader *header) { header->abi_version = 0; }},
    {PTO_ERROR_INCOMPATIBLE_IMAGE, "ABI version 4294967295",
     [](ImageHeader *header) { header->abi_version = UINT32_MAX; }},
    {PTO_ERROR_INVALID_IMAGE, "the header says 18446744073709551615",
     [](ImageHeader *header) { header->file_bytes = UINT64_MAX; }},
    {PTO_ERROR_INVALID_IMAGE, "4294967295 kernels", [](ImageHeader *header) { header->kernel_count = UINT32_MAX; }},
    {PTO_ERROR_INVALID_IMAGE, "1 kernels", [](ImageHeader *header) { header->kernel_count--; }},
    {PTO_ERROR_INVALID_IMAGE, "4294967295 parameters", [](ImageHeader *header) { header->param_count = UINT32_MAX; }},
    {PTO_ERROR_INVALID_IMAGE, "kernel records", [](ImageHeader *header) { header->kernels.offset += 4; }},
    {PTO_ERROR_INVALID_IMAGE, "kernel records", [](ImageHeader *header) { header->kernels.offset = 0; }},
    {PTO_ERROR_INVALID_IMAGE, "parameter records", [](ImageHeader *header) { header->params.offset = UINT64_MAX; }},
    {PTO_ERROR_INVALID_IMAGE, "parameter records", [](ImageHeader *header) { header->params.offset += 2; }},
    {PTO_ERROR_INVALID_IMAGE, "strings", [](ImageHeader *header) { header->strings.size = UINT64_MAX; }},
    {PTO_ERROR_INVALID_IMAGE, "strings do not end", [](ImageHeader *header) { header->strings.size--; }},
    {PTO_ERROR_INVALID_IMAGE, "strings do not end", [](ImageHeader *header) { header->strings.size = 0; }},
    {PTO_ERROR_INVALID_IMAGE, "orchestration image", [](ImageHeader *header) { header->orch.offset += 8; }},
    {PTO_ERROR_INVALID_IMAGE, "orchestration image", [](ImageHeader *header) { header->orch.size = UINT64_MAX - 63; }},
    {PTO_ERROR_INVALID_IMAGE, "orchestration image", [](ImageHeader *header) { header->orch.size = 0; }},
    {PTO_ERROR_INVALID_IMAGE, "name", [](ImageHeader *header) { header->name = UINT32_MAX; }},
    {PTO_ERROR_INVALID_IMAGE, "name",
     [](ImageHeader *header) { header->arch = static_cast<uint32_t>(header->strings.size); }},
    {PTO_ERROR_INVALID_IMAGE, "name", [](ImageHeader *header) { header->identity = 1u << 31; }},
    {PTO_ERROR_INVALID_IMAGE, "name", [](ImageHeader *header) { header->orch_entry = UINT32_MAX; }},
    {PTO_ERROR_INVALID_IMAGE, "entry", [](ImageHeader *header) { header->orch_entry = 0; }},
    {PTO_ERROR_INVALID_IMAGE, "name", [](ImageHeader *header) { header->orch_config = UINT32_MAX; }},
    {PTO_ERROR_INVALID_IMAGE, "name",
     [](ImageHeader *header) { header->orch_config = static_cast<uint32_t>(header->strings.size); }},
    {PTO_ERROR_INVALID_IMAGE, "configuration", [](ImageHeader *header) { header->orch_config = header->identity; }},
    {PTO_ERROR_INVALID_IMAGE, "name", [](ImageHeader *header) { header->name = header->identity; }},
    {PTO_ERROR_INVALID_IMAGE, "name", [](ImageHeader *header) { header->build_identity = UINT32_MAX; }},
    {PTO_ERROR_INVALID_IMAGE, "build_identity", [](ImageHeader *header) { header->build_identity = header->identity; }},
};

void forged_headers_are_refused_by_the_field(void **)
{
    const std::vector<char> image = small_image();
    for (const ForgedHeader &forged : kForgedHeaders) {
        std::vector<char> bytes = image;
        ImageHeader header = header_of(image);
        forged.forge(&header);
        seal(&bytes, header);
        pto_image *opened = nullptr;
        pto_image_error error{};
        const pto_status status = pto_image_open(bytes.data(), bytes.size(), &opened, &error);
        if (status != forged.status || std::strstr(error.message, forged.text) == nullptr)
            fail_msg("%s: %s, not '%s'", pto_status_name(status), error.message, forged.text);
        assert_null(opened);
    }
    std::vector<char> damaged = image;
    ImageHeader header = header_of(image);
    header.checksum ^= 1;
    std::memcpy(damaged.data(), &header, sizeof header);
    pto_image *opened = nullptr;
    pto_image_error error{};
    assert_int_equal(pto_image_open(damaged.data(), damaged.size(), &opened, &error), PTO_ERROR_INVALID_IMAGE);
    assert_non_null(std::strstr(error.message, "checksum"));
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_sealed_image_opens),
        cmocka_unit_test(every_shorter_image_is_refused),
        cmocka_unit_test(a_cut_image_with_a_corrected_size_and_checksum_is_refused),
        cmocka_unit_test(every_damaged_byte_is_noticed_or_means_nothing),
        cmocka_unit_test(a_damaged_image_of_shared_objects_is_noticed_or_means_nothing),
        cmocka_unit_test(forged_header_words_never_lead_outside),
        cmocka_unit_test(forged_ranges_never_lead_outside),
        cmocka_unit_test(forged_records_never_lead_outside),
        cmocka_unit_test(forged_kernel_ranges_are_refused_when_they_lead_outside),
        cmocka_unit_test(forged_headers_are_refused_by_the_field),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
