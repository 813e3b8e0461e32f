// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_ARENA_DEVICE_ARENA_H
#define PTO_HOST_ARENA_DEVICE_ARENA_H

#include "engine/heap.h"
#include "host/device_failure.h"
#include "pto/status.h"

#include <mutex>
#include <unordered_map>

namespace pto::inline PTO_ARCH::arena {

/// Gives out the memory of a device, which is one range of addresses. It does not touch that memory. Thread-safe once
/// set up.
class DeviceArena {
public:
    static constexpr uint32_t kMaxAllocations = 1u << 16;

    /// Bytes of host memory that the books need, 64-byte aligned.
    static std::size_t books_bytes()
    {
        engine::Heap heap;
        Carver measure(nullptr);
        heap.layout(measure, kMaxBlocks);
        return measure.used_bytes();
    }

    /// `books` is the caller's and outlives the arena. The range is 1024-byte aligned.
    void set_up(void *books, uint64_t base, uint64_t size_bytes)
    {
        Carver carver(books);
        heap_.layout(carver, kMaxBlocks);
        base_ = base;
        size_bytes_ = size_bytes;
        heap_.reset(base, size_bytes);
    }

    uint64_t base() const { return base_; }
    uint64_t size_bytes() const { return size_bytes_; }
    bool contains(uint64_t address) const { return address - base_ < size_bytes_; }

    /// 1024-byte aligned; 0 when there is no room.
    uint64_t allocate(uint64_t size_bytes)
    {
        const std::lock_guard lock(mutex_);
        if (blocks_.size() == kMaxAllocations)
            return 0;
        const uint32_t block = heap_.allocate(size_bytes);
        if (block == engine::kNone)
            return 0;
        const uint64_t address = heap_.address(block);
        blocks_.emplace(address, block);
        return address;
    }

    /// Why the last allocation had no room.
    pto_status explain(uint64_t size_bytes, host::DeviceFailure *failure) const
    {
        const std::lock_guard lock(mutex_);
        if (blocks_.size() == kMaxAllocations)
            std::snprintf(failure->message, sizeof failure->message, "%u allocations are live, which is the most",
                          kMaxAllocations);
        else
            std::snprintf(failure->message, sizeof failure->message, "no %llu bytes of device memory in one piece",
                          static_cast<unsigned long long>(size_bytes));
        return PTO_ERROR_OUT_OF_DEVICE_MEMORY;
    }

    void release(uint64_t address)
    {
        release(address, [](uint64_t, uint64_t) {});
    }
    /// Calls `leave(begin, end)` before anybody else can be given that memory.
    template <class Leave> void release(uint64_t address, Leave &&leave)
    {
        const std::lock_guard lock(mutex_);
        const auto found = blocks_.find(address);
        if (found == blocks_.end())
            return;
        leave(address, address + heap_.size_bytes(found->second));
        heap_.release(found->second);
        blocks_.erase(found);
    }

private:
    static constexpr uint32_t kMaxBlocks = 2 * kMaxAllocations + 1;

    uint64_t base_ = 0;
    uint64_t size_bytes_ = 0;
    mutable std::mutex mutex_; ///< Guards the books: what follows.
    engine::Heap heap_;
    std::unordered_map<uint64_t, uint32_t> blocks_;
};

} // namespace pto::inline PTO_ARCH::arena

#endif
