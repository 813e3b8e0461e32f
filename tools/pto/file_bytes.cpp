// SPDX-License-Identifier: Apache-2.0
#include "file_bytes.hpp"

#include "tool_error.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace pto::tool {
namespace {

constexpr int kTemporaryNameAttempts = 100;

/// Linux moves at most 2 GiB less a page per call.
constexpr size_t kLargestTransfer = size_t{1} << 30;

[[noreturn]] void fail_with_errno(const std::string &path, const char *attempt, int number)
{
    throw Error(path, std::string(attempt) + ": " + std::strerror(number));
}

void write_all(int descriptor, const std::string &path, std::span<const std::byte> bytes)
{
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), std::min(bytes.size(), kLargestTransfer));
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            fail_with_errno(path, "cannot be written", errno);
        bytes = bytes.subspan(static_cast<size_t>(written));
    }
}

/// A file beside `target` that disappears unless it is renamed to `target`.
class TemporaryFile {
public:
    TemporaryFile(const std::string &path, const std::filesystem::path &target) : path_(path)
    {
        for (int attempt = 0; descriptor_ < 0 && attempt < kTemporaryNameAttempts; attempt++) {
            const std::string name = ".pto-" + std::to_string(::getpid()) + "-" + std::to_string(attempt) + ".tmp";
            name_ = (target.parent_path() / name).string();
            descriptor_ = ::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
            if (descriptor_ < 0 && errno != EEXIST)
                break;
        }
        if (descriptor_ < 0)
            fail_with_errno(path_, "cannot be created", errno);
    }

    ~TemporaryFile()
    {
        if (descriptor_ >= 0)
            ::close(descriptor_);
        if (!name_.empty())
            ::unlink(name_.c_str());
    }

    TemporaryFile(const TemporaryFile &) = delete;
    TemporaryFile &operator=(const TemporaryFile &) = delete;

    int descriptor() const { return descriptor_; }

    void rename_to(const std::filesystem::path &target)
    {
        const int closing = ::close(descriptor_);
        descriptor_ = -1;
        if (closing != 0)
            fail_with_errno(path_, "cannot be written", errno);
        if (::rename(name_.c_str(), target.c_str()) != 0)
            fail_with_errno(path_, "cannot be replaced", errno);
        name_.clear();
    }

private:
    std::string path_;
    std::string name_;
    int descriptor_ = -1;
};

void write_directly(const std::string &path, std::initializer_list<std::span<const std::byte>> parts)
{
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor < 0)
        fail_with_errno(path, "cannot be opened for writing", errno);
    try {
        for (const auto part : parts)
            write_all(descriptor, path, part);
    } catch (...) {
        ::close(descriptor);
        throw;
    }
    ::close(descriptor);
}

/// The file that `path` leads to: replacing a symbolic link itself would surprise its owner.
std::filesystem::path resolve_links(const std::string &path)
{
    std::error_code ignored;
    const std::filesystem::path resolved = std::filesystem::canonical(path, ignored);
    return ignored ? std::filesystem::path(path) : resolved;
}

} // namespace

/// O_NONBLOCK means nothing to a regular file; a pipe that nobody writes to is refused instead of waited for.
InputFile::InputFile(const std::string &path)
    : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK))
{
    if (descriptor_ < 0)
        fail_with_errno(path_, "cannot be opened", errno);
    struct stat status = {};
    if (::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode)) {
        size_bytes_ = static_cast<uint64_t>(status.st_size);
        return;
    }
    ::close(descriptor_);
    throw Error(path_, S_ISDIR(status.st_mode) ? "is a folder, not a file" : "is not a regular file");
}

InputFile::~InputFile()
{
    ::close(descriptor_);
}

void InputFile::read(std::span<std::byte> buffer)
{
    while (!buffer.empty()) {
        const ssize_t count = ::read(descriptor_, buffer.data(), std::min(buffer.size(), kLargestTransfer));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            fail_with_errno(path_, "cannot be read", errno);
        if (count == 0)
            throw Error(path_, "ended early: it became shorter while it was read");
        buffer = buffer.subspan(static_cast<size_t>(count));
    }
}

std::vector<std::byte> read_file(const std::string &path)
{
    InputFile file(path);
    std::vector<std::byte> bytes(file.size_bytes());
    file.read(bytes);
    return bytes;
}

void check_writable(const std::string &path)
{
    struct stat status = {};
    const bool exists = ::stat(path.c_str(), &status) == 0;
    if (exists && S_ISDIR(status.st_mode))
        throw Error(path, "is a folder: name a file in it");
    const bool is_replaced = !exists || S_ISREG(status.st_mode);
    const std::string parent = resolve_links(path).parent_path().string();
    const std::string written = is_replaced ? (parent.empty() ? "." : parent) : path;
    if (::access(written.c_str(), W_OK) != 0)
        fail_with_errno(path, "cannot be written", errno);
}

void write_file(const std::string &path, std::initializer_list<std::span<const std::byte>> parts)
{
    check_writable(path);
    struct stat status = {};
    const bool exists = ::stat(path.c_str(), &status) == 0;
    if (exists && !S_ISREG(status.st_mode))
        return write_directly(path, parts);

    const std::filesystem::path target = resolve_links(path);
    TemporaryFile temporary(path, target);
    for (const auto part : parts)
        write_all(temporary.descriptor(), path, part);
    if (exists && ::fchmod(temporary.descriptor(), status.st_mode & 0777) != 0)
        fail_with_errno(path, "cannot keep its permissions", errno);
    temporary.rename_to(target);
}

} // namespace pto::tool
