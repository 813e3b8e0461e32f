// SPDX-License-Identifier: Apache-2.0
// An installed tool finds the headers from where it is itself, so an installation can be moved; one in its build folder
// knows where its sources are.
#include "header_folders.hpp"

#include "tool_error.hpp"

#include <filesystem>

namespace pto::tool {
namespace {

using std::filesystem::path;

bool is_file(const path &name)
{
    std::error_code ignored;
    return std::filesystem::is_regular_file(name, ignored);
}

bool has_own_headers(const path &folder)
{
    std::error_code ignored;
    return is_file(folder / "pto/orch.h") && std::filesystem::is_directory(folder / "pto/compat", ignored);
}

std::string find_own_headers()
{
    std::error_code ignored;
    const path program = std::filesystem::read_symlink("/proc/self/exe", ignored);
    const path beside = (program.parent_path() / PTO_HEADERS_FROM_PROGRAM).lexically_normal();
    for (const path &folder : {beside, path(PTO_HEADERS_OF_BUILD), path(PTO_HEADERS_INSTALLED)})
        if (has_own_headers(folder))
            return folder.string();
    throw Error("headers of pto", "are neither in " + beside.string() +
                                      " nor in " PTO_HEADERS_INSTALLED ": name the folder that has "
                                      "pto/orch.h and pto/compat with --headers DIR");
}

std::string check_own_headers(const std::string &folder)
{
    if (!has_own_headers(folder))
        throw Error("--headers " + folder,
                    "has no pto/orch.h and pto/compat: name the folder that pto is installed to");
    return folder;
}

std::string check_pto_isa(const std::string &folder)
{
    static constexpr const char *kMainHeader = "pto/pto-inst.hpp";
    std::error_code ignored;
    if (!std::filesystem::is_directory(folder, ignored))
        throw Error("--pto-isa " + folder, "is no folder: name that of a copy of pto-isa");
    const path nested = path(folder) / "include";
    const path headers = std::filesystem::is_directory(nested, ignored) ? nested : path(folder);
    if (!is_file(headers / kMainHeader))
        throw Error("--pto-isa " + folder,
                    "has no " + (headers / kMainHeader).string() + ": name the folder of a copy of pto-isa");
    return headers.string();
}

} // namespace

HeaderFolders find_headers(const CompileOptions &options)
{
    HeaderFolders folders;
    folders.own = options.headers.empty() ? find_own_headers() : check_own_headers(options.headers);
    if (!options.pto_isa.empty())
        folders.pto_isa = check_pto_isa(options.pto_isa);
    return folders;
}

} // namespace pto::tool
