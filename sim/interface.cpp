// SPDX-License-Identifier: Apache-2.0
// The simulated chip behind the device interface.
#include "sim/interface.h"

#include "engine/base/memory.h"
#include "posix/image_loader.h"
#include "sim/chip.h"

#include <cstdio>

namespace pto::inline PTO_ARCH::sim {
namespace {

// Of addresses: pages are there when they are touched.
constexpr uint64_t kDefaultMemoryBytes = uint64_t{16} << 30;
constexpr uint64_t kDefaultHeapBytes = uint64_t{4} << 30;

pto_status mem_alloc(host::Device *device, uint64_t size_bytes, uint64_t *out_address, host::DeviceFailure *failure)
{
    DeviceMemory &memory = Chip::of(device).memory();
    *out_address = memory.allocate(size_bytes);
    return *out_address != 0 ? PTO_OK : memory.explain(size_bytes, failure);
}

void mem_free(host::Device *device, uint64_t address)
{
    Chip::of(device).memory().release(address);
}

pto_status mem_zero(host::Device *device, uint64_t address, uint64_t size_bytes, host::DeviceFailure *)
{
    Chip::of(device).memory().clear(address, size_bytes);
    return PTO_OK;
}

pto_status copy_to(host::Device *, uint64_t destination, const void *source, std::size_t size, host::DeviceFailure *)
{
    memcpy(reinterpret_cast<void *>(destination), source, size);
    return PTO_OK;
}

pto_status copy_from(host::Device *, void *destination, uint64_t source, std::size_t size, host::DeviceFailure *)
{
    memcpy(destination, reinterpret_cast<const void *>(source), size);
    return PTO_OK;
}

bool owns_address(const host::Device *device, uint64_t address)
{
    return Chip::of(device).memory().contains(address);
}

pto_status kernel_load(host::Device *, const void *image, std::size_t size, host::DeviceKernel *out,
                       host::DeviceFailure *failure)
{
    pto::posix::LoadedImage loaded{};
    const pto_status status = pto::posix::load_image(image, size, &loaded, failure->message, sizeof failure->message);
    failure->raw = loaded.problem;
    if (status != PTO_OK)
        return status;
    pto::posix::SymbolKind kind{};
    const void *entry = pto::posix::find_symbol(loaded, "kernel_entry", &kind);
    if (entry == nullptr || kind != pto::posix::SymbolKind::kFunction) {
        pto::posix::unload_image(loaded);
        std::snprintf(failure->message, sizeof failure->message,
                      entry == nullptr ? "the image has no symbol 'kernel_entry'"
                                       : "the symbol 'kernel_entry' is not a function");
        return PTO_ERROR_MISSING_ENTRY;
    }
    *out = {reinterpret_cast<uint64_t>(entry), loaded.handle};
    return PTO_OK;
}

void kernel_unload(host::Device *, const host::DeviceKernel &kernel)
{
    pto::posix::unload_image({kernel.handle});
}

pto_status orch_load(host::Device *device, const host::DeviceOrch &orch, host::DeviceFailure *failure)
{
    const aicpu::OrchImage image{orch.callable_id, orch.promise, reinterpret_cast<const void *>(orch.image),
                                 orch.image_bytes};
    const pto_status status = Chip::of(device).orchs().load(image, failure->message, sizeof failure->message);
    if (status == PTO_ERROR_SYSTEM)
        failure->raw = Chip::of(device).load_problem();
    return status;
}

void orch_unload(host::Device *device, int32_t callable_id)
{
    Chip::of(device).orchs().unload(callable_id);
}

uint64_t orch_loads(const host::Device *device)
{
    return Chip::of(const_cast<host::Device *>(device)).orchs().loads();
}

void layout(const host::Device *device, host::DeviceLayout *out)
{
    *out = Chip::of(device).layout();
}

void run(host::Device *device, const wire::LaunchBlock &launch, wire::ReportBlock *report)
{
    Chip::of(device).run(launch, report);
}

bool is_healthy(const host::Device *device)
{
    return Chip::of(device).is_healthy();
}

} // namespace

const host::DeviceInterface *device_interface()
{
    static constexpr host::DeviceInterface kInterface = {
        .target = "sim",
        .arch = kArch.name,
        .max_clusters = kMaxClusters,
        .max_devices = 64,
        .max_memory_bytes = uint64_t{UINT32_MAX} * engine::Heap::kGranuleBytes,
        .has_shared_addresses = true,
        .default_memory_bytes = kDefaultMemoryBytes,
        .default_heap_bytes = kDefaultHeapBytes,
        .open = Chip::open,
        .close = Chip::close,
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

} // namespace pto::inline PTO_ARCH::sim
