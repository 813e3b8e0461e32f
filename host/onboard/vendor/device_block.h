// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_ONBOARD_VENDOR_DEVICE_BLOCK_H
#define PTO_HOST_ONBOARD_VENDOR_DEVICE_BLOCK_H

#include "host/onboard/vendor/vendor_session.h"

namespace pto::vendor {

/// Memory of the device from the vendor. Frees itself, unless the device is not to be used any more: its reset does it.
class DeviceBlock {
public:
    explicit DeviceBlock(Session &session) : session_(session) {}
    ~DeviceBlock() { reset(); }
    DeviceBlock(const DeviceBlock &) = delete;
    DeviceBlock &operator=(const DeviceBlock &) = delete;

    pto_status allocate(uint64_t size_bytes, host::DeviceFailure *failure);
    /// Allocates as much as the content takes, and copies it.
    pto_status upload(const void *content, std::size_t size_bytes, host::DeviceFailure *failure);
    void reset();

    uint64_t address() const { return reinterpret_cast<uint64_t>(address_); }

private:
    Session &session_;
    void *address_ = nullptr;
};

} // namespace pto::vendor

#endif
