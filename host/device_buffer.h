// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_DEVICE_BUFFER_H
#define PTO_HOST_DEVICE_BUFFER_H

#include "host/device.h"

namespace pto::host {

/// A block of device memory that frees itself.
class DeviceBuffer {
public:
    DeviceBuffer(const DeviceInterface &device, Device *handle) : device_(&device), handle_(handle) {}
    DeviceBuffer(DeviceBuffer &&other) noexcept
        : device_(other.device_), handle_(other.handle_), address_(other.address_), capacity_(other.capacity_)
    {
        other.address_ = 0;
        other.capacity_ = 0;
    }
    DeviceBuffer &operator=(DeviceBuffer &&) = delete;
    ~DeviceBuffer() { reset(); }

    /// Makes the block at least this large; its content is lost when it has to move.
    pto_status grow(uint64_t size_bytes, DeviceFailure *failure)
    {
        if (size_bytes <= capacity_)
            return PTO_OK;
        uint64_t address = 0;
        const pto_status status = device_->mem_alloc(handle_, size_bytes, &address, failure);
        if (status != PTO_OK)
            return status;
        reset();
        address_ = address;
        capacity_ = size_bytes;
        return PTO_OK;
    }

    void reset()
    {
        if (address_ != 0)
            device_->mem_free(handle_, address_);
        address_ = 0;
        capacity_ = 0;
    }

    uint64_t address() const { return address_; }
    uint64_t capacity_bytes() const { return capacity_; }

private:
    const DeviceInterface *device_;
    Device *handle_;
    uint64_t address_ = 0;
    uint64_t capacity_ = 0;
};

} // namespace pto::host

#endif
