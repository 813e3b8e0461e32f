// SPDX-License-Identifier: Apache-2.0
/** @file pto_predicate.h
 *  Predicates of the dialect compare with a 64-bit integer whatever the dtype; those of the engine with a value of the
 *  dtype. */
#ifndef PTO_COMPAT_PREDICATE_H
#define PTO_COMPAT_PREDICATE_H

#include "pto/compat/pto_orchestration_api.h"

/** @cond */
namespace pto_compat {

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

/// Whether a comparison with a target that no element can have holds for all elements; else it holds for none.
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

/// A floating-point format, fraction below exponent below sign.
struct FloatFormat {
    uint32_t exponent_bits;
    uint32_t fraction_bits;
};

/// Bits of the greatest number of a format that is not above `target`, which may be minus infinity.
static inline uint64_t round_down(FloatFormat format, int64_t target, bool *is_exact)
{
    *is_exact = true;
    if (target == 0)
        return 0;
    const uint64_t magnitude = target < 0 ? uint64_t{0} - static_cast<uint64_t>(target) : static_cast<uint64_t>(target);
    const auto exponent = static_cast<uint32_t>(63 - __builtin_clzll(magnitude));
    const uint32_t bias = (1u << (format.exponent_bits - 1)) - 1;
    const uint64_t infinity = ((uint64_t{1} << format.exponent_bits) - 1) << format.fraction_bits;
    uint64_t bits = infinity - 1; // the greatest number
    if (exponent > bias) {
        *is_exact = false;
    } else {
        const uint32_t lost_bits = exponent > format.fraction_bits ? exponent - format.fraction_bits : 0;
        const uint32_t room = exponent > format.fraction_bits ? 0 : format.fraction_bits - exponent;
        const uint64_t fraction = (magnitude >> lost_bits << room) & ((uint64_t{1} << format.fraction_bits) - 1);
        bits = uint64_t{exponent + bias} << format.fraction_bits | fraction;
        *is_exact = magnitude >> lost_bits << lost_bits == magnitude;
    }
    if (target > 0)
        return bits;
    // The next number of greater magnitude is the next number.
    return (bits + (*is_exact ? 0 : 1)) | uint64_t{1} << (format.exponent_bits + format.fraction_bits);
}

/// Compares with a number of the format such that the outcome is that of comparing with the target.
static inline void compare_with_float(FloatFormat format, int64_t target, pto_predicate *predicate)
{
    bool is_exact = true;
    predicate->value = round_down(format, target, &is_exact);
    if (is_exact)
        return;
    switch (predicate->op) {
    case PTO_PREDICATE_EQ:
    case PTO_PREDICATE_NE: // to no number, as to one that is none
        predicate->value = (uint64_t{1} << (format.exponent_bits + format.fraction_bits)) - 1;
        break;
    case PTO_PREDICATE_GT:
    case PTO_PREDICATE_GE: predicate->op = PTO_PREDICATE_GT; break;
    default: predicate->op = PTO_PREDICATE_LE; break;
    }
}

static inline void compare_with_integer(DataType dtype, int64_t target, pto_predicate *predicate)
{
    const IntegerRange range = range_of(dtype);
    const uint64_t size = get_element_size(dtype);
    const uint64_t mask = size >= sizeof target || size == 0 ? UINT64_MAX : (uint64_t{1} << 8 * size) - 1;
    if (target >= range.least && target <= range.greatest) {
        predicate->value = static_cast<uint64_t>(target) & mask;
        return;
    }
    // The least value: not below it, always; below it, never.
    predicate->op = holds_everywhere(static_cast<PredicateOp>(predicate->op), target > range.greatest)
                        ? PTO_PREDICATE_GE
                        : PTO_PREDICATE_LT;
    predicate->value = static_cast<uint64_t>(range.least) & mask;
}

inline pto_predicate predicate_of(const CoreTaskPredicate &predicate)
{
    const CorePredicateOperand &operand = predicate.operand;
    pto_predicate result{};
    result.op = static_cast<uint32_t>(predicate.op);
    result.tensor = operand.tensor->native();
    for (uint32_t i = 0; i < operand.ndims && i < PTO_MAX_RANK; i++)
        result.index[i] = operand.indices[i];
    switch (operand.tensor->dtype) {
    case DataType::FLOAT32: compare_with_float({8, 23}, predicate.target, &result); break;
    case DataType::FLOAT16: compare_with_float({5, 10}, predicate.target, &result); break;
    case DataType::BFLOAT16: compare_with_float({8, 7}, predicate.target, &result); break;
    default: compare_with_integer(operand.tensor->dtype, predicate.target, &result); break;
    }
    return result;
}

} // namespace pto_compat
/** @endcond */

#endif
