// SPDX-License-Identifier: Apache-2.0
#include "work_folder.hpp"

#include "tool_error.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace pto::tool {
namespace {

std::string make_private_folder()
{
    std::error_code error;
    const std::filesystem::path parent = std::filesystem::temp_directory_path(error);
    if (error)
        throw Error("temporary folder", "there is none: " + error.message() + ": give one with --keep DIR");
    std::string path = (parent / "pto-build-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr)
        throw Error(parent.string(),
                    std::string("no folder can be made in it: ") + std::strerror(errno) + ": give one with --keep DIR");
    return path;
}

std::string make_kept_folder(const std::string &path)
{
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error || !std::filesystem::is_directory(path, error))
        throw Error("--keep " + path, error ? "cannot be made: " + error.message() : "is not a folder");
    return path;
}

} // namespace

WorkFolder::WorkFolder(const std::string &kept)
    : path_(kept.empty() ? make_private_folder() : make_kept_folder(kept)), is_private_(kept.empty())
{
}

WorkFolder::~WorkFolder()
{
    std::error_code ignored;
    if (is_private_)
        std::filesystem::remove_all(path_, ignored);
}

} // namespace pto::tool
