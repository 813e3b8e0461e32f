// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_SIM_DEVICE_MEMORY_H
#define PTO_SIM_DEVICE_MEMORY_H

#include "engine/heap.h"

#include <mutex>
#include <unordered_map>

namespace pto::inline PTO_ARCH::sim {

/// The chip's memory: one mapping of its own, committed page by page when touched. Addresses are those of the mapping,
/// so that kernels use them as they are; no host allocation lies in it. Thread-safe once reserved.
class DeviceMemory {
public:
    DeviceMemory() = default;
    ~DeviceMemory();
    DeviceMemory(const DeviceMemory &) = delete;
    DeviceMemory &operator=(const DeviceMemory &) = delete;

    /// Reserves the range. False: the system refused, errno tells.
    bool reserve(uint64_t size_bytes);

    /// 0 when there is no room. Fresh pages read as zero, reused ones as they were left.
    uint64_t allocate(uint64_t size_bytes);
    void release(uint64_t address);
    /// Makes part of an allocation zero; whole pages without touching them.
    void clear(uint64_t address, uint64_t size_bytes);

    uint64_t base() const { return base_; }
    uint64_t size_bytes() const { return size_bytes_; }
    /// Allocations that can be live at once, and whether as many are.
    static constexpr uint32_t kMaxAllocations = 1u << 16;
    bool is_full() const;

    bool contains(uint64_t address) const { return address - base_ < size_bytes_; }

private:
    uint64_t base_ = 0;
    uint64_t size_bytes_ = 0;
    void *books_ = nullptr;
    std::size_t books_bytes_ = 0;
    mutable std::mutex mutex_; ///< Guards the books: what follows.
    engine::Heap heap_;
    std::unordered_map<uint64_t, uint32_t> blocks_;
};

} // namespace pto::inline PTO_ARCH::sim

#endif
