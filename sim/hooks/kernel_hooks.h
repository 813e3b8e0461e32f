// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_SIM_HOOKS_KERNEL_HOOKS_H
#define PTO_SIM_HOOKS_KERNEL_HOOKS_H

#include "posix/user_code.h"
#include "sim/hooks/pipe_states.h"

namespace pto::hooks {

/// Where a kernel runs.
struct KernelPlace {
    uint32_t cluster;
    uint32_t sub_block_id;
};

/// A thread of a chip, as the functions of pto/sim.h know it. There is one such library for all archs, so this is all
/// that they may see of a chip.
class KernelHost : public pto::posix::UserCodeOwner {
public:
    /// Of the kernel that is on the calling thread, whose host this is; false: none is.
    virtual bool place(KernelPlace *out) const = 0;

    PipeStates *pipe_states = nullptr; ///< The chip's.

protected:
    ~KernelHost() = default;
};

/// Makes the functions of pto/sim.h visible to kernels, however this library was loaded. False: they cannot be, because
/// the program that this library is a part of does not export them, or another copy of them comes first.
bool export_kernel_hooks();

} // namespace pto::hooks

#endif
