// SPDX-License-Identifier: Apache-2.0
#include "wrapped_device.hpp"

#include <cstdio>
#include <cstring>
#include <mutex>
#include <set>

namespace pto::test {
namespace {

using host::Device;
using host::DeviceConfig;
using host::DeviceFailure;
using host::DeviceInterface;
using host::DeviceKernel;
using host::DeviceOrch;

const DeviceInterface *real = nullptr;
DeviceInterface wrapped;
const DeviceInterface *const kList[] = {&wrapped};

std::mutex mutex;
DeviceBooks books;
std::multiset<uint64_t> blocks;
std::multiset<void *> kernels;
std::multiset<std::pair<Device *, int32_t>> orchestrations;
std::string last_names;
uint64_t until_failure = 0;
DeviceCall last_failure = DeviceCall::kCount;

/// Counts the call; whether it has to fail.
bool fails(DeviceCall call, DeviceFailure *failure)
{
    const std::lock_guard lock(mutex);
    books.calls[static_cast<uint32_t>(call)]++;
    if (until_failure == 0 || --until_failure > 0)
        return false;
    last_failure = call;
    failure->raw = 507018;
    std::snprintf(failure->message, sizeof failure->message, "the test lets %s fail", device_call_name(call));
    return true;
}

template <class Set, class Key> void give_back(Set *set, const Key &key)
{
    const auto found = set->find(key);
    if (found != set->end())
        set->erase(found);
    else
        books.mistakes++;
}

pto_status open(const DeviceConfig &config, Device **out, DeviceFailure *failure)
{
    if (fails(DeviceCall::kOpen, failure))
        return PTO_ERROR_SYSTEM;
    const pto_status status = real->open(config, out, failure);
    const std::lock_guard lock(mutex);
    books.devices += status == PTO_OK ? 1 : 0;
    return status;
}

void close(Device *device)
{
    real->close(device);
    const std::lock_guard lock(mutex);
    books.devices--;
}

pto_status mem_alloc(Device *device, uint64_t size, uint64_t *out_address, DeviceFailure *failure)
{
    if (fails(DeviceCall::kMemAlloc, failure))
        return PTO_ERROR_OUT_OF_DEVICE_MEMORY;
    const pto_status status = real->mem_alloc(device, size, out_address, failure);
    const std::lock_guard lock(mutex);
    if (status == PTO_OK)
        blocks.insert(*out_address);
    return status;
}

void mem_free(Device *device, uint64_t address)
{
    {
        const std::lock_guard lock(mutex);
        give_back(&blocks, address);
    }
    real->mem_free(device, address);
}

pto_status copy_to(Device *device, uint64_t destination, const void *source, std::size_t size, DeviceFailure *failure)
{
    return fails(DeviceCall::kCopyTo, failure) ? pto_status{PTO_ERROR_SYSTEM}
                                               : real->copy_to(device, destination, source, size, failure);
}

pto_status copy_from(Device *device, void *destination, uint64_t source, std::size_t size, DeviceFailure *failure)
{
    return fails(DeviceCall::kCopyFrom, failure) ? pto_status{PTO_ERROR_SYSTEM}
                                                 : real->copy_from(device, destination, source, size, failure);
}

pto_status kernel_load(Device *device, const void *image, std::size_t size, DeviceKernel *out, DeviceFailure *failure)
{
    if (fails(DeviceCall::kKernelLoad, failure))
        return PTO_ERROR_LOAD_FAILED;
    const pto_status status = real->kernel_load(device, image, size, out, failure);
    const std::lock_guard lock(mutex);
    if (status == PTO_OK)
        kernels.insert(out->handle);
    return status;
}

void kernel_unload(Device *device, const DeviceKernel &kernel)
{
    {
        const std::lock_guard lock(mutex);
        give_back(&kernels, kernel.handle);
        books.unloads++;
    }
    real->kernel_unload(device, kernel);
}

pto_status orch_load(Device *device, const DeviceOrch &orch, DeviceFailure *failure)
{
    if (fails(DeviceCall::kOrchLoad, failure))
        return PTO_ERROR_LOAD_FAILED;
    const pto_status status = real->orch_load(device, orch, failure);
    const std::lock_guard lock(mutex);
    last_names = std::string(orch.promise.entry) + "/" + (orch.promise.config == nullptr ? "-" : orch.promise.config);
    if (status == PTO_OK)
        orchestrations.insert({device, orch.callable_id});
    return status;
}

void orch_unload(Device *device, int32_t callable_id)
{
    {
        const std::lock_guard lock(mutex);
        give_back(&orchestrations, std::pair(device, callable_id));
        books.unloads++;
    }
    real->orch_unload(device, callable_id);
}

} // namespace

const char *device_call_name(DeviceCall call)
{
    static const char *const kNames[] = {"open", "mem_alloc", "copy_to", "copy_from", "kernel_load", "orch_load"};
    return call == DeviceCall::kCount ? "nothing" : kNames[static_cast<uint32_t>(call)];
}

DeviceBooks device_books()
{
    const std::lock_guard lock(mutex);
    DeviceBooks now = books;
    now.blocks = blocks.size();
    now.kernels = kernels.size();
    now.orchestrations = orchestrations.size();
    return now;
}

void fail_device_call(uint64_t number)
{
    const std::lock_guard lock(mutex);
    until_failure = number;
}

DeviceCall failed_call()
{
    const std::lock_guard lock(mutex);
    return last_failure;
}

std::string names_of_last_orchestration()
{
    const std::lock_guard lock(mutex);
    return last_names;
}

void wrap_device_of(const char *arch)
{
    const host::DeviceList list = host::real_device_list();
    for (std::size_t i = 0; i < list.count; i++)
        if (std::strcmp(list.begin[i]->arch, arch) == 0 && std::strcmp(list.begin[i]->target, "sim") == 0)
            real = list.begin[i];
    // Functions that cannot fail stay the device's own.
    wrapped = *real;
    wrapped.open = open;
    wrapped.close = close;
    wrapped.mem_alloc = mem_alloc;
    wrapped.mem_free = mem_free;
    wrapped.copy_to = copy_to;
    wrapped.copy_from = copy_from;
    wrapped.kernel_load = kernel_load;
    wrapped.kernel_unload = kernel_unload;
    wrapped.orch_load = orch_load;
    wrapped.orch_unload = orch_unload;
}

} // namespace pto::test

namespace pto::host {

DeviceList device_list()
{
    return {pto::test::kList, 1};
}

} // namespace pto::host
