// SPDX-License-Identifier: Apache-2.0
// Numbers, shapes and names as people read them.
#ifndef PTO_TOOL_TEXT_FORMAT_HPP
#define PTO_TOOL_TEXT_FORMAT_HPP

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace pto::tool {

/// printf into a string.
__attribute__((format(printf, 1, 2))) std::string format(const char *pattern, ...);

/// "128x64"
std::string shape_text(std::span<const uint32_t> shape);

/// "[3, 17]" of element number `flat` in row-major order.
std::string index_text(uint64_t flat, std::span<const uint32_t> shape);

/// "1.234 ms"
std::string duration_text(uint64_t duration_ns);

/// "1.50 MiB"
std::string size_text(uint64_t size_bytes);

/// "1 kernel", "2 kernels"
std::string count_text(uint64_t count, const char *singular);

/// `text` without anything that moves a terminal's cursor: names come from files that anyone may have written.
std::string printable(std::string_view text);

/// The content of a JSON string: escaped, valid UTF-8.
std::string json_escaped(std::string_view text);

} // namespace pto::tool

#endif
