// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_STAGING_SET_H
#define PTO_HOST_STAGING_SET_H

#include "engine/base/atomics.h"
#include "engine/wire/args_image.h"
#include "host/allocator.h"
#include "host/device_buffer.h"

#include <vector>

namespace pto::host {

/// Where the host tensors and the arguments of one run are on the device. Buffers stay for the next run. Belongs to the
/// run that has taken it; only `tensor_bytes` is for everybody.
class StagingSet {
public:
    StagingSet(Allocator &allocator, const DeviceInterface &device, Device *handle);
    StagingSet(const StagingSet &) = delete;
    StagingSet &operator=(const StagingSet &) = delete;

    /// Gets the host memory that runs with this signature need, so that they get none themselves.
    void set_up(uint32_t tensor_count, uint32_t scalar_count);

    /// Device memory for the args image, and for tensor number `index`. Their content is lost if they grow.
    pto_status reserve_args(DeviceFailure *failure);
    pto_status reserve_tensor(uint32_t index, uint64_t size_bytes, DeviceFailure *failure);
    /// Gives all device memory back.
    void reset();

    /// Where the args image is put together, and where it then goes.
    void *args_scratch() { return scratch_.data(); }
    uint64_t args_address() const { return args_.address(); }
    uint64_t tensor_address(uint32_t index) const { return tensors_[index].address(); }
    uint64_t tensor_bytes() const { return load_relaxed(tensor_bytes_); }

    bool is_taken = false; ///< The context's lock guards it.

private:
    pto_status grow(DeviceBuffer &buffer, uint64_t size_bytes, DeviceFailure *failure);

    const DeviceInterface &device_;
    Device *handle_;
    std::size_t args_bytes_ = 0;
    std::pmr::vector<wire::ArgsHeader> scratch_; ///< In units of its alignment.
    std::pmr::vector<DeviceBuffer> tensors_;
    DeviceBuffer args_;
    std::atomic<uint64_t> tensor_bytes_{0}; ///< Written by whoever has taken the set.
};

} // namespace pto::host

#endif
