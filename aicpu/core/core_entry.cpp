// SPDX-License-Identifier: Apache-2.0
// Where the cores of a launch begin: one entry per core type, under names that say so to the vendor's runtime.
#include "aicpu/core/core_intrinsics.h"
#include "aicpu/core/core_loop.h"
#include "engine/wire/onboard_blocks.h"

namespace pto::inline PTO_ARCH::aicpu {
namespace {

constexpr uint64_t kLineBytes = 64;

/// Calls `what` for each line of a range.
void for_lines(const void *address, uint64_t size_bytes, void (*what)(const void *))
{
    const uint64_t end = reinterpret_cast<uint64_t>(address) + size_bytes;
    for (uint64_t line = reinterpret_cast<uint64_t>(address) & ~(kLineBytes - 1); line < end; line += kLineBytes)
        what(reinterpret_cast<const void *>(line));
    pto_core_barrier();
}

pto_core_port port_of(uint32_t index, uint32_t core_type)
{
    pto_core_port port{};
    port.struct_size = sizeof port;
    port.index = index;
    port.physical_id = pto_core_physical_id();
    port.core_type = core_type;
    port.read_command = [](void *) { return pto_core_read_command(); };
    port.write_condition = [](void *, uint32_t value) {
        pto_core_barrier();
        pto_core_write_condition(value);
    };
    port.clean = [](void *, const void *address, uint64_t size_bytes) {
        for_lines(address, size_bytes, pto_core_clean_line);
    };
    port.invalidate = [](void *, const void *address, uint64_t size_bytes) {
        for_lines(address, size_bytes, pto_core_invalidate_line);
    };
    port.relax = [](void *, uint32_t round) { pto_core_relax(round); };
    port.call = [](void *, void (*entry)(int64_t *), int64_t *args) {
        entry(args);
        pto_core_barrier();
        pto_core_clean_all();
    };
    return port;
}

void enter(uint64_t launch_address, uint32_t lane, uint32_t core_type)
{
    const auto *launch = reinterpret_cast<const wire::CoreLaunchBlock *>(launch_address);
    for_lines(launch, sizeof *launch, pto_core_invalidate_line);
    const uint32_t block = pto_core_block_index();
    if (block >= launch->cluster_count)
        return; // More were launched than are used.
    const uint32_t index = kCoresPerCluster * block + lane;
    run_core(port_of(index, core_type), reinterpret_cast<pto_core_line *>(launch->core_lines)[index]);
}

} // namespace
} // namespace pto::inline PTO_ARCH::aicpu

#define PTO_CORE_JOIN(arch, type)    pto_core_##arch##_0_mix_##type
#define PTO_CORE_NAME_OF(arch, type) PTO_CORE_JOIN(arch, type)

PTO_CORE_ENTRY void PTO_CORE_NAME_OF(PTO_ARCH, aic)(uint64_t launch)
{
    pto::aicpu::enter(launch, 0, PTO_CORE_AIC);
}

PTO_CORE_ENTRY void PTO_CORE_NAME_OF(PTO_ARCH, aiv)(uint64_t launch)
{
    pto::aicpu::enter(launch, 1 + pto_core_sub_block(), PTO_CORE_AIV);
}
