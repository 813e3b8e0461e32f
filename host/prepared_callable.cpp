// SPDX-License-Identifier: Apache-2.0
#include "host/prepared_callable.h"

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
    : allocator_(allocator), device_(device), handle_(handle), table_(&allocator), kernels_(&allocator),
      tensors_(&allocator), kernel_table_(device, handle), sets_{{{allocator, device, handle},
                                                                  {allocator, device, handle},
                                                                  {allocator, device, handle},
                                                                  {allocator, device, handle}}}
{
}

PreparedCallable::~PreparedCallable()
{
    if (loaded_id_ >= 0)
        device_.orch_unload(handle_, loaded_id_);
    if (host_ != nullptr)
        allocator_.destroy(host_);
}

pto_status PreparedCallable::set_up(int32_t callable_id, const pto_callable &callable, ImageStore &images,
                                    const GraphRecorder *recorder, DeviceFailure *failure)
{
    set_up_params(callable);
    for (StagingSet &set : sets_)
        set.set_up(static_cast<uint32_t>(tensors_.size()), scalar_count_);
    pto_status status = sets_[0].reserve_args(failure);
    if (status == PTO_OK)
        status = set_up_kernels(callable, images, failure);
    if (status == PTO_OK)
        status = recorder == nullptr ? set_up_orchestration(callable_id, callable, images, failure)
                                     : set_up_on_host(callable_id, callable, *recorder, failure);
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
                            std::pmr::string(param.name == nullptr ? "" : param.name, memory)});
    }
}

pto_status PreparedCallable::set_up_kernels(const pto_callable &callable, ImageStore &images, DeviceFailure *failure)
{
    auto *memory = kernels_.get_allocator().resource();
    for (uint32_t i = 0; i < callable.kernel_count; i++) {
        const uint32_t func_id = callable.kernels[i].func_id;
        kernel_count_ = func_id + 1 > kernel_count_ ? func_id + 1 : kernel_count_;
    }
    table_.assign(kernel_count_, wire::KernelEntry{});
    for (uint32_t i = 0; i < callable.kernel_count; i++) {
        const pto_kernel &kernel = callable.kernels[i];
        ImageStore::Ref image;
        const pto_status status =
            images.acquire(ImageStore::Kind::kKernel, kernel.image, kernel.image_bytes, &image, failure);
        if (status != PTO_OK) {
            blame_kernel(failure, kernel);
            return status;
        }
        table_[kernel.func_id] = {image->kernel.entry, wire::core_type_mask(kernel.core_type), 0};
        kernels_.push_back(
            {kernel.func_id, std::pmr::string(kernel.name == nullptr ? "" : kernel.name, memory), std::move(image)});
    }
    if (kernel_count_ == 0)
        return PTO_OK;
    const std::size_t table_bytes = table_.size() * sizeof(wire::KernelEntry);
    pto_status status = kernel_table_.grow(table_bytes, failure);
    if (status != PTO_OK)
        return status;
    status = device_.copy_to(handle_, kernel_table_.address(), table_.data(), table_bytes, failure);
    if (status != PTO_OK)
        blame(failure, "the copy of the kernel table failed");
    return status;
}

OrchPromise PreparedCallable::promise_of(const pto_callable &callable) const
{
    return {callable.orch_entry, callable.orch_config, static_cast<uint32_t>(tensors_.size()), scalar_count_};
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
    const DeviceOrch orch{callable_id, promise_of(callable), orch_->address, orch_->bytes.size()};
    status = device_.orch_load(handle_, orch, failure);
    if (status == PTO_OK)
        loaded_id_ = callable_id;
    else
        blame_orchestration(failure, callable.orch_entry);
    return status;
}

pto_status PreparedCallable::set_up_on_host(int32_t callable_id, const pto_callable &callable,
                                            const GraphRecorder &recorder, DeviceFailure *failure)
{
    host_ = allocator_.create<HostOrchestration>(allocator_, device_, handle_, callable.graph_limit);
    const DeviceOrch orch{callable_id, promise_of(callable), 0, callable.orch_image_bytes};
    const pto_status status = host_->load(orch, callable.orch_image, recorder, failure);
    if (status == PTO_OK)
        host_->set_kernels(std::move(table_));
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
    for (const StagingSet &set : sets_)
        sum += set.tensor_bytes();
    return sum;
}

StagingSet *PreparedCallable::take_set()
{
    for (StagingSet &set : sets_) {
        if (set.is_taken)
            continue;
        set.is_taken = true;
        return &set;
    }
    return nullptr;
}

uint32_t PreparedCallable::taken_sets() const
{
    uint32_t count = 0;
    for (const StagingSet &set : sets_)
        count += set.is_taken ? 1 : 0;
    return count;
}

bool PreparedCallable::trim_sets()
{
    bool has_trimmed = false;
    for (uint32_t i = 1; i < kStagingSets; i++) {
        if (sets_[i].is_taken || sets_[i].args_address() == 0)
            continue;
        sets_[i].reset();
        has_trimmed = true;
    }
    return has_trimmed;
}

} // namespace pto::host
