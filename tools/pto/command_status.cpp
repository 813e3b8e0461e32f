// SPDX-License-Identifier: Apache-2.0
#include "command_status.hpp"

#include "pto/status.h"

#include "text_format.hpp"
#include "tool_error.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string_view>

namespace pto::tool {
namespace {

// Every status lies between these; the gaps are no statuses.
constexpr pto_status kHighest = 16;
constexpr pto_status kLowest = -256;

bool is_status(pto_status code)
{
    return std::string_view(pto_status_domain(code)) != "unknown";
}

std::string upper(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
    return text;
}

/// Whether a user means this status.
bool is_meant(pto_status code, const std::string &text)
{
    pto_status number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem == std::errc() && end == text.data() + text.size())
        return number == code;
    const std::string wanted = upper(text);
    const std::string name = pto_status_name(code);
    return wanted == name || "PTO_" + wanted == name || "PTO_ERROR_" + wanted == name;
}

std::string table_text()
{
    std::string text;
    for (pto_status code = kHighest; code >= kLowest; code--)
        if (is_status(code))
            text += format("%4d  %-8s  %-30s  %s\n", code, pto_status_domain(code), pto_status_name(code),
                           pto_status_text(code));
    return text;
}

std::string row_text(pto_status code)
{
    return format("%-8s %d\n%-8s %s\n%-8s %s\n%-8s %s\n", "number", code, "name", pto_status_name(code), "domain",
                  pto_status_domain(code), "text", pto_status_text(code)) +
           format("%-8s %s\n", "action", pto_status_action(code));
}

} // namespace

std::string status(const StatusRequest &request)
{
    if (request.code.empty())
        return table_text();
    for (pto_status code = kHighest; code >= kLowest; code--)
        if (is_status(code) && is_meant(code, request.code))
            return row_text(code);
    throw Error("status", "'" + request.code + "' is no status; 'pto status' lists all of them");
}

} // namespace pto::tool
