// SPDX-License-Identifier: Apache-2.0
// Serializes callables.
#include "host/callable_check.h"
#include "host/image_format.h"
#include "host/stated_identity.h"

#include "pto/version.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <vector>
#include <xxhash.h>

namespace pto::host {
namespace {

class ImageWriter {
public:
    /// `identity` is what the parts of the callable have agreed on.
    ImageWriter(const pto_callable &callable, std::string_view identity) : callable_(callable), build_(identity) {}

    std::string write()
    {
        collect_strings();
        header_.kernel_count = callable_.kernel_count;
        header_.param_count = callable_.param_count;
        file_.resize(sizeof(ImageHeader));
        header_.kernels = reserve(callable_.kernel_count * sizeof(KernelRecord));
        header_.params = append(params_.data(), params_.size() * sizeof(ParamRecord));
        header_.strings = append(strings_.data(), strings_.size());
        header_.orch = append(callable_.orch_image, callable_.orch_image_bytes);
        for (uint32_t i = 0; i < callable_.kernel_count; i++)
            kernels_[i].image = append(callable_.kernels[i].image, callable_.kernels[i].image_bytes);
        if (!kernels_.empty())
            std::memcpy(file_.data() + header_.kernels.offset, kernels_.data(), header_.kernels.size);
        seal();
        return std::move(file_);
    }

private:
    uint32_t add_string(const char *text)
    {
        if (text == nullptr || text[0] == '\0')
            return 0;
        const auto offset = static_cast<uint32_t>(strings_.size());
        strings_.append(text, std::strlen(text) + 1);
        return offset;
    }

    void collect_strings()
    {
        strings_.assign(1, '\0');
        header_.name = add_string(callable_.name);
        header_.arch = add_string(callable_.arch);
        header_.orch_entry = add_string(callable_.orch_entry);
        header_.orch_config = add_string(callable_.orch_config);
        const std::string identity = std::string("format: ") + std::to_string(kImageFormat) +
                                     "\nabi: " + std::to_string(PTO_ABI_VERSION) +
                                     "\narch: " + (callable_.arch == nullptr ? "any" : callable_.arch) +
                                     "\npacked by: pto " PTO_VERSION_STRING ", compiler " __VERSION__ "\n" +
                                     (build_.empty() ? "" : "built with: " + build_ + "\n");
        header_.identity = add_string(identity.c_str());
        header_.build_identity = add_string(build_.c_str());
        for (uint32_t i = 0; i < callable_.kernel_count; i++) {
            const pto_kernel &kernel = callable_.kernels[i];
            kernels_.push_back({kernel.func_id, kernel.core_type, add_string(kernel.name), 0, {0, 0}});
        }
        for (uint32_t i = 0; i < callable_.param_count; i++) {
            const pto_param &param = callable_.params[i];
            params_.push_back({param.direction, param.dtype, param.ndims, 0, add_string(param.name)});
        }
    }

    FileRange reserve(std::size_t size)
    {
        file_.resize((file_.size() + kImageAlignment - 1) / kImageAlignment * kImageAlignment);
        const FileRange range{file_.size(), size};
        file_.resize(file_.size() + size);
        return range;
    }

    FileRange append(const void *bytes, std::size_t size)
    {
        const FileRange range = reserve(size);
        if (size > 0)
            std::memcpy(file_.data() + range.offset, bytes, size);
        return range;
    }

    void seal()
    {
        std::memcpy(header_.magic, kImageMagic, sizeof kImageMagic);
        header_.format = kImageFormat;
        header_.abi_version = PTO_ABI_VERSION;
        header_.file_bytes = file_.size();
        header_.checksum = 0;
        std::memcpy(file_.data(), &header_, sizeof header_);
        header_.checksum = XXH3_64bits(file_.data(), file_.size());
        std::memcpy(file_.data(), &header_, sizeof header_);
    }

    const pto_callable &callable_;
    const std::string build_;
    ImageHeader header_{};
    std::string file_;
    std::string strings_;
    std::vector<KernelRecord> kernels_;
    std::vector<ParamRecord> params_;
};

} // namespace
} // namespace pto::host

pto_status pto_image_pack(const pto_callable *callable, void **out_bytes, size_t *out_size, pto_image_error *error)
{
    using namespace pto::host;
    clear_error(error);
    if (out_bytes != nullptr)
        *out_bytes = nullptr;
    if (out_size != nullptr)
        *out_size = 0;
    if (out_bytes == nullptr || out_size == nullptr)
        return image_error(error, PTO_ERROR_INVALID_ARGUMENT, "out_bytes or out_size is NULL");
    std::string_view identity;
    pto_status status = check_callable(callable, error);
    if (status == PTO_OK)
        status = agree_on_identity(*callable, &identity, error);
    if (status != PTO_OK)
        return status;
    try {
        const std::string file = ImageWriter(*callable, identity).write();
        void *bytes = std::malloc(file.size());
        if (bytes == nullptr)
            throw std::bad_alloc();
        std::memcpy(bytes, file.data(), file.size());
        *out_bytes = bytes;
        *out_size = file.size();
        return PTO_OK;
    } catch (const std::bad_alloc &) {
        return image_error(error, PTO_ERROR_OUT_OF_HOST_MEMORY, "no memory for the image");
    }
}

void pto_image_free_bytes(void *bytes)
{
    std::free(bytes);
}
