// SPDX-License-Identifier: Apache-2.0
// Levels and lines of the log.
#ifndef PTO_TOOL_LOG_TEXT_HPP
#define PTO_TOOL_LOG_TEXT_HPP

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pto::tool {

/// The level of "error", "warn", "info" or "debug".
std::optional<int32_t> parse_log_level(std::string_view name);

/// "error, warn, info, debug"
std::string all_log_levels();

/// One line for a terminal, newline included: "[warn] the message".
std::string log_line(int32_t level, std::string_view message);

} // namespace pto::tool

#endif
