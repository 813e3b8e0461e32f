// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_ORCH_ENTRY_H
#define PTO_ENGINE_ORCH_ENTRY_H

#include "engine/arch/arch.h"
#include "pto/orch.h"

#include <cstddef>

namespace pto::inline PTO_ARCH::engine {

/// Fills the message and returns `status`.
pto_status refuse_orch(pto_status status, char *message, std::size_t capacity, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/// What a callable promises of its orchestration.
struct OrchPromise {
    const char *name;
    uint32_t tensor_count;
    uint32_t scalar_count;
};

/// Checks what a loader has found under an entry's name: it is not an entry before. PTO_ERROR_MISSING_ENTRY,
/// PTO_ERROR_INCOMPATIBLE_IMAGE, PTO_ERROR_SIGNATURE_MISMATCH with a message.
pto_status check_orch_entry(const void *symbol, const OrchPromise &promise, char *message, std::size_t capacity);

} // namespace pto::inline PTO_ARCH::engine

#endif
