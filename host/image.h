// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_IMAGE_H
#define PTO_HOST_IMAGE_H

#include "host/callable_check.h"
#include "host/stated_identity.h"

#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

/// The bytes, and the callable whose pointers lead into them or into the texts beside them.
struct pto_image {
    std::unique_ptr<char[]> bytes;
    size_t size = 0;
    std::string name; ///< Texts that the bytes do not hold.
    std::string arch;
    std::string identity_text;
    const char *identity = "";
    std::vector<pto_kernel> kernels;
    std::vector<pto_param> params;
    pto_callable callable = PTO_CALLABLE_INIT;

    /// `text` has a zero behind it and lives as long as the bytes; "" says that nothing is stated.
    void state_build_identity(std::string_view text)
    {
        callable.build_identity = text.empty() ? nullptr : text.data();
        if (text.empty() || identity_text.empty())
            return;
        identity_text.append("built with: ").append(text).append("\n");
        identity = identity_text.c_str();
    }
};

namespace pto::host {

/// The frame of everything that makes an image of bytes: copies them, lets `read(image)` fill in the callable, and
/// checks that as every callable is checked. On failure `*out_image` is NULL.
template <class Read>
pto_status make_image(const void *bytes, size_t size, pto_image **out_image, pto_image_error *error, Read &&read)
{
    clear_error(error);
    if (out_image == nullptr)
        return image_error(error, PTO_ERROR_INVALID_ARGUMENT, "out_image is NULL");
    *out_image = nullptr;
    if (bytes == nullptr)
        return image_error(error, PTO_ERROR_INVALID_ARGUMENT, "bytes is NULL");
    try {
        auto image = std::make_unique<pto_image>();
        image->bytes = std::make_unique<char[]>(size);
        image->size = size;
        std::memcpy(image->bytes.get(), bytes, size);
        pto_status status = read(*image);
        if (status == PTO_OK)
            status = check_callable(&image->callable, error);
        std::string_view identity;
        if (status == PTO_OK)
            status = agree_on_identity(image->callable, &identity, error);
        if (status == PTO_OK) {
            image->state_build_identity(identity);
            *out_image = image.release();
        }
        return status;
    } catch (const std::bad_alloc &) {
        return image_error(error, PTO_ERROR_OUT_OF_HOST_MEMORY, "no memory for an image of %zu bytes", size);
    }
}

} // namespace pto::host

#endif
