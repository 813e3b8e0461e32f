// SPDX-License-Identifier: Apache-2.0
#include "text_format.hpp"

#include <array>
#include <cstdarg>
#include <cstdio>
#include <vector>

namespace pto::tool {
namespace {

/// Bytes of the well-formed UTF-8 sequence at the start of `text`, 0 if there is none.
size_t utf8_length(std::string_view text)
{
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    const size_t length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (length == 1)
        return 1;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < length)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((byte(i) & 0xc0) != 0x80)
            return 0;
    const unsigned char second = byte(1);
    const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
    const bool surrogate = lead == 0xed && second > 0x9f;
    const bool too_high = lead == 0xf4 && second > 0x8f;
    return overlong || surrogate || too_high ? 0 : length;
}

/// C1 control characters are two bytes in UTF-8 and as dangerous to a terminal as the C0 ones.
bool is_control(std::string_view character)
{
    const auto first = static_cast<unsigned char>(character[0]);
    if (character.size() == 1)
        return first < 0x20 || first == 0x7f;
    return character.size() == 2 && first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
}

/// Copies `text`, with `replace` deciding about everything that is not plain.
template <class Replace> std::string copy_characters(std::string_view text, Replace replace)
{
    std::string result;
    while (!text.empty()) {
        const size_t length = utf8_length(text);
        const std::string_view character = text.substr(0, length == 0 ? 1 : length);
        result += replace(character, length != 0);
        text.remove_prefix(character.size());
    }
    return result;
}

} // namespace

std::string format(const char *pattern, ...)
{
    va_list values;
    va_start(values, pattern);
    va_list again;
    va_copy(again, values);
    const int length = std::vsnprintf(nullptr, 0, pattern, values);
    va_end(values);
    std::string text(length > 0 ? static_cast<size_t>(length) : 0, '\0');
    std::vsnprintf(text.data(), text.size() + 1, pattern, again);
    va_end(again);
    return text;
}

std::string shape_text(std::span<const uint32_t> shape)
{
    std::string text;
    for (const uint32_t extent : shape)
        text += (text.empty() ? "" : "x") + std::to_string(extent);
    return text;
}

std::string index_text(uint64_t flat, std::span<const uint32_t> shape)
{
    std::string text = "]";
    for (size_t i = shape.size(); i-- > 0;) {
        text = (i == 0 ? "" : ", ") + std::to_string(flat % shape[i]) + text;
        flat /= shape[i];
    }
    return "[" + text;
}

std::string duration_text(uint64_t duration_ns)
{
    const auto ns = static_cast<double>(duration_ns);
    if (duration_ns < 1000)
        return format("%llu ns", static_cast<unsigned long long>(duration_ns));
    if (ns < 1e6)
        return format("%.2f us", ns / 1e3);
    if (ns < 1e9)
        return format("%.3f ms", ns / 1e6);
    return format("%.3f s", ns / 1e9);
}

std::string size_text(uint64_t size_bytes)
{
    static constexpr std::array<const char *, 5> kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB"};
    if (size_bytes < 1024)
        return format("%llu B", static_cast<unsigned long long>(size_bytes));
    double value = static_cast<double>(size_bytes) / 1024;
    size_t unit = 0;
    for (; value >= 1024 && unit + 1 < kUnits.size(); unit++)
        value /= 1024;
    return format("%.2f %s", value, kUnits[unit]);
}

std::string count_text(uint64_t count, const char *singular)
{
    return format("%llu %s%s", static_cast<unsigned long long>(count), singular, count == 1 ? "" : "s");
}

std::string printable(std::string_view text)
{
    return copy_characters(text, [](std::string_view character, bool is_valid) {
        if (character == "\n")
            return std::string(" ");
        if (!is_valid || is_control(character))
            return format("\\x%02x", static_cast<unsigned char>(character.back()));
        return std::string(character);
    });
}

std::string json_escaped(std::string_view text)
{
    return copy_characters(text, [](std::string_view character, bool is_valid) {
        if (!is_valid)
            return std::string("\\ufffd");
        if (character == "\"" || character == "\\")
            return "\\" + std::string(character);
        if (character == "\n")
            return std::string("\\n");
        if (is_control(character))
            return format("\\u%04x", static_cast<unsigned char>(character.back()));
        return std::string(character);
    });
}

} // namespace pto::tool
