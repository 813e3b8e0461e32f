// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_PREDICATE_H
#define PTO_ENGINE_PREDICATE_H

#include "engine/port.h"
#include "pto/orch.h"

#include <cstddef>
#include <cstdint>

namespace pto::inline PTO_ARCH::engine {

/// A task's predicate as its payload keeps it, behind the scalars.
struct Predicate {
    uint64_t address; ///< Of the element.
    uint64_t value;   ///< In the representation of the dtype, zero-extended.
    uint32_t buffer;  ///< Index of the element's buffer, held like those of tensor arguments.
    uint8_t op;       ///< enum pto_predicate_code
    uint8_t dtype;
    uint16_t reserved;
};
static_assert(sizeof(Predicate) == 24 && offsetof(Predicate, buffer) == 16);

/// 64-bit words of the payload that a predicate takes.
inline constexpr uint32_t kPredicateWords = sizeof(Predicate) / sizeof(uint64_t);

/// Whether elements of a dtype can be compared: 8-bit and 4-bit floats cannot.
bool is_comparable(pto_dtype dtype);

/// Compares two elements given as bits.
bool compare(uint32_t op, pto_dtype dtype, uint64_t element, uint64_t value);

/// Reads the element and compares. The element must not be written at the same time.
bool holds(const Predicate &predicate, const Port &port);

} // namespace pto::inline PTO_ARCH::engine

#endif
