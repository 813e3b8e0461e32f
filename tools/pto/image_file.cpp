// SPDX-License-Identifier: Apache-2.0
#include "image_file.hpp"

#include "argument_text.hpp"
#include "dtype_names.hpp"
#include "file_bytes.hpp"
#include "library_error.hpp"
#include "text_format.hpp"

namespace pto::tool {

ImageFile::ImageFile(const std::string &path) : path_(path)
{
    const std::vector<std::byte> bytes = read_file(path);
    pto_image *image = nullptr;
    pto_image_error error = {};
    const pto_status status = pto_image_open(bytes.data(), bytes.size(), &image, &error);
    if (status != PTO_OK)
        fail_with_status(path, status, error.message, kExitBadInput);
    image_.reset(image);
}

std::string write_image_file(const std::string &command, const pto_callable &callable, const std::string &path)
{
    void *bytes = nullptr;
    size_t size = 0;
    pto_image_error error = {};
    const pto_status status = pto_image_pack(&callable, &bytes, &size, &error);
    if (status != PTO_OK)
        fail_with_status(command, status, error.message, kExitBadInput);
    const std::unique_ptr<void, void (*)(void *)> owner(bytes, pto_image_free_bytes);
    write_file(path, {std::span(static_cast<const std::byte *>(bytes), size)});
    return format("%s: %s with %s and %s, %s\n", printable(path).c_str(), name_or(callable.name, "").c_str(),
                  count_text(callable.kernel_count, "kernel").c_str(),
                  count_text(callable.param_count, "parameter").c_str(), size_text(size).c_str());
}

std::string name_or(const char *name, const char *otherwise)
{
    return name != nullptr && *name != '\0' ? printable(name) : otherwise;
}

std::string describe_param(const pto_callable &callable, uint32_t index)
{
    const pto_param &param = callable.params[index];
    std::string text = "parameter " + std::to_string(index);
    if (param.name != nullptr && *param.name != '\0')
        text += " '" + printable(param.name) + "'";
    text += " (" + direction_name(param.direction);
    if (param.direction != PTO_SCALAR_ARG) {
        text += ", " + (param.dtype == PTO_ANY_DTYPE ? "any dtype" : dtype_name(param.dtype));
        text += param.ndims == 0 ? ", any rank" : ", rank " + std::to_string(param.ndims);
    }
    return text + ")";
}

} // namespace pto::tool
