// SPDX-License-Identifier: Apache-2.0
#include "host/onboard/onboard_memory.h"

namespace pto::inline PTO_ARCH::onboard {

pto_status OnboardMemory::reserve(uint64_t size_bytes, host::DeviceFailure *failure)
{
    constexpr uint64_t kGranule = engine::Heap::kGranuleBytes;
    const pto_status status = block_.allocate(size_bytes + kGranule, failure); // the vendor aligns to less
    if (status != PTO_OK)
        return status;
    books_ = std::make_unique<Line[]>(books_bytes() / sizeof(Line) + 1);
    set_up(books_.get(), (block_.address() + kGranule - 1) / kGranule * kGranule, size_bytes / kGranule * kGranule);
    return PTO_OK;
}

} // namespace pto::inline PTO_ARCH::onboard
