// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_ONBOARD_ONBOARD_MEMORY_H
#define PTO_HOST_ONBOARD_ONBOARD_MEMORY_H

#include "host/arena/device_arena.h"
#include "host/onboard/vendor/device_block.h"

#include <memory>

namespace pto::inline PTO_ARCH::onboard {

/// The device's memory: one block from the vendor, cut up here. So everything that tensors may lie in is one range, and
/// an allocation takes no call of the driver. The content of what it gives out is what it was.
class OnboardMemory : public arena::DeviceArena {
public:
    explicit OnboardMemory(pto::vendor::Session &session) : block_(session) {}

    pto_status reserve(uint64_t size_bytes, host::DeviceFailure *failure);
    /// Gives the block back.
    void release_all() { block_.reset(); }

private:
    struct alignas(64) Line {
        std::byte bytes[64];
    };

    pto::vendor::DeviceBlock block_;
    std::unique_ptr<Line[]> books_;
};

} // namespace pto::inline PTO_ARCH::onboard

#endif
