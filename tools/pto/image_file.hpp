// SPDX-License-Identifier: Apache-2.0
// `.pto` files: one that is open, and how one is written.
#ifndef PTO_TOOL_IMAGE_FILE_HPP
#define PTO_TOOL_IMAGE_FILE_HPP

#include "pto/callable.h"

#include <memory>
#include <string>

namespace pto::tool {

/// Owns the image. The constructor throws Error, which names the file.
class ImageFile {
public:
    explicit ImageFile(const std::string &path);

    const std::string &path() const { return path_; }
    const pto_callable &callable() const { return *pto_image_callable(image_.get()); }
    const char *identity() const { return pto_image_identity(image_.get()); }

private:
    struct Close {
        void operator()(pto_image *image) const { pto_image_close(image); }
    };

    std::string path_;
    std::unique_ptr<pto_image, Close> image_;
};

/// Writes the file, all or nothing; the line that says what is in it. Throws Error, which names `command` or the file.
std::string write_image_file(const std::string &command, const pto_callable &callable, const std::string &path);

/// A name that may be NULL, fit for a terminal.
std::string name_or(const char *name, const char *otherwise);

/// "parameter 2 'c' (out, float32, rank 2)"
std::string describe_param(const pto_callable &callable, uint32_t index);

} // namespace pto::tool

#endif
