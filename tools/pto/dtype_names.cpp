// SPDX-License-Identifier: Apache-2.0
#include "dtype_names.hpp"

#include <array>

namespace pto::tool {
namespace {

struct DtypeNames {
    std::string_view name;
    std::string_view short_name;
    std::string_view typestring;
};

/// Indexed by pto_dtype.
constexpr std::array<DtypeNames, PTO_DTYPE_COUNT> kNames = {{
    {"float32", "f32", "<f4"},
    {"float16", "f16", "<f2"},
    {"int32", "i32", "<i4"},
    {"int16", "i16", "<i2"},
    {"int8", "i8", "|i1"},
    {"uint8", "u8", "|u1"},
    {"bfloat16", "bf16", ""},
    {"int64", "i64", "<i8"},
    {"uint64", "u64", "<u8"},
    {"uint16", "u16", "<u2"},
    {"uint32", "u32", "<u4"},
    {"bool", "b1", "|b1"},
    {"float8_e4m3fn", "e4m3", ""},
    {"float8_e8m0", "e8m0", ""},
    {"float4_e2m1", "e2m1", ""},
}};

} // namespace

std::string dtype_name(pto_dtype dtype)
{
    return dtype < kNames.size() ? std::string(kNames[dtype].name) : "dtype " + std::to_string(dtype);
}

std::optional<pto_dtype> parse_dtype(std::string_view text)
{
    for (size_t i = 0; i < kNames.size(); i++)
        if (text == kNames[i].name || text == kNames[i].short_name)
            return static_cast<pto_dtype>(i);
    return std::nullopt;
}

std::string all_dtype_names()
{
    std::string names;
    for (const DtypeNames &entry : kNames)
        names += (names.empty() ? "" : ", ") + std::string(entry.name);
    return names;
}

std::string_view npy_typestring(pto_dtype dtype)
{
    return dtype < kNames.size() ? kNames[dtype].typestring : std::string_view();
}

std::optional<pto_dtype> dtype_of_typestring(std::string_view typestring)
{
    for (size_t i = 0; i < kNames.size(); i++)
        if (!typestring.empty() && typestring == kNames[i].typestring)
            return static_cast<pto_dtype>(i);
    return std::nullopt;
}

pto_dtype carrier_of(pto_dtype dtype)
{
    if (dtype >= kNames.size() || !kNames[dtype].typestring.empty())
        return dtype;
    return pto_dtype_size(dtype) == 2 ? PTO_UINT16 : PTO_UINT8;
}

} // namespace pto::tool
