// SPDX-License-Identifier: Apache-2.0
// Files as bytes: reading with a known size, writing all or nothing.
#ifndef PTO_TOOL_FILE_BYTES_HPP
#define PTO_TOOL_FILE_BYTES_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

namespace pto::tool {

/// An open regular file. Every function throws Error, which names the file.
class InputFile {
public:
    explicit InputFile(const std::string &path);
    ~InputFile();
    InputFile(const InputFile &) = delete;
    InputFile &operator=(const InputFile &) = delete;

    const std::string &path() const { return path_; }
    uint64_t size_bytes() const { return size_bytes_; }

    /// Fills `buffer` from the current position.
    void read(std::span<std::byte> buffer);

private:
    std::string path_;
    int descriptor_;
    uint64_t size_bytes_ = 0;
};

std::vector<std::byte> read_file(const std::string &path);

/// Writes the parts one after the other. A regular file is replaced in one step, through a temporary file beside it:
/// nobody sees half of it, and a failure leaves what was there. Anything else, such as a pipe, is written to directly.
void write_file(const std::string &path, std::initializer_list<std::span<const std::byte>> parts);

/// Throws now what `write_file` would only say after the work is done: no such folder, no permission.
void check_writable(const std::string &path);

} // namespace pto::tool

#endif
