// SPDX-License-Identifier: Apache-2.0
// The functions of standin.h.
#include "standin.h"

#include "standin_device.hpp"
#include "vendor_names.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <sys/mman.h>

#define STANDIN_PUBLIC extern "C" __attribute__((visibility("default")))

using namespace standin;

namespace {

#define STANDIN_QUOTE(name) #name,
const char *const kNames[] = {STANDIN_NAMES_ascendcl(STANDIN_QUOTE) STANDIN_NAMES_runtime(STANDIN_QUOTE)
                                  STANDIN_NAMES_ascend_hal(STANDIN_QUOTE) STANDIN_NAMES_hcomm(STANDIN_QUOTE)
                                      STANDIN_NAMES_drvdsmi_host(STANDIN_QUOTE)
                                          STANDIN_NAMES_unified_dlog(STANDIN_QUOTE) STANDIN_NAMES_opapi(STANDIN_QUOTE)
                                              STANDIN_NAMES_nnopbase(STANDIN_QUOTE)};

/// Where device memory is in its own processes nothing may be here.
bool close_host_range()
{
    static const bool is_closed = [] {
        const uint64_t bytes = kMaxDevices * kMemoryStride;
        void *const wanted = reinterpret_cast<void *>(kMemoryBase);
        void *const got =
            mmap(wanted, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
        if (got != MAP_FAILED && got != wanted)
            munmap(got, bytes);
        return got == wanted;
    }();
    return is_closed;
}

[[maybe_unused]] const bool range_was_closed = close_host_range();

/// Where mount namespaces are not allowed, files of the control CPUs are on this machine's own root. The launcher has
/// them removed when this process ends.
void remove_root_folder()
{
    if (!world().root_folder_is_ours)
        return;
    std::error_code ignored;
    std::filesystem::remove_all("/usr/lib64/aicpu_kernels", ignored);
    world().root_folder_is_ours = false;
}

void close_all(std::unique_lock<std::mutex> &lock)
{
    const auto devices = world().devices;
    for (const auto &[id, device] : devices)
        if (device->is_open())
            device->close(lock, false);
    world().devices.clear();
}

} // namespace

STANDIN_PUBLIC int standin_reset(const char *arch)
{
    std::unique_lock lock(world().mutex);
    World &all = world();
    if (std::strcmp(arch, "a2a3") != 0 && std::strcmp(arch, "a5") != 0)
        return -1;
    close_all(lock);
    remove_root_folder();
    all.arch = std::strcmp(arch, "a5") == 0 ? Arch::kA5 : Arch::kA2a3;
    all.calls.clear();
    all.totals.clear();
    all.violations.clear();
    all.rules.clear();
    all.registered_digests.clear();
    all.registrations.clear();
    all.is_initialised = all.was_finalised = all.is_held = all.has_visible_list = all.latch_survives = false;
    all.cache_model = all.cpus_are_told = true;
    all.memory_bytes = uint64_t{16} << 30;
    all.op_timeout_us = uint64_t{1800} * 1000 * 1000;
    all.last_fault.clear();
    all.last_error.clear();
    all.changed.notify_all();
    return 0;
}

STANDIN_PUBLIC int standin_visible_devices(const char *list)
{
    const std::lock_guard lock(world().mutex);
    world().has_visible_list = list != nullptr;
    world().visible_list = list != nullptr ? list : "";
    return 0;
}

STANDIN_PUBLIC void standin_memory_bytes(uint64_t bytes)
{
    const std::lock_guard lock(world().mutex);
    world().memory_bytes = std::min<uint64_t>(bytes, uint64_t{32} << 30) / 4096 * 4096;
}

// ---- what happened

STANDIN_PUBLIC uint64_t standin_calls(const char *name)
{
    const std::lock_guard lock(world().mutex);
    const auto found = world().calls.find(name);
    return found == world().calls.end() ? 0 : found->second;
}

STANDIN_PUBLIC int64_t standin_count(const char *what)
{
    const std::lock_guard lock(world().mutex);
    World &all = world();
    const std::string name = what;
    int64_t devices = 0;
    int64_t allocations = 0;
    int64_t bytes = 0;
    int64_t processes = 0;
    for (const auto &[id, device] : all.devices) {
        allocations += static_cast<int64_t>(device->allocation_count());
        bytes += static_cast<int64_t>(device->allocated_bytes());
        devices += device->is_open() ? 1 : 0;
        if (device->is_open())
            processes += (device->control().is_alive() ? 1 : 0) + (device->cores().is_alive() ? 1 : 0);
    }
    const std::pair<const char *, int64_t> live[] = {
        {"allocations", allocations},
        {"allocated bytes", bytes},
        {"streams", static_cast<int64_t>(all.streams.size())},
        {"binaries", static_cast<int64_t>(all.binaries.size())},
        {"registrations", static_cast<int64_t>(all.registrations.size())},
        {"processes", processes},
        {"devices", devices},
    };
    for (const auto &[key, value] : live)
        if (name == key)
            return value;
    for (const char *total :
         {"leaked", "bootstraps", "latched bootstraps", "launches", "launched threads", "questions about CPUs",
          "core launches", "stale pages", "refreshed pages", "snapshots refused"})
        if (name == total)
            return all.totals[name];
    return -1;
}

STANDIN_PUBLIC uint32_t standin_violation_count(void)
{
    const std::lock_guard lock(world().mutex);
    return static_cast<uint32_t>(world().violations.size());
}

STANDIN_PUBLIC const char *standin_violation(uint32_t n)
{
    const std::lock_guard lock(world().mutex);
    return n < world().violations.size() ? world().violations[n].c_str() : nullptr;
}

STANDIN_PUBLIC const char *standin_last_fault(void)
{
    static std::string copy;
    const std::lock_guard lock(world().mutex);
    copy = world().last_fault;
    return copy.c_str();
}

STANDIN_PUBLIC int standin_host_range_is_closed(void)
{
    return close_host_range() ? 1 : 0;
}

STANDIN_PUBLIC int standin_process_id(uint32_t id, uint32_t which)
{
    const std::lock_guard lock(world().mutex);
    const auto device = find_device(id);
    if (device == nullptr || !device->is_open())
        return 0;
    DeviceLink &link = which == 0 ? device->control() : device->cores();
    return link.is_alive() ? link.pid() : 0;
}

STANDIN_PUBLIC int standin_filesystem_is_private(void)
{
    const std::lock_guard lock(world().mutex);
    return world().root_folder_is_ours ? 0 : 1;
}

// ---- what shall go wrong

STANDIN_PUBLIC int standin_inject(const char *call, uint32_t nth, int result, int32_t count)
{
    const std::lock_guard lock(world().mutex);
    const bool is_known = std::any_of(std::begin(kNames), std::end(kNames),
                                      [&](const char *name) { return std::strcmp(name, call) == 0; });
    if (!is_known || nth == 0 || count == 0)
        return 0;
    world().rules.push_back({call, nth - 1, result, count});
    return 1;
}

STANDIN_PUBLIC void standin_clear_injections(void)
{
    const std::lock_guard lock(world().mutex);
    world().rules.clear();
}

STANDIN_PUBLIC int standin_kill_control(uint32_t id)
{
    const std::lock_guard lock(world().mutex);
    const auto device = find_device(id);
    if (device == nullptr || !device->is_open())
        return 0;
    device->control().kill();
    return 1;
}

STANDIN_PUBLIC int standin_kill_cores(uint32_t id)
{
    const std::lock_guard lock(world().mutex);
    const auto device = find_device(id);
    if (device == nullptr || !device->is_open())
        return 0;
    device->cores().kill();
    return 1;
}

STANDIN_PUBLIC int standin_hang_core(uint32_t id, uint32_t block, uint32_t lane)
{
    std::unique_lock lock(world().mutex);
    const auto device = find_device(id);
    if (device == nullptr || !device->is_open() || lane >= kLanes)
        return 0;
    Message message{};
    message.verb = Verb::kHang;
    message.blocks = block;
    message.value = lane;
    return device->cores().call(lock, message).verb == Verb::kDone ? 1 : 0;
}

STANDIN_PUBLIC int standin_poison(uint32_t id, int drain_works)
{
    const std::lock_guard lock(world().mutex);
    const auto device = find_device(id);
    if (device == nullptr)
        return 0;
    device->poison(kPoisoned);
    device->set_drain_works(drain_works != 0);
    return 1;
}

STANDIN_PUBLIC void standin_fail_resets(uint32_t id, uint32_t count)
{
    const std::lock_guard lock(world().mutex);
    if (const auto device = find_device(id); device != nullptr)
        device->failing_resets = count;
}

STANDIN_PUBLIC void standin_useless_resets(uint32_t id, uint32_t count)
{
    const std::lock_guard lock(world().mutex);
    if (const auto device = find_device(id); device != nullptr)
        device->useless_resets = count;
}

STANDIN_PUBLIC void standin_latch_survives_resets(int survives)
{
    const std::lock_guard lock(world().mutex);
    world().latch_survives = survives != 0;
}

// ---- time

STANDIN_PUBLIC void standin_hold(void)
{
    const std::lock_guard lock(world().mutex);
    world().is_held = true;
}

STANDIN_PUBLIC void standin_release(void)
{
    const std::lock_guard lock(world().mutex);
    world().is_held = false;
    world().changed.notify_all();
}

STANDIN_PUBLIC void standin_advance_ms(uint64_t milliseconds)
{
    const std::lock_guard lock(world().mutex);
    world().clock_offset += std::chrono::milliseconds(milliseconds);
    world().changed.notify_all();
}

STANDIN_PUBLIC void standin_untold_cpus(void)
{
    const std::lock_guard lock(world().mutex);
    world().cpus_are_told = false;
}

STANDIN_PUBLIC void standin_cache_model(int on)
{
    const std::lock_guard lock(world().mutex);
    world().cache_model = on != 0;
}
