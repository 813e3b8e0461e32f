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
    if (base() != 0)
        munmap(reinterpret_cast<void *>(base()), size_bytes());
    if (books_ != nullptr)
        munmap(books_, books_bytes_);
}

bool DeviceMemory::reserve(uint64_t size_bytes)
{
    books_bytes_ = DeviceArena::books_bytes();
    books_ = map_lazily(books_bytes_);
    void *memory = map_lazily(size_bytes);
    if (books_ == nullptr || memory == nullptr)
        return false;
    set_up(books_, reinterpret_cast<uint64_t>(memory), size_bytes);
    return true;
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
    DeviceArena::release(address, [](uint64_t begin, uint64_t end) {
        if (end - begin >= kReturnBytes)
            return_pages(first_page(begin), last_page(end));
    });
}

} // namespace pto::inline PTO_ARCH::sim
