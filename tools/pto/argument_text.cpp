// SPDX-License-Identifier: Apache-2.0
#include "argument_text.hpp"

#include "dtype_names.hpp"
#include "text_format.hpp"
#include "tool_error.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <filesystem>
#include <string_view>

namespace pto::tool {
namespace {

constexpr std::array<std::string_view, 4> kDirections = {"scalar", "in", "out", "inout"};
constexpr std::array<std::string_view, 3> kCoreTypes = {"aic", "aiv", "any"};

/// The parts between colons, at most `limit`: the last one keeps the colons that are left.
std::vector<std::string> split(std::string_view text, size_t limit)
{
    std::vector<std::string> parts;
    while (parts.size() + 1 < limit) {
        const size_t colon = text.find(':');
        if (colon == std::string_view::npos)
            break;
        parts.emplace_back(text.substr(0, colon));
        text.remove_prefix(colon + 1);
    }
    parts.emplace_back(text);
    return parts;
}

/// The whole of `text` as a number, or nothing.
template <class Number> std::optional<Number> parse_number(std::string_view text)
{
    Number number = {};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

template <size_t Count>
std::optional<uint8_t> index_of(const std::array<std::string_view, Count> &names, std::string_view name)
{
    for (size_t i = 0; i < Count; i++)
        if (names[i] == name)
            return static_cast<uint8_t>(i);
    return std::nullopt;
}

/// "128x64"; nothing when `text` is no shape.
std::optional<std::vector<uint32_t>> parse_shape(std::string_view text)
{
    std::vector<uint32_t> shape;
    for (;;) {
        const size_t times = text.find('x');
        const auto extent = parse_number<uint32_t>(text.substr(0, times));
        if (!extent)
            return std::nullopt;
        shape.push_back(*extent);
        if (times == std::string_view::npos)
            return shape;
        text.remove_prefix(times + 1);
    }
}

/// "0x1f", "31" or "-31", into 64 bits.
std::optional<uint64_t> parse_integer(std::string_view text, bool allow_signed, bool allow_unsigned)
{
    if (text.starts_with("0x") || text.starts_with("0X")) {
        text.remove_prefix(2);
        uint64_t bits = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits, 16);
        return error == std::errc() && end == text.data() + text.size() ? std::optional(bits) : std::nullopt;
    }
    if (allow_signed)
        if (const auto value = parse_number<int64_t>(text))
            return static_cast<uint64_t>(*value);
    return allow_unsigned ? parse_number<uint64_t>(text) : std::nullopt;
}

} // namespace

KernelSpec parse_kernel_spec(const std::string &text)
{
    const std::string what = "--kernel " + text;
    const std::vector<std::string> parts = split(text, 3);
    if (parts.size() < 3 || parts[2].empty())
        throw Error(what, "write FUNC_ID:aic|aiv|any:FILE.so[:NAME]");
    const auto func_id = parse_number<uint32_t>(parts[0]);
    if (!func_id || *func_id >= PTO_MAX_FUNC_IDS)
        throw Error(what, format("the func id must be a number from 0 to %u", PTO_MAX_FUNC_IDS - 1));
    const auto core_type = index_of(kCoreTypes, parts[1]);
    if (!core_type)
        throw Error(what, "the core type must be aic, aiv or any");

    KernelSpec spec;
    spec.func_id = *func_id;
    spec.core_type = *core_type;
    const size_t colon = parts[2].rfind(':');
    const size_t slash = parts[2].rfind('/');
    const bool has_name = colon != std::string::npos && (slash == std::string::npos || slash < colon);
    spec.path = has_name ? parts[2].substr(0, colon) : parts[2];
    spec.name = has_name ? parts[2].substr(colon + 1) : stem_of(spec.path).substr(0, PTO_MAX_NAME);
    return spec;
}

ParamSpec parse_param_spec(const std::string &text)
{
    const std::string what = "--param " + text;
    const std::vector<std::string> parts = split(text, 4);
    const auto direction = index_of(kDirections, parts[0]);
    if (!direction)
        throw Error(what, "write in|out|inout|scalar[:DTYPE[:RANK[:NAME]]]");
    ParamSpec spec;
    spec.direction = *direction;
    if (parts.size() > 1 && !parts[1].empty() && parts[1] != "any") {
        const auto dtype = parse_dtype(parts[1]);
        if (!dtype)
            throw Error(what, "the dtype must be any or one of " + all_dtype_names());
        spec.dtype = *dtype;
    }
    if (parts.size() > 2 && !parts[2].empty() && parts[2] != "any") {
        const auto rank = parse_number<uint8_t>(parts[2]);
        if (!rank || *rank > PTO_MAX_RANK)
            throw Error(what, format("the rank must be any or a number from 1 to %u", PTO_MAX_RANK));
        spec.ndims = *rank;
    }
    if (parts.size() > 3)
        spec.name = parts[3];
    if (spec.direction == PTO_SCALAR_ARG && (spec.dtype != PTO_ANY_DTYPE || spec.ndims != 0))
        throw Error(what, "a scalar is any 64 bits, without dtype and rank: write scalar, or scalar:any:any:NAME");
    return spec;
}

OutputSpec parse_output_spec(const std::string &text)
{
    const std::string what = "--out " + text;
    const size_t slash = text.rfind('/');
    const size_t name = slash == std::string::npos ? 0 : slash + 1;
    const std::vector<std::string> parts = split(std::string_view(text).substr(name), SIZE_MAX);
    OutputSpec spec;
    spec.path = text.substr(0, name) + parts[0];
    if (parts[0].empty() || parts.size() > 3)
        throw Error(what, "write FILE.npy[:DTYPE][:SHAPE], such as c.npy:float32:128x128");
    for (size_t i = 1; i < parts.size(); i++) {
        const auto dtype = parse_dtype(parts[i]);
        const auto shape = parse_shape(parts[i]);
        const bool is_dtype = dtype.has_value() && i == 1;
        const bool is_shape = shape.has_value() && i + 1 == parts.size();
        if (!is_dtype && !is_shape)
            throw Error(what, "'" + parts[i] + "' is neither a dtype nor a shape such as 128x128 here");
        if (is_dtype)
            spec.dtype = dtype;
        else
            spec.shape = *shape;
    }
    return spec;
}

InoutSpec parse_inout_spec(const std::string &text)
{
    const std::vector<std::string> parts = split(text, SIZE_MAX);
    if (parts.size() > 2 || parts.front().empty() || parts.back().empty())
        throw Error("--inout " + text, "write FILE.npy[:RESULT.npy]");
    return {parts.front(), parts.back()};
}

uint64_t parse_scalar(const std::string &text)
{
    const std::vector<std::string> parts = split(text, 2);
    const std::string &value = parts.back();
    const auto type = parts.size() > 1 ? parse_dtype(parts[0]) : std::nullopt;
    std::optional<uint64_t> bits;
    if (parts.size() == 1)
        bits = parse_integer(value, true, true);
    else if (type == PTO_INT64 || type == PTO_UINT64)
        bits = parse_integer(value, type == PTO_INT64, type == PTO_UINT64);
    else if (type == PTO_FLOAT32 && parse_number<float>(value))
        bits = std::bit_cast<uint32_t>(*parse_number<float>(value));
    else if (parts[0] == "f64" || parts[0] == "float64")
        if (const auto number = parse_number<double>(value))
            bits = std::bit_cast<uint64_t>(*number);
    if (!bits)
        throw Error("--scalar " + text,
                    "write an integer of 64 bits, or i64:, u64:, f32: or f64: and a number in range, such as f32:1.5");
    return *bits;
}

std::string direction_name(uint8_t direction)
{
    return direction < kDirections.size() ? std::string(kDirections[direction])
                                          : "direction " + std::to_string(direction);
}

std::string core_type_name(uint32_t core_type)
{
    return core_type < kCoreTypes.size() ? std::string(kCoreTypes[core_type])
                                         : "core type " + std::to_string(core_type);
}

std::string stem_of(const std::string &path)
{
    return std::filesystem::path(path).stem().string();
}

} // namespace pto::tool
