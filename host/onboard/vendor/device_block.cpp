// SPDX-License-Identifier: Apache-2.0
#include "host/onboard/vendor/device_block.h"

namespace pto::vendor {

pto_status DeviceBlock::allocate(uint64_t size_bytes, host::DeviceFailure *failure)
{
    return session_.check("aclrtMalloc", session_.f.aclrtMalloc(&address_, size_bytes, kHugeFirst), failure);
}

pto_status DeviceBlock::upload(const void *content, std::size_t size_bytes, host::DeviceFailure *failure)
{
    const pto_status status = allocate(size_bytes, failure);
    if (status != PTO_OK)
        return status;
    return session_.check("aclrtMemcpy", session_.f.aclrtMemcpy(address_, size_bytes, content, size_bytes, kToDevice),
                          failure);
}

void DeviceBlock::reset()
{
    if (address_ != nullptr && session_.is_usable())
        session_.note("aclrtFree", session_.f.aclrtFree(address_));
    address_ = nullptr;
}

} // namespace pto::vendor
