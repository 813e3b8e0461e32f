// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_CONTEXT_TABLE_H
#define PTO_HOST_CONTEXT_TABLE_H

#include "host/context.h"
#include "host/visitor.h"

namespace pto::host {

/// Open contexts at once, in one process.
inline constexpr uint32_t kMaxContexts = 1024;

/// Gives an open context its handle: slot and generation, not an address, so that a closed or made-up handle is
/// recognised without touching freed memory. nullptr when all slots are taken.
pto_context *publish(Context *context);

/// Withdraws a handle and waits until nobody uses its context. nullptr when the handle is not open.
Context *withdraw(pto_context *handle);

/// A use of a context: while it lasts, the context cannot be closed.
class ContextUse {
public:
    explicit ContextUse(pto_context *handle);
    /// A use of the context that a run may belong to.
    explicit ContextUse(const RunName &run);
    ~ContextUse();
    ContextUse(const ContextUse &) = delete;
    ContextUse &operator=(const ContextUse &) = delete;

    /// nullptr when the handle is not open.
    Context *context() const { return context_; }

private:
    void enter(uint32_t slot, const uint32_t *generation);

    uint32_t slot_ = kMaxContexts;
    Visitor *visitor_ = nullptr; ///< nullptr: the use is counted.
    Context *context_ = nullptr;
};

/// A name for a run of an open context; the context fills in the rest.
RunName run_name_in(const pto_context *context);
pto_run_handle *run_handle(const RunName &name);
/// A name that belongs to no context when the handle cannot be one.
RunName run_name(const pto_run_handle *handle);

} // namespace pto::host

#endif
