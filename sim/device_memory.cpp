// SPDX-License-Identifier: Apache-2.0
#include "sim/device_memory.h"

#include "engine/base/memory.h"

#include <sys/mman.h>

namespace pto::inline PTO_ARCH::sim {
namespace {

void *map_lazily(std::size_t size)
{
    void *block = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return block == MAP_FAILED ? nullptr : block;
}

// Releasing large blocks gives their pages back to the system; for small ones the call would cost more than it saves.
constexpr uint64_t kReturnBytes = 1 << 20;

constexpr uint64_t kPageBytes = 4096;

/// Gives the whole pages of a range back to the system: they read as zero from then on. False: it does not take all of
/// them, because the process has locked its memory.
bool return_pages(uint64_t begin, uint64_t end)
{
    return madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED) == 0;
}

constexpr uint64_t first_page(uint64_t address)
{
    return (address + kPageBytes - 1) / kPageBytes * kPageBytes;
}

constexpr uint64_t last_page(uint64_t address)
{
    return address / kPageBytes * kPageBytes;
}

} // namespace

DeviceMemory::~DeviceMemory()
{
    if (base_ != 0)
        munmap(reinterpret_cast<void *>(base_), size_bytes_);
    if (books_ != nullptr)
        munmap(books_, books_bytes_);
}

bool DeviceMemory::reserve(uint64_t size_bytes)
{
    Carver measure(nullptr);
    heap_.layout(measure, 2 * kMaxAllocations + 1);
    books_bytes_ = measure.used_bytes();
    books_ = map_lazily(books_bytes_);
    void *memory = map_lazily(size_bytes);
    if (books_ == nullptr || memory == nullptr)
        return false;
    Carver carver(books_);
    heap_.layout(carver, 2 * kMaxAllocations + 1);
    base_ = reinterpret_cast<uint64_t>(memory);
    size_bytes_ = size_bytes;
    heap_.reset(base_, size_bytes_);
    return true;
}

uint64_t DeviceMemory::allocate(uint64_t size_bytes)
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

bool DeviceMemory::is_full() const
{
    const std::lock_guard lock(mutex_);
    return blocks_.size() == kMaxAllocations;
}

void DeviceMemory::clear(uint64_t address, uint64_t size_bytes)
{
    const uint64_t end = address + size_bytes;
    if (size_bytes < kReturnBytes || !return_pages(first_page(address), last_page(end))) {
        memset(reinterpret_cast<void *>(address), 0, size_bytes);
        return;
    }
    memset(reinterpret_cast<void *>(address), 0, first_page(address) - address);
    memset(reinterpret_cast<void *>(last_page(end)), 0, end - last_page(end));
}

void DeviceMemory::release(uint64_t address)
{
    const std::lock_guard lock(mutex_);
    const auto found = blocks_.find(address);
    if (found == blocks_.end())
        return;
    const uint64_t size = heap_.size_bytes(found->second);
    if (size >= kReturnBytes)
        return_pages(first_page(address), last_page(address + size));
    heap_.release(found->second);
    blocks_.erase(found);
}

} // namespace pto::inline PTO_ARCH::sim
