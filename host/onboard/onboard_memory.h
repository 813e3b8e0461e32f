// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_ONBOARD_ONBOARD_MEMORY_H
#define PTO_HOST_ONBOARD_ONBOARD_MEMORY_H

#include "engine/heap.h"
#include "host/onboard/vendor/device_block.h"

#include <memory>
#include <mutex>
#include <unordered_map>

namespace pto::inline PTO_ARCH::onboard {

/// The device's memory: one block from the vendor, cut up here. So everything that tensors may lie in is one range, and
/// an allocation takes no call of the driver. Thread-safe once reserved.
class OnboardMemory {
public:
    explicit OnboardMemory(pto::vendor::Session &session) : block_(session) {}

    pto_status reserve(uint64_t size_bytes, host::DeviceFailure *failure);
    /// Gives the block back.
    void release_all() { block_.reset(); }

    /// 0 when there is no room. 1024-byte aligned; the content is what it was.
    uint64_t allocate(uint64_t size_bytes);
    void release(uint64_t address);

    uint64_t base() const { return base_; }
    uint64_t size_bytes() const { return size_bytes_; }
    static constexpr uint32_t kMaxAllocations = 1u << 16;
    bool is_full() const;
    bool contains(uint64_t address) const { return address - base_ < size_bytes_; }

private:
    struct alignas(64) Line {
        std::byte bytes[64];
    };

    pto::vendor::DeviceBlock block_;
    uint64_t base_ = 0;
    uint64_t size_bytes_ = 0;
    std::unique_ptr<Line[]> books_;
    mutable std::mutex mutex_; ///< Guards the books: what follows.
    engine::Heap heap_;
    std::unordered_map<uint64_t, uint32_t> blocks_;
};

} // namespace pto::inline PTO_ARCH::onboard

#endif
