// SPDX-License-Identifier: Apache-2.0
// The vendor's devices behind the device interface.
#include "host/onboard/onboard_interface.h"

#include "host/onboard/onboard_device.h"

namespace pto::inline PTO_ARCH::onboard {
namespace {

// Memory is taken from the device when it is opened, not when it is touched.
constexpr uint64_t kDefaultMemoryBytes = uint64_t{3} << 30;
constexpr uint64_t kDefaultHeapBytes = uint64_t{1} << 30;

pto_status mem_alloc(host::Device *device, uint64_t size_bytes, uint64_t *out_address, host::DeviceFailure *failure)
{
    OnboardMemory &memory = OnboardDevice::of(device).memory();
    *out_address = memory.allocate(size_bytes);
    return *out_address != 0 ? PTO_OK : memory.explain(size_bytes, failure);
}

void mem_free(host::Device *device, uint64_t address)
{
    OnboardDevice::of(device).memory().release(address);
}

pto_status mem_zero(host::Device *device, uint64_t address, uint64_t size_bytes, host::DeviceFailure *failure)
{
    return OnboardDevice::of(device).zero(address, size_bytes, failure);
}

pto_status copy_to(host::Device *device, uint64_t destination, const void *source, std::size_t size,
                   host::DeviceFailure *failure)
{
    return OnboardDevice::of(device).copy_to(destination, source, size, failure);
}

pto_status copy_from(host::Device *device, void *destination, uint64_t source, std::size_t size,
                     host::DeviceFailure *failure)
{
    return OnboardDevice::of(device).copy_from(destination, source, size, failure);
}

bool owns_address(const host::Device *device, uint64_t address)
{
    return OnboardDevice::of(device).memory().contains(address);
}

pto_status kernel_load(host::Device *device, const void *image, std::size_t size, host::DeviceKernel *out,
                       host::DeviceFailure *failure)
{
    return OnboardDevice::of(device).load_kernel(image, size, out, failure);
}

void kernel_unload(host::Device *device, const host::DeviceKernel &kernel)
{
    OnboardDevice::of(device).memory().release(reinterpret_cast<uint64_t>(kernel.handle));
}

pto_status orch_load(host::Device *device, const host::DeviceOrch &orch, host::DeviceFailure *failure)
{
    return OnboardDevice::of(device).load_orch(orch, failure);
}

void orch_unload(host::Device *device, int32_t callable_id)
{
    OnboardDevice::of(device).unload_orch(callable_id);
}

uint64_t orch_loads(const host::Device *device)
{
    return OnboardDevice::of(device).orch_loads();
}

void layout(const host::Device *device, host::DeviceLayout *out)
{
    *out = OnboardDevice::of(device).layout();
}

void run(host::Device *device, const wire::LaunchBlock &launch, wire::ReportBlock *report)
{
    OnboardDevice::of(device).run(launch, report);
}

bool is_healthy(const host::Device *device)
{
    return OnboardDevice::of(device).is_healthy();
}

} // namespace

const host::DeviceInterface *device_interface()
{
    static constexpr host::DeviceInterface kInterface = {
        .target = "onboard",
        .arch = kArch.name,
        .max_clusters = kMaxClusters,
        .max_devices = 64,
        .max_memory_bytes = uint64_t{UINT32_MAX} * engine::Heap::kGranuleBytes,
        .has_shared_addresses = false, // windows of peers are not mapped
        .default_memory_bytes = kDefaultMemoryBytes,
        .default_heap_bytes = kDefaultHeapBytes,
        .open = OnboardDevice::open,
        .close = OnboardDevice::close,
        .mem_alloc = mem_alloc,
        .mem_free = mem_free,
        .mem_zero = mem_zero,
        .copy_to = copy_to,
        .copy_from = copy_from,
        .owns_address = owns_address,
        .kernel_load = kernel_load,
        .kernel_unload = kernel_unload,
        .orch_load = orch_load,
        .orch_unload = orch_unload,
        .orch_loads = orch_loads,
        .layout = layout,
        .run = run,
        .is_healthy = is_healthy,
    };
    return &kInterface;
}

} // namespace pto::inline PTO_ARCH::onboard
