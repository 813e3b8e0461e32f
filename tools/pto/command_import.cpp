// SPDX-License-Identifier: Apache-2.0
#include "command_import.hpp"

#include "pto/callable.h"

#include "file_bytes.hpp"
#include "image_file.hpp"
#include "library_error.hpp"

#include <memory>

namespace pto::tool {

std::string import_packed(const ImportRequest &request)
{
    const std::vector<std::byte> bytes = read_file(request.input);
    pto_import_options options = PTO_IMPORT_OPTIONS_INIT;
    options.name = request.name.empty() ? nullptr : request.name.c_str();
    options.arch = request.arch.empty() ? nullptr : request.arch.c_str();
    pto_image *image = nullptr;
    pto_image_error error = {};
    const void *first = bytes.empty() ? "" : static_cast<const void *>(bytes.data());
    const pto_status status = pto_image_import(first, bytes.size(), &options, &image, &error);
    if (status != PTO_OK)
        fail_with_status(request.input, status, error.message, kExitBadInput);
    const std::unique_ptr<pto_image, void (*)(pto_image *)> owner(image, pto_image_close);
    return write_image_file("import", *pto_image_callable(image), request.output);
}

} // namespace pto::tool
