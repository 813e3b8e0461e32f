// SPDX-License-Identifier: Apache-2.0
/** @file pto_predicate.h
 *  Predicates of the dialect compare with a 64-bit integer whatever the dtype; those of the engine with a value of the
 *  dtype. */
#ifndef PTO_COMPAT_PREDICATE_H
#define PTO_COMPAT_PREDICATE_H

#include "pto/compat/pto_orchestration_api.h"

/** @cond */
namespace pto::compat {

/// Least and greatest value of an integer dtype. For UINT64, a target is never above the greatest.
struct IntegerRange {
    int64_t least;
    int64_t greatest;
};

static inline IntegerRange range_of(DataType dtype)
{
    const auto bits = static_cast<uint32_t>(8 * get_element_size(dtype));
    switch (dtype) {
    case DataType::INT8:
    case DataType::INT16:
    case DataType::INT32: return {-(int64_t{1} << (bits - 1)), (int64_t{1} << (bits - 1)) - 1};
    case DataType::INT64: return {INT64_MIN, INT64_MAX};
    case DataType::UINT64: return {0, INT64_MAX};
    default: return {0, (int64_t{1} << bits) - 1}; // UINT8, UINT16, UINT32, BOOL
    }
}

/// A condition that always holds, or never does, in terms of the least value.
static inline pto_predicate_code fixed(bool holds)
{
    return holds ? PTO_PREDICATE_GE : PTO_PREDICATE_LT;
}

static inline bool holds_everywhere(PredicateOp op, bool target_is_above)
{
    switch (op) {
    case PredicateOp::NE: return true;
    case PredicateOp::LT:
    case PredicateOp::LE: return target_is_above;
    case PredicateOp::GT:
    case PredicateOp::GE: return !target_is_above;
    default: return false;
    }
}

/// The bits of a number as a 16-bit float, where it is one; else of the nearest of smaller magnitude.
static inline uint64_t narrow_float(float value, uint32_t exponent_bits, uint32_t fraction_bits)
{
    uint32_t bits;
    __builtin_memcpy(&bits, &value, sizeof bits);
    const uint32_t sign = bits >> 31;
    const int32_t bias = (1 << (exponent_bits - 1)) - 1;
    const int32_t exponent = static_cast<int32_t>(bits >> 23 & 0xff) - 127;
    const uint32_t infinity = ((1u << exponent_bits) - 1) << fraction_bits;
    uint32_t magnitude = 0; // integers have no small exponents: below 1 there is only 0
    if (exponent > bias)
        magnitude = infinity;
    else if ((bits << 1) != 0)
        magnitude = static_cast<uint32_t>(exponent + bias) << fraction_bits | (bits & 0x7fffff) >> (23 - fraction_bits);
    return sign << (exponent_bits + fraction_bits) | magnitude;
}

inline pto_predicate predicate_of(const CoreTaskPredicate &predicate)
{
    const CorePredicateOperand &operand = predicate.operand;
    pto_predicate result{};
    result.op = static_cast<uint32_t>(predicate.op);
    result.tensor = operand.tensor->native();
    for (uint32_t i = 0; i < operand.ndims && i < PTO_MAX_RANK; i++)
        result.index[i] = operand.indices[i];
    const DataType dtype = operand.tensor->dtype;
    switch (dtype) {
    case DataType::FLOAT32: result.value = to_u64(static_cast<float>(predicate.target)); return result;
    case DataType::FLOAT16: result.value = narrow_float(static_cast<float>(predicate.target), 5, 10); return result;
    case DataType::BFLOAT16: result.value = narrow_float(static_cast<float>(predicate.target), 8, 7); return result;
    default: break;
    }
    const IntegerRange range = range_of(dtype);
    if (predicate.target >= range.least && predicate.target <= range.greatest) {
        const uint64_t size = get_element_size(dtype);
        const auto target = static_cast<uint64_t>(predicate.target);
        result.value = size >= sizeof target || size == 0 ? target : target & ((uint64_t{1} << 8 * size) - 1);
        return result;
    }
    result.op = fixed(holds_everywhere(predicate.op, predicate.target > range.greatest));
    result.value = static_cast<uint64_t>(range.least);
    if (const uint64_t size = get_element_size(dtype); size < sizeof result.value)
        result.value &= (uint64_t{1} << 8 * size) - 1;
    return result;
}

} // namespace pto::compat
/** @endcond */

#endif
