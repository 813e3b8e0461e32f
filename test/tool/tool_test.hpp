// SPDX-License-Identifier: Apache-2.0
// What the unit tests of the tool share.
#ifndef PTO_TOOL_TOOL_TEST_HPP
#define PTO_TOOL_TOOL_TEST_HPP

#include "tool_error.hpp"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

extern "C" {
#include <cmocka.h>
}

namespace pto::tool::test {

/// A folder that disappears with all that is in it.
class TemporaryFolder {
public:
    TemporaryFolder()
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "pto-tool-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr)
            std::abort();
        path_ = pattern;
    }

    ~TemporaryFolder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    TemporaryFolder(const TemporaryFolder &) = delete;
    TemporaryFolder &operator=(const TemporaryFolder &) = delete;

    std::string file(const std::string &name) const { return (path_ / name).string(); }

    size_t entries() const
    {
        const auto begin = std::filesystem::directory_iterator(path_);
        return static_cast<size_t>(std::distance(begin, std::filesystem::directory_iterator()));
    }

private:
    std::filesystem::path path_;
};

/// The message of the Error that `act` throws; "" when it throws none.
template <class Act> std::string message_of(Act act)
{
    try {
        act();
    } catch (const Error &error) {
        return error.what();
    }
    return "";
}

#define assert_contains(text, part) assert_contains_at((text), (part), __FILE__, __LINE__)

inline void assert_contains_at(const std::string &text, const std::string &part, const char *file, int line)
{
    if (text.find(part) != std::string::npos)
        return;
    print_error("'%s' is not in '%s'\n", part.c_str(), text.c_str());
    _fail(file, line);
}

template <class Element> std::vector<std::byte> bytes_of(const std::vector<Element> &elements)
{
    const auto bytes = std::as_bytes(std::span(elements));
    return {bytes.begin(), bytes.end()};
}

} // namespace pto::tool::test

#endif
