// SPDX-License-Identifier: Apache-2.0
#include "host/prepared_callable.h"

#include "engine/wire/args_image.h"

#include <cstdio>
#include <cstring>

namespace pto::host {
namespace {

/// Puts the culprit before the message: "kernel 3 'add': ...".
void blame_kernel(DeviceFailure *failure, const pto_kernel &kernel)
{
    const DeviceFailure cause = *failure;
    std::snprintf(failure->message, sizeof failure->message, "kernel %u '%s': %.110s", kernel.func_id,
                  kernel.name == nullptr ? "" : kernel.name, cause.message);
}

void blame_orchestration(DeviceFailure *failure, const char *entry)
{
    const DeviceFailure cause = *failure;
    std::snprintf(failure->message, sizeof failure->message, "orchestration '%s': %.110s", entry, cause.message);
}

} // namespace

PreparedCallable::PreparedCallable(Allocator &allocator, const DeviceInterface &device, Device *handle)
    : device_(device), handle_(handle), kernels_(&allocator), tensors_(&allocator), kernel_table_(device, handle),
      args_(device, handle)
{
}

PreparedCallable::~PreparedCallable()
{
    if (loaded_id_ >= 0)
        device_.orch_unload(handle_, loaded_id_);
}

pto_status PreparedCallable::set_up(int32_t callable_id, const pto_callable &callable, ImageStore &images,
                                    DeviceFailure *failure)
{
    set_up_params(callable);
    const std::size_t args_bytes = wire::args_image_bytes(static_cast<uint32_t>(tensors_.size()), scalar_count_);
    pto_status status = args_.grow(args_bytes, failure);
    if (status == PTO_OK)
        status = set_up_kernels(callable, images, failure);
    if (status == PTO_OK)
        status = set_up_orchestration(callable_id, callable, images, failure);
    return status;
}

void PreparedCallable::set_up_params(const pto_callable &callable)
{
    auto *memory = tensors_.get_allocator().resource();
    for (uint32_t i = 0; i < callable.param_count; i++) {
        const pto_param &param = callable.params[i];
        if (param.direction == PTO_SCALAR_ARG) {
            scalar_count_++;
            continue;
        }
        tensors_.push_back({param.direction, param.dtype, param.ndims,
                            std::pmr::string(param.name == nullptr ? "" : param.name, memory),
                            DeviceBuffer(device_, handle_)});
    }
}

pto_status PreparedCallable::set_up_kernels(const pto_callable &callable, ImageStore &images, DeviceFailure *failure)
{
    auto *memory = kernels_.get_allocator().resource();
    for (uint32_t i = 0; i < callable.kernel_count; i++) {
        const uint32_t func_id = callable.kernels[i].func_id;
        kernel_count_ = func_id + 1 > kernel_count_ ? func_id + 1 : kernel_count_;
    }
    std::pmr::vector<wire::KernelEntry> table(kernel_count_, wire::KernelEntry{}, memory);
    for (uint32_t i = 0; i < callable.kernel_count; i++) {
        const pto_kernel &kernel = callable.kernels[i];
        ImageStore::Ref image;
        const pto_status status =
            images.acquire(ImageStore::Kind::kKernel, kernel.image, kernel.image_bytes, &image, failure);
        if (status != PTO_OK) {
            blame_kernel(failure, kernel);
            return status;
        }
        table[kernel.func_id] = {image->kernel.entry, kernel.core_type, 0};
        kernels_.push_back(
            {kernel.func_id, std::pmr::string(kernel.name == nullptr ? "" : kernel.name, memory), std::move(image)});
    }
    if (kernel_count_ == 0)
        return PTO_OK;
    const std::size_t table_bytes = table.size() * sizeof(wire::KernelEntry);
    pto_status status = kernel_table_.grow(table_bytes, failure);
    if (status != PTO_OK)
        return status;
    status = device_.copy_to(handle_, kernel_table_.address(), table.data(), table_bytes);
    if (status != PTO_OK)
        std::snprintf(failure->message, sizeof failure->message, "the copy of the kernel table failed");
    return status;
}

pto_status PreparedCallable::set_up_orchestration(int32_t callable_id, const pto_callable &callable, ImageStore &images,
                                                  DeviceFailure *failure)
{
    pto_status status = images.acquire(ImageStore::Kind::kOrchestration, callable.orch_image, callable.orch_image_bytes,
                                       &orch_, failure);
    if (status != PTO_OK) {
        blame_orchestration(failure, callable.orch_entry);
        return status;
    }
    const DeviceOrch orch{callable_id,         static_cast<uint32_t>(tensors_.size()),
                          scalar_count_,       orch_->address,
                          orch_->bytes.size(), callable.orch_entry};
    status = device_.orch_load(handle_, orch, failure);
    if (status == PTO_OK)
        loaded_id_ = callable_id;
    else
        blame_orchestration(failure, callable.orch_entry);
    return status;
}

const char *PreparedCallable::kernel_name(int32_t func_id) const
{
    for (const NamedKernel &kernel : kernels_)
        if (func_id >= 0 && kernel.func_id == static_cast<uint32_t>(func_id))
            return kernel.name.c_str();
    return "";
}

uint64_t PreparedCallable::staging_bytes() const
{
    uint64_t sum = 0;
    for (const Param &param : tensors_)
        sum += param.staging.capacity_bytes();
    return sum;
}

} // namespace pto::host
