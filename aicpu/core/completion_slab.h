// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_AICPU_COMPLETION_SLAB_H
#define PTO_AICPU_COMPLETION_SLAB_H

#include "engine/arch/arch.h"
#include "pto/kernel.h"

namespace pto::inline PTO_ARCH::aicpu {

/// Where a kernel registers deferred completions.
struct CompletionSlab {
    volatile uint32_t count;
    volatile int32_t error;
    pto_completion entries[PTO_KERNEL_MAX_COMPLETIONS];

    bool is_empty() const { return count == 0 && error == 0; }
    void clear()
    {
        count = 0;
        error = 0;
    }
    pto_async_context context(uint64_t task_token)
    {
        return {&count, &error, entries, PTO_KERNEL_MAX_COMPLETIONS, task_token};
    }
};

} // namespace pto::inline PTO_ARCH::aicpu

#endif
