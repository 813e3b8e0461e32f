// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_SIM_DEVICE_MEMORY_H
#define PTO_SIM_DEVICE_MEMORY_H

#include "host/arena/device_arena.h"

namespace pto::inline PTO_ARCH::sim {

/// The chip's memory: one mapping of its own, committed page by page when touched. Addresses are those of the mapping,
/// so that kernels use them as they are; no host allocation lies in it. Fresh pages read as zero, reused ones as they
/// were left.
class DeviceMemory : public arena::DeviceArena {
public:
    DeviceMemory() = default;
    ~DeviceMemory();
    DeviceMemory(const DeviceMemory &) = delete;
    DeviceMemory &operator=(const DeviceMemory &) = delete;

    /// Reserves the range. False: the system refused, errno tells.
    bool reserve(uint64_t size_bytes);
    void release(uint64_t address);
    /// Makes part of an allocation zero; whole pages without touching them.
    void clear(uint64_t address, uint64_t size_bytes);

private:
    void *books_ = nullptr;
    std::size_t books_bytes_ = 0;
};

} // namespace pto::inline PTO_ARCH::sim

#endif
