// SPDX-License-Identifier: Apache-2.0
// Single elements of tensors as numbers and as text.
#ifndef PTO_TOOL_ELEMENT_VALUE_HPP
#define PTO_TOOL_ELEMENT_VALUE_HPP

#include "pto/tensor.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace pto::tool {

/// IEEE and OCP formats that the C++ language has no type for.
double float16_value(uint16_t bits);
double bfloat16_value(uint16_t bits);
double float8_e4m3fn_value(uint8_t bits);
double float8_e8m0_value(uint8_t bits);
double float4_e2m1_value(uint8_t bits);

bool is_floating(pto_dtype dtype);

/// Element `index` of the row-major `bytes`, with as many digits as tell it from its neighbours.
std::string element_text(pto_dtype dtype, std::span<const std::byte> bytes, uint64_t index);

/// The element that `bytes` holds at `index`, whatever its alignment.
template <class Element> Element load_element(std::span<const std::byte> bytes, uint64_t index)
{
    Element element;
    __builtin_memcpy(&element, bytes.data() + index * sizeof(Element), sizeof(Element));
    return element;
}

/// Calls `visit` with a function that takes the bytes of a tensor and an index, and gives that element: an integer, a
/// bool or a double.
template <class Visit> auto with_element_reader(pto_dtype dtype, Visit visit)
{
    using Bytes = std::span<const std::byte>;
    const auto plain = [&]<class Element>(Element) {
        return visit([](Bytes bytes, uint64_t index) { return load_element<Element>(bytes, index); });
    };
    const auto decoded = [&]<class Bits>(double (*decode)(Bits)) {
        return visit([decode](Bytes bytes, uint64_t index) { return decode(load_element<Bits>(bytes, index)); });
    };
    switch (dtype) {
    case PTO_INT32: return plain(int32_t{});
    case PTO_INT16: return plain(int16_t{});
    case PTO_INT8: return plain(int8_t{});
    case PTO_INT64: return plain(int64_t{});
    case PTO_UINT64: return plain(uint64_t{});
    case PTO_UINT32: return plain(uint32_t{});
    case PTO_UINT16: return plain(uint16_t{});
    case PTO_UINT8: return plain(uint8_t{});
    case PTO_BOOL: return visit([](Bytes bytes, uint64_t index) { return load_element<uint8_t>(bytes, index) != 0; });
    case PTO_FLOAT16: return decoded(float16_value);
    case PTO_BFLOAT16: return decoded(bfloat16_value);
    case PTO_FLOAT8_E4M3FN: return decoded(float8_e4m3fn_value);
    case PTO_FLOAT8_E8M0: return decoded(float8_e8m0_value);
    case PTO_FLOAT4_E2M1: return decoded(float4_e2m1_value);
    default: return visit([](Bytes bytes, uint64_t index) { return double{load_element<float>(bytes, index)}; });
    }
}

} // namespace pto::tool

#endif
