// SPDX-License-Identifier: Apache-2.0
#include "host/onboard/onboard_memory.h"

namespace pto::inline PTO_ARCH::onboard {

pto_status OnboardMemory::reserve(uint64_t size_bytes, host::DeviceFailure *failure)
{
    constexpr uint64_t kGranule = engine::Heap::kGranuleBytes;
    const pto_status status = block_.allocate(size_bytes + kGranule, failure); // the vendor aligns to less
    if (status != PTO_OK)
        return status;
    Carver measure(nullptr);
    heap_.layout(measure, 2 * kMaxAllocations + 1);
    books_ = std::make_unique<Line[]>(measure.used_bytes() / sizeof(Line) + 1);
    Carver carver(books_.get());
    heap_.layout(carver, 2 * kMaxAllocations + 1);
    base_ = (block_.address() + kGranule - 1) / kGranule * kGranule;
    size_bytes_ = size_bytes / kGranule * kGranule;
    heap_.reset(base_, size_bytes_);
    return PTO_OK;
}

uint64_t OnboardMemory::allocate(uint64_t size_bytes)
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

void OnboardMemory::release(uint64_t address)
{
    const std::lock_guard lock(mutex_);
    const auto found = blocks_.find(address);
    if (found == blocks_.end())
        return;
    heap_.release(found->second);
    blocks_.erase(found);
}

bool OnboardMemory::is_full() const
{
    const std::lock_guard lock(mutex_);
    return blocks_.size() == kMaxAllocations;
}

} // namespace pto::inline PTO_ARCH::onboard
