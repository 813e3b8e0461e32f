// SPDX-License-Identifier: Apache-2.0
// hal* and what else describes a card. These functions name devices by driver-visible ids.
#include "vendor_call.hpp"

#include <algorithm>

using namespace standin;

namespace {

enum Module : int32_t { kSystemModule = 0, kControlModule = 1, kCoreModule = 4 };
enum Info : int32_t {
    kCoreNumber = 3,
    kScheduler = 5,
    kOccupancy = 8,
    kChipId = 18,
    kDieId = 19,
    kFunctionOccupancy = 21
};
enum RegisterKind : uint32_t { kSyncRegisters = 1, kControlRegisters = 2, kCounterRegisters = 3 };

bool is_visible(uint32_t id)
{
    const auto &visible = world().visible;
    return std::find(visible.begin(), visible.end(), id) != visible.end();
}

/// The open device of a driver id; NULL with the result of the call set.
std::shared_ptr<Device> open_device(Call &call, uint32_t id, int *result)
{
    const auto device = find_device(id);
    if (device != nullptr && device->is_open())
        return device;
    if (id < world().visible.size() && !is_visible(id)) {
        call.violate("%s: device %u is not one of the driver's visible ids: is it a logical id?", call.name(), id);
        *result = kHalInvalidValue;
    } else {
        call.fail(kHalNoProcess, "%s: this process has not opened device %u", call.name(), id);
        *result = kHalNoProcess;
    }
    return nullptr;
}

uint64_t core_mask(const Chip &chip)
{
    const uint64_t all = (uint64_t{1} << chip.physical_clusters) - 1;
    return chip.absent_cluster == kNone ? all : all & ~(uint64_t{1} << chip.absent_cluster);
}

/// False if there is no such information.
bool describe(uint32_t id, int32_t module, int32_t info, int64_t *out)
{
    const Chip chip = chip_of(world().arch);
    if (module == kSystemModule && info == kChipId)
        *out = id / 2;
    else if (module == kSystemModule && info == kDieId)
        *out = id % 2;
    else if (module == kControlModule && (info == kOccupancy || info == kFunctionOccupancy))
        *out = static_cast<int64_t>(chip.told_cpus);
    else if (module == kControlModule && info == kCoreNumber)
        *out = chip.control_workers;
    else if (module == kControlModule && info == kScheduler)
        *out = 1;
    else if (module == kCoreModule && (info == kOccupancy || info == kFunctionOccupancy))
        *out = static_cast<int64_t>(core_mask(chip));
    else if (module == kCoreModule && info == kCoreNumber)
        *out = chip.usable_clusters;
    else
        return false;
    return true;
}

} // namespace

STANDIN_VENDOR(halMemCtl)(int type, void *in, size_t in_bytes, void *out, size_t *out_bytes)
{
    Call call("halMemCtl", Needs::kNothing);
    if (call.is_over())
        return call.result();
    if (type != 0 || in == nullptr || in_bytes < 8 || out == nullptr || out_bytes == nullptr)
        return call.violate("halMemCtl of type %d with %zu bytes", type, in_bytes), kHalBadParameter;
    const auto kind = field<uint32_t>(in, 0);
    const auto id = field<uint32_t>(in, 4);
    int result = 0;
    const auto device = open_device(call, id, &result);
    if (device == nullptr)
        return result;
    if (device->arch() != Arch::kA2a3)
        return call.fail(kHalInvalidValue, "halMemCtl: this card has no such map");
    if (kind < kSyncRegisters || kind > kCounterRegisters)
        return call.violate("halMemCtl: there are no registers of kind %u", kind), kHalBadParameter;
    const uint64_t window = kind == kControlRegisters   ? kControlWindow
                            : kind == kCounterRegisters ? kCounterWindow
                                                        : kSyncWindow;
    const uint64_t answer[2] = {register_base(id) + window,
                                device->chip().physical_clusters * device->chip().cluster_bytes};
    std::memcpy(out, answer, sizeof answer);
    *out_bytes = sizeof answer;
    return kOk;
}

STANDIN_VENDOR(halResMap)(unsigned id, void *info, unsigned long *address, unsigned *length)
{
    Call call("halResMap", Needs::kNothing);
    if (call.is_over())
        return call.result();
    if (info == nullptr || address == nullptr || length == nullptr)
        return call.violate("halResMap without a place for its answer"), kHalBadParameter;
    int result = 0;
    const auto device = open_device(call, id, &result);
    if (device == nullptr)
        return result;
    if (device->arch() != Arch::kA5)
        return call.fail(kHalInvalidValue, "halResMap: this card has no such map");
    const auto process = field<int32_t>(info, 0);
    const auto resource = field<int32_t>(info, 4);
    const auto cluster = field<uint32_t>(info, 8);
    if (process != 0 || resource != 0 || cluster >= device->chip().physical_clusters)
        return call.violate("halResMap: there is no resource %d of process %d with id %u", resource, process, cluster),
               kHalBadParameter;
    *address = register_base(id) + kControlWindow + register_offset(device->chip(), cluster, 0);
    *length = static_cast<unsigned>(kLanes * kLaneBytes);
    return kOk;
}

STANDIN_VENDOR(halGetDeviceInfo)(uint32_t id, int32_t module, int32_t info, int64_t *out)
{
    Call call("halGetDeviceInfo", Needs::kNothing);
    if (call.is_over())
        return call.result();
    if (out == nullptr || !is_visible(id) || !describe(id, module, info, out))
        return call.fail(kHalInvalidValue, "halGetDeviceInfo(%u, %d, %d)", id, module, info);
    return kOk;
}

STANDIN_VENDOR(halGetDeviceInfoByBuff)(uint32_t id, int32_t module, int32_t info, void *out, int32_t *bytes)
{
    Call call("halGetDeviceInfoByBuff", Needs::kNothing);
    int64_t value = 0;
    if (call.is_over())
        return call.result();
    if (out == nullptr || bytes == nullptr || *bytes < 8 || !is_visible(id) || !describe(id, module, info, &value))
        return call.fail(kHalInvalidValue, "halGetDeviceInfoByBuff(%u, %d, %d)", id, module, info);
    std::memcpy(out, &value, sizeof value);
    *bytes = sizeof value;
    return kOk;
}

STANDIN_VENDOR(halHostRegister)(void *, uint64_t, uint32_t, uint32_t, void **)
{
    Call call("halHostRegister", Needs::kNothing);
    return call.is_over() ? call.result() : call.fail(kHalInvalidValue, "halHostRegister: not in the stand-in");
}

STANDIN_VENDOR(halHostUnregister)(void *, uint32_t)
{
    Call call("halHostUnregister", Needs::kNothing);
    return call.is_over() ? call.result() : call.fail(kHalInvalidValue, "halHostUnregister: not in the stand-in");
}

// ---- the same of a logical id

STANDIN_VENDOR(rtGetDeviceInfo)(uint32_t logical, int32_t module, int32_t info, int64_t *out)
{
    Call call("rtGetDeviceInfo", Needs::kInit);
    if (call.is_over())
        return call.result();
    const uint32_t id = driver_id_of(static_cast<int32_t>(logical));
    if (id == kNone || out == nullptr || !describe(id, module, info, out))
        return call.fail(kBadParameter, "rtGetDeviceInfo(%u, %d, %d)", logical, module, info);
    return kOk;
}

STANDIN_VENDOR(dsmi_get_device_info)(uint32_t, uint32_t, uint32_t, void *, uint32_t *)
{
    Call call("dsmi_get_device_info", Needs::kNothing);
    return call.is_over() ? call.result() : call.fail(kHalInvalidValue, "dsmi_get_device_info: not in the stand-in");
}
