// SPDX-License-Identifier: Apache-2.0
// acl*: the library's life and the devices'.
#include "vendor_call.hpp"

#include <cstdlib>
#include <sstream>

namespace standin {
namespace {

std::vector<uint32_t> parse_visible(const std::string &list)
{
    std::vector<uint32_t> ids;
    std::stringstream stream(list);
    for (std::string item; std::getline(stream, item, ',');) {
        char *end = nullptr;
        const unsigned long id = std::strtoul(item.c_str(), &end, 10);
        // As the vendor does: the list ends where it makes no sense.
        if (item.empty() || *end != '\0' || id >= kMaxDevices)
            break;
        ids.push_back(static_cast<uint32_t>(id));
    }
    return ids;
}

std::vector<uint32_t> visible_devices()
{
    World &all = world();
    const char *variable = std::getenv("ASCEND_RT_VISIBLE_DEVICES");
    if (all.has_visible_list)
        return parse_visible(all.visible_list);
    if (variable != nullptr)
        return parse_visible(variable);
    std::vector<uint32_t> ids;
    for (uint32_t id = 0; id < kMaxDevices; id++)
        ids.push_back(id);
    return ids;
}

/// Soft or forced reset of an open device.
int reset(Call &call, int32_t logical, bool is_forced)
{
    const uint32_t id = driver_id_of(logical);
    const auto device = id == kNone ? nullptr : find_device(id);
    if (id == kNone)
        return call.violate("%s: there is no device %d among the visible ones", call.name(), logical);
    if (device == nullptr)
        return call.fail(kBadDevice, "%s: device %d is not open", call.name(), logical);
    if (!is_forced) {
        if (!device->is_open())
            return device->was_forced ? kResetAfterForce : kBadDevice;
        device->close(call.lock(), !device->is_poisoned());
        return kOk;
    }
    if (device->failing_resets > 0) {
        device->failing_resets--;
        return call.fail(kInternal, "%s: the reset failed", call.name());
    }
    if (device->is_open())
        device->close(call.lock(), false);
    device->was_forced = true;
    if (device->useless_resets > 0)
        device->useless_resets--;
    else
        device->heal();
    return kOk;
}

} // namespace
} // namespace standin

using namespace standin;

STANDIN_VENDOR(aclInit)(const char *)
{
    Call call("aclInit", Needs::kNothing);
    World &all = world();
    if (call.is_over())
        return call.result();
    if (all.is_initialised)
        return kAlreadyInitialised;
    all.is_initialised = true;
    all.visible = visible_devices();
    return kOk;
}

STANDIN_VENDOR(aclFinalize)()
{
    Call call("aclFinalize", Needs::kInit);
    if (call.is_over())
        return call.result();
    for (const auto &[id, device] : world().devices)
        if (device->is_open())
            return call.violate("aclFinalize while device %u is open", id);
    world().is_initialised = false;
    world().was_finalised = true;
    return kOk;
}

extern "C" __attribute__((visibility("default"))) const char *standin_vendor_aclGetRecentErrMsg()
{
    Call call("aclGetRecentErrMsg", Needs::kNothing);
    static std::string copy;
    copy = world().last_error;
    return copy.empty() ? nullptr : copy.c_str();
}

extern "C" __attribute__((visibility("default"))) const char *standin_vendor_aclrtGetSocName()
{
    Call call("aclrtGetSocName", Needs::kInit);
    if (call.is_over())
        return nullptr;
    return world().arch == Arch::kA2a3 ? "Ascend910B3" : "Ascend950PR_9589";
}

STANDIN_VENDOR(aclrtSetDevice)(int32_t logical)
{
    Call call("aclrtSetDevice", Needs::kInit);
    if (call.is_over())
        return call.result();
    World &all = world();
    const uint32_t id = driver_id_of(logical);
    if (id == kNone)
        return call.fail(kBadDevice, "aclrtSetDevice: there is no device %d", logical);
    std::shared_ptr<Device> &device = all.devices[id];
    if (device == nullptr)
        device = std::make_shared<Device>(id, all.arch);
    const std::shared_ptr<Device> held = device;
    if (!held->is_open()) {
        const std::string failed = held->open(call.lock());
        if (!failed.empty())
            return call.fail(kInternal, "aclrtSetDevice: %s", failed.c_str());
    }
    binding() = {held, held->life(), logical};
    return kOk;
}

STANDIN_VENDOR(aclrtGetDevice)(int32_t *out)
{
    Call call("aclrtGetDevice", Needs::kInit); // a thread without a device is told so
    if (call.is_over())
        return call.result();
    if (!call.has_device())
        return kBadParameter;
    *out = binding().logical;
    return kOk;
}

STANDIN_VENDOR(aclrtResetDevice)(int32_t logical)
{
    Call call("aclrtResetDevice", Needs::kInit);
    return call.is_over() ? call.result() : reset(call, logical, false);
}

STANDIN_VENDOR(aclrtResetDeviceForce)(int32_t logical)
{
    Call call("aclrtResetDeviceForce", Needs::kInit);
    return call.is_over() ? call.result() : reset(call, logical, true);
}

STANDIN_VENDOR(aclrtSetOpExecuteTimeOutV2)(uint64_t microseconds, uint64_t *actual)
{
    Call call("aclrtSetOpExecuteTimeOutV2", Needs::kInit);
    if (call.is_over())
        return call.result();
    world().op_timeout_us = microseconds;
    if (actual != nullptr)
        *actual = microseconds;
    return kOk;
}

STANDIN_VENDOR(aclrtDeviceEnablePeerAccess)(int32_t, uint32_t)
{
    Call call("aclrtDeviceEnablePeerAccess", Needs::kHealth);
    return call.is_over() ? call.result() : kUnsupported;
}

STANDIN_VENDOR(aclrtDevicePeerAccessStatus)(int32_t, int32_t, int32_t *out)
{
    Call call("aclrtDevicePeerAccessStatus", Needs::kInit);
    if (call.is_over())
        return call.result();
    *out = 0;
    return kOk;
}
