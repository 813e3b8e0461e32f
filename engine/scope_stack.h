// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_SCOPE_STACK_H
#define PTO_ENGINE_SCOPE_STACK_H

#include "engine/task.h"

namespace pto::inline PTO_ARCH::engine {

/// An open scope: the outputs that it holds.
struct Scope {
    uint32_t serial;      ///< Never that of another scope of the run.
    uint32_t buffer_head; ///< Buffers of the scope, linked through next_in_scope.
    uint64_t held_bytes;
    uint64_t memory_mark; ///< Bytes of the orchestration's memory that were in use when it began.
};

/// The open scopes, the implicit outermost one at depth 0; below it PTO_MAX_SCOPE_DEPTH more. Owner only.
class ScopeStack {
public:
    void reset() { depth_ = 0, peak_ = 0, serial_ = 0; }

    bool is_full() const { return depth_ == kCapacity; }

    void push(uint64_t memory_mark = 0)
    {
        scopes_[depth_++] = {++serial_, kNone, 0, memory_mark};
        peak_ = depth_ > peak_ ? depth_ : peak_;
    }
    void pop() { depth_--; }

    Scope &top() { return scopes_[depth_ - 1]; }
    Scope &at(uint32_t depth) { return scopes_[depth]; }
    const Scope &at(uint32_t depth) const { return scopes_[depth]; }
    /// Open scopes, the implicit one among them.
    uint32_t depth() const { return depth_; }
    /// Most scopes that were nested in the implicit one.
    uint32_t peak() const { return peak_ == 0 ? 0 : peak_ - 1; }

    bool is_open(uint32_t depth, uint32_t serial) const { return depth < depth_ && scopes_[depth].serial == serial; }

    /// Depth of the scope that `measure(scope)` is largest for, the outermost one of equals.
    template <class Measure> uint32_t largest(Measure &&measure) const
    {
        uint32_t largest = 0;
        for (uint32_t i = 1; i < depth_; i++)
            largest = measure(scopes_[i]) > measure(scopes_[largest]) ? i : largest;
        return largest;
    }

    /// Depth of the scope that holds the most heap.
    uint32_t largest_holder() const
    {
        return largest([](const Scope &scope) { return scope.held_bytes; });
    }

private:
    static constexpr uint32_t kCapacity = 1 + PTO_MAX_SCOPE_DEPTH;

    Scope scopes_[kCapacity];
    uint32_t depth_ = 0;
    uint32_t peak_ = 0;
    uint32_t serial_ = 0;
};

} // namespace pto::inline PTO_ARCH::engine

#endif
