// SPDX-License-Identifier: Apache-2.0
#include "host/staging_set.h"

#include <cstdio>

namespace pto::host {

StagingSet::StagingSet(Allocator &allocator, const DeviceInterface &device, Device *handle)
    : device_(device), handle_(handle), scratch_(&allocator), tensors_(&allocator), args_(device, handle)
{
}

void StagingSet::set_up(uint32_t tensor_count, uint32_t scalar_count)
{
    args_bytes_ = wire::args_image_bytes(tensor_count, scalar_count);
    scratch_.resize((args_bytes_ + sizeof(wire::ArgsHeader) - 1) / sizeof(wire::ArgsHeader));
    tensors_.reserve(tensor_count);
    for (uint32_t i = 0; i < tensor_count; i++)
        tensors_.emplace_back(device_, handle_);
}

/// Devices may keep books in host memory. A run that waits for its turn has nobody to catch what they throw.
pto_status StagingSet::grow(DeviceBuffer &buffer, uint64_t size_bytes, DeviceFailure *failure)
{
    try {
        return buffer.grow(size_bytes, failure);
    } catch (const std::bad_alloc &) {
        std::snprintf(failure->message, sizeof failure->message, "host memory ran out");
        return PTO_ERROR_OUT_OF_HOST_MEMORY;
    }
}

pto_status StagingSet::reserve_args(DeviceFailure *failure)
{
    return grow(args_, args_bytes_, failure);
}

pto_status StagingSet::reserve_tensor(uint32_t index, uint64_t size_bytes, DeviceFailure *failure)
{
    const uint64_t before = tensors_[index].capacity_bytes();
    const pto_status status = grow(tensors_[index], size_bytes, failure);
    store_relaxed(tensor_bytes_, tensor_bytes() + tensors_[index].capacity_bytes() - before);
    return status;
}

void StagingSet::reset()
{
    for (DeviceBuffer &buffer : tensors_)
        buffer.reset();
    args_.reset();
    store_relaxed(tensor_bytes_, uint64_t{0});
}

} // namespace pto::host
