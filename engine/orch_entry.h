// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_ORCH_ENTRY_H
#define PTO_ENGINE_ORCH_ENTRY_H

#include "engine/arch/arch.h"
#include "engine/wire/orch_program.h"

#include <cstddef>

namespace pto::inline PTO_ARCH::engine {

/// Text for a caller.
struct MessageBuffer {
    char *text;
    std::size_t capacity;
};

/// Fills the message and returns `status`.
pto_status refuse_orch(pto_status status, MessageBuffer message, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/// The symbols of a shared object that is loaded.
class OrchSymbols {
public:
    using Find = bool (*)(void *self, const char *symbol, OrchSymbol *out);
    OrchSymbols(void *self, Find how) : self_(self), find_(how) {}

    /// False: there is none.
    bool find(const char *symbol, OrchSymbol *out) const { return find_(self_, symbol, out); }

private:
    void *self_;
    Find find_;
};

/// Finds an orchestration by the names that its callable has for it, and checks that it is one: nothing of it runs.
/// PTO_ERROR_MISSING_ENTRY, PTO_ERROR_INCOMPATIBLE_IMAGE, PTO_ERROR_SIGNATURE_MISMATCH with a message.
pto_status find_orchestration(const OrchSymbols &symbols, const OrchPromise &promise, OrchProgram *out,
                              MessageBuffer message);

} // namespace pto::inline PTO_ARCH::engine

#endif
