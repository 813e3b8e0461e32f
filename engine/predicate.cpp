// SPDX-License-Identifier: Apache-2.0
#include "engine/predicate.h"

#include "engine/element.h"

#include <bit>

namespace pto::inline PTO_ARCH::engine {
namespace {

template <class T> bool ordered(uint32_t op, T element, T value)
{
    switch (op) {
    case PTO_PREDICATE_EQ: return element == value;
    case PTO_PREDICATE_NE: return element != value;
    case PTO_PREDICATE_GT: return element > value;
    case PTO_PREDICATE_LT: return element < value;
    case PTO_PREDICATE_GE: return element >= value;
    case PTO_PREDICATE_LE: return element <= value;
    default: return false;
    }
}

float float_of_half(uint16_t half)
{
    const uint32_t sign = uint32_t{half} >> 15 << 31;
    const uint32_t exponent = half >> 10 & 31;
    const uint32_t fraction = half & 1023;
    if (exponent == 31) // infinity or not a number
        return std::bit_cast<float>(sign | 0x7f800000u | fraction << 13);
    if (exponent == 0) { // fraction * 2^-24
        const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
        return sign != 0 ? -magnitude : magnitude;
    }
    return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
}

float float_of(pto_dtype dtype, uint64_t bits)
{
    switch (dtype) {
    case PTO_FLOAT16: return float_of_half(static_cast<uint16_t>(bits));
    case PTO_BFLOAT16: return std::bit_cast<float>(static_cast<uint32_t>(bits & 0xffff) << 16);
    default: return std::bit_cast<float>(static_cast<uint32_t>(bits));
    }
}

/// The bits that an element of the dtype has; what a caller leaves above them does not count.
uint64_t unsigned_of(pto_dtype dtype, uint64_t bits)
{
    const uint32_t unused = 64 - 8 * pto_dtype_size(dtype);
    return bits << unused >> unused;
}

/// Sign-extends from the size of the dtype.
int64_t integer_of(pto_dtype dtype, uint64_t bits)
{
    const uint32_t unused = 64 - 8 * pto_dtype_size(dtype);
    return static_cast<int64_t>(bits << unused) >> unused;
}

enum class Kind { kNone, kSigned, kUnsigned, kFloat };

Kind kind_of(pto_dtype dtype)
{
    switch (dtype) {
    case PTO_INT8:
    case PTO_INT16:
    case PTO_INT32:
    case PTO_INT64: return Kind::kSigned;
    case PTO_UINT8:
    case PTO_UINT16:
    case PTO_UINT32:
    case PTO_UINT64:
    case PTO_BOOL: return Kind::kUnsigned;
    case PTO_FLOAT32:
    case PTO_FLOAT16:
    case PTO_BFLOAT16: return Kind::kFloat;
    default: return Kind::kNone;
    }
}

} // namespace

bool is_comparable(pto_dtype dtype)
{
    return kind_of(dtype) != Kind::kNone;
}

bool compare(uint32_t op, pto_dtype dtype, uint64_t element, uint64_t value)
{
    switch (kind_of(dtype)) {
    case Kind::kSigned: return ordered(op, integer_of(dtype, element), integer_of(dtype, value));
    case Kind::kUnsigned: return ordered(op, unsigned_of(dtype, element), unsigned_of(dtype, value));
    case Kind::kFloat: return ordered(op, float_of(dtype, element), float_of(dtype, value));
    case Kind::kNone: break;
    }
    return false;
}

bool holds(const Predicate &predicate, const Port &port)
{
    const uint64_t element = read_element(port, predicate.address, pto_dtype_size(predicate.dtype));
    return compare(predicate.op, predicate.dtype, element, predicate.value);
}

} // namespace pto::inline PTO_ARCH::engine
