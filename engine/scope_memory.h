// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_SCOPE_MEMORY_H
#define PTO_ENGINE_SCOPE_MEMORY_H

#include "engine/base/carver.h"

namespace pto::inline PTO_ARCH::engine {

/// Memory that the orchestration asks for and that its scopes give back: a stack. Owner only.
class ScopeMemory {
public:
    static constexpr uint64_t kAlignment = 64;

    void layout(Carver &carver, uint64_t capacity_bytes)
    {
        bytes_ = carver.take<std::byte>(capacity_bytes); // on a cache line
        capacity_ = capacity_bytes;
    }
    void reset() { used_ = 0; }

    /// nullptr: there is not that much left.
    void *allocate(uint64_t size_bytes)
    {
        if (size_bytes > capacity_ - used_)
            return nullptr;
        std::byte *memory = bytes_ + used_;
        used_ += (size_bytes + kAlignment - 1) / kAlignment * kAlignment;
        return memory;
    }

    uint64_t mark() const { return used_; }
    void release_to(uint64_t mark) { used_ = mark; }
    uint64_t capacity_bytes() const { return capacity_; }
    uint64_t available_bytes() const { return capacity_ - used_; }

private:
    std::byte *bytes_ = nullptr;
    uint64_t capacity_ = 0; ///< A multiple of the alignment.
    uint64_t used_ = 0;
};

} // namespace pto::inline PTO_ARCH::engine

#endif
