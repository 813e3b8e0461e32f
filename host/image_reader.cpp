// SPDX-License-Identifier: Apache-2.0
// Reads callables from images. Nothing in the file is believed: every offset, size and count is checked against the
// file's real size before it is used.
#include "host/image.h"
#include "host/image_format.h"

#include "pto/version.h"

#include <cerrno>
#include <cstdio>
#include <xxhash.h>

namespace pto::host {
namespace {

class ImageReader {
public:
    ImageReader(pto_image &image, pto_image_error *error) : image_(image), error_(error) {}

    pto_status read()
    {
        pto_status status = read_header();
        if (status == PTO_OK)
            status = read_sections();
        if (status == PTO_OK)
            status = read_kernels();
        if (status == PTO_OK)
            status = read_params();
        if (status == PTO_OK)
            status = read_names();
        return status;
    }

private:
    pto_status read_header()
    {
        if (image_.size < sizeof header_)
            return image_error(error_, PTO_ERROR_INVALID_IMAGE, "%zu bytes are too few for a header", image_.size);
        std::memcpy(&header_, image_.bytes.get(), sizeof header_);
        if (std::memcmp(header_.magic, kImageMagic, sizeof kImageMagic) != 0)
            return image_error(error_, PTO_ERROR_INVALID_IMAGE, "the file does not begin with \"PTOIMAGE\"");
        if (header_.format != kImageFormat || header_.abi_version != PTO_ABI_VERSION)
            return image_error(error_, PTO_ERROR_INCOMPATIBLE_IMAGE,
                               "format %u and ABI version %u; this library reads %u and %u", header_.format,
                               header_.abi_version, kImageFormat, PTO_ABI_VERSION);
        if (header_.file_bytes != image_.size)
            return image_error(error_, PTO_ERROR_INVALID_IMAGE, "the header says %llu bytes, the file has %zu",
                               static_cast<unsigned long long>(header_.file_bytes), image_.size);
        // The checksum is that of the file with zero in its place; nobody reads it again, so it can be zeroed here.
        std::memset(image_.bytes.get() + offsetof(ImageHeader, checksum), 0, sizeof header_.checksum);
        if (header_.checksum != XXH3_64bits(image_.bytes.get(), image_.size))
            return image_error(error_, PTO_ERROR_INVALID_IMAGE, "the checksum is wrong: the file is damaged");
        return PTO_OK;
    }

    pto_status check_range(const char *what, const FileRange &range, std::size_t alignment)
    {
        if (range.offset >= sizeof header_ && range.offset <= image_.size && range.size <= image_.size - range.offset &&
            range.offset % alignment == 0)
            return PTO_OK;
        return image_error(error_, PTO_ERROR_INVALID_IMAGE, "%s: %llu bytes at offset %llu are not in the file", what,
                           static_cast<unsigned long long>(range.size), static_cast<unsigned long long>(range.offset));
    }

    pto_status read_sections()
    {
        pto_status status = check_range("kernel records", header_.kernels, alignof(KernelRecord));
        if (status == PTO_OK)
            status = check_range("parameter records", header_.params, alignof(ParamRecord));
        if (status == PTO_OK)
            status = check_range("strings", header_.strings, 1);
        if (status == PTO_OK)
            status = check_range("orchestration image", header_.orch, kImageAlignment);
        if (status != PTO_OK)
            return status;
        if (header_.kernels.size != uint64_t{header_.kernel_count} * sizeof(KernelRecord) ||
            header_.params.size != uint64_t{header_.param_count} * sizeof(ParamRecord))
            return image_error(error_, PTO_ERROR_INVALID_IMAGE, "record sections do not fit %u kernels, %u parameters",
                               header_.kernel_count, header_.param_count);
        if (header_.strings.size == 0 || at(header_.strings)[header_.strings.size - 1] != '\0')
            return image_error(error_, PTO_ERROR_INVALID_IMAGE, "the strings do not end with a zero");
        return PTO_OK;
    }

    const char *at(const FileRange &range) const { return image_.bytes.get() + range.offset; }

    /// nullptr when the offset is outside the section, which ends with a zero.
    const char *string(uint32_t offset) const
    {
        return offset < header_.strings.size ? at(header_.strings) + offset : nullptr;
    }

    pto_status read_kernels()
    {
        for (uint32_t i = 0; i < header_.kernel_count; i++) {
            KernelRecord record;
            std::memcpy(&record, at(header_.kernels) + i * sizeof record, sizeof record);
            const pto_status status = check_range("kernel image", record.image, kImageAlignment);
            if (status != PTO_OK)
                return status;
            const char *name = string(record.name);
            if (name == nullptr)
                return image_error(error_, PTO_ERROR_INVALID_IMAGE, "kernel %u: its name is outside the strings", i);
            image_.kernels.push_back({record.func_id, record.core_type, name, at(record.image), record.image.size});
        }
        return PTO_OK;
    }

    pto_status read_params()
    {
        for (uint32_t i = 0; i < header_.param_count; i++) {
            ParamRecord record;
            std::memcpy(&record, at(header_.params) + i * sizeof record, sizeof record);
            const char *name = string(record.name);
            if (name == nullptr)
                return image_error(error_, PTO_ERROR_INVALID_IMAGE, "parameter %u: its name is outside the strings", i);
            image_.params.push_back({record.direction, record.dtype, record.ndims, 0, name});
        }
        return PTO_OK;
    }

    pto_status read_names()
    {
        image_.identity = string(header_.identity);
        const char *name = string(header_.name);
        const char *arch = string(header_.arch);
        const char *entry = string(header_.orch_entry);
        const char *config = string(header_.orch_config);
        const char *build = string(header_.build_identity);
        if (image_.identity == nullptr || name == nullptr || arch == nullptr || entry == nullptr || config == nullptr ||
            build == nullptr)
            return image_error(error_, PTO_ERROR_INVALID_IMAGE, "a name of the callable is outside the strings");
        pto_callable &callable = image_.callable;
        callable.param_count = header_.param_count;
        callable.kernel_count = header_.kernel_count;
        callable.name = name;
        callable.arch = arch[0] == '\0' ? nullptr : arch;
        callable.orch_entry = entry;
        callable.orch_config = config[0] == '\0' ? nullptr : config;
        callable.build_identity = build[0] == '\0' ? nullptr : build;
        callable.orch_image = at(header_.orch);
        callable.orch_image_bytes = header_.orch.size;
        callable.params = image_.params.data();
        callable.kernels = image_.kernels.data();
        return PTO_OK;
    }

    pto_image &image_;
    pto_image_error *error_;
    ImageHeader header_{};
};

struct FileCloser {
    void operator()(std::FILE *file) const { std::fclose(file); }
};

} // namespace
} // namespace pto::host

using pto::host::image_error;

pto_status pto_image_open(const void *bytes, size_t size, pto_image **out_image, pto_image_error *error)
{
    return pto::host::make_image(bytes, size, out_image, error,
                                 [&](pto_image &image) { return pto::host::ImageReader(image, error).read(); });
}

pto_status pto_image_open_file(const char *path, pto_image **out_image, pto_image_error *error)
{
    pto::host::clear_error(error);
    if (out_image != nullptr)
        *out_image = nullptr;
    if (path == nullptr || out_image == nullptr)
        return image_error(error, PTO_ERROR_INVALID_ARGUMENT, "path or out_image is NULL");
    const std::unique_ptr<std::FILE, pto::host::FileCloser> file(std::fopen(path, "rb"));
    if (file == nullptr)
        return image_error(error, PTO_ERROR_SYSTEM, "%s: %s", path, std::strerror(errno));
    try {
        std::vector<char> bytes;
        char block[1 << 16];
        size_t size = 0;
        while ((size = std::fread(block, 1, sizeof block, file.get())) > 0)
            bytes.insert(bytes.end(), block, block + size);
        if (std::ferror(file.get()) != 0)
            return image_error(error, PTO_ERROR_SYSTEM, "%s: %s", path, std::strerror(errno));
        return pto_image_open(bytes.empty() ? "" : bytes.data(), bytes.size(), out_image, error);
    } catch (const std::bad_alloc &) {
        return image_error(error, PTO_ERROR_OUT_OF_HOST_MEMORY, "%s: no memory for the image", path);
    }
}

const pto_callable *pto_image_callable(const pto_image *image)
{
    return image == nullptr ? nullptr : &image->callable;
}

const char *pto_image_identity(const pto_image *image)
{
    return image == nullptr ? "" : image->identity;
}

void pto_image_close(pto_image *image)
{
    delete image;
}
