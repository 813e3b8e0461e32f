// SPDX-License-Identifier: Apache-2.0
#include "log_text.hpp"

#include "pto/orch.h"

#include "text_format.hpp"

#include <array>

namespace pto::tool {
namespace {

constexpr std::array<const char *, 4> kLevels = {"error", "warn", "info", "debug"};
static_assert(PTO_LOG_ERROR == 0 && PTO_LOG_WARN == 1 && PTO_LOG_INFO == 2 && PTO_LOG_DEBUG == 3);

} // namespace

std::optional<int32_t> parse_log_level(std::string_view name)
{
    for (size_t i = 0; i < kLevels.size(); i++)
        if (name == kLevels[i])
            return static_cast<int32_t>(i);
    return std::nullopt;
}

std::string all_log_levels()
{
    std::string names;
    for (const char *level : kLevels)
        names += (names.empty() ? "" : ", ") + std::string(level);
    return names;
}

std::string log_line(int32_t level, std::string_view message)
{
    const auto index = static_cast<size_t>(level);
    const std::string name = index < kLevels.size() ? kLevels[index] : "level " + std::to_string(level);
    return "[" + name + "] " + printable(message) + "\n";
}

} // namespace pto::tool
