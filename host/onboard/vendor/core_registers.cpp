// SPDX-License-Identifier: Apache-2.0
// Where the control CPUs see the registers of the cores. Physical ids: on a chip with one map first the AIC of all
// cores, then the two AIV of each; on a chip with windows the same for each die.
#include "host/onboard/vendor/core_registers.h"

#include <chrono>
#include <cstdio>
#include <thread>

namespace pto::vendor {
namespace {

constexpr uint64_t kSubCoreBytes = uint64_t{1} << 20;
constexpr uint64_t kCoreBytes = uint64_t{8} << 20;
constexpr uint32_t kSubCores = 3; ///< AIC, AIV, AIV.
constexpr uint32_t kDies = 2;     ///< Of chips with windows.

constexpr uint32_t kBusyTries = 3;
constexpr auto kBusyPause = std::chrono::milliseconds(50);

/// Asks again while the driver is busy: with another process that opens the same device, for example.
template <class Request> int ask_patiently(const Request &request)
{
    int number = request();
    for (uint32_t i = 0; i < kBusyTries && number == kDriverBusy; i++) {
        std::this_thread::sleep_for(kBusyPause);
        number = request();
    }
    return number;
}

pto_status refuse(host::DeviceFailure *failure, const char *what, uint64_t value)
{
    std::snprintf(failure->message, sizeof failure->message, "%s: 0x%llx", what,
                  static_cast<unsigned long long>(value));
    return PTO_ERROR_DRIVER;
}

/// A device that the driver knows no process on may be another one than was meant.
pto_status refuse_call(Session &session, const char *function, int number, host::DeviceFailure *failure)
{
    const pto_status status = session.check(function, number, failure, NumberSpace::kDriver);
    if (number == kNoProcess) {
        const host::DeviceFailure cause = *failure;
        std::snprintf(failure->message, sizeof failure->message, "%.100s %u: is driver_device right?", cause.message,
                      session.driver_device());
    }
    return status;
}

/// The one range of a kind of registers.
pto_status map_range(Session &session, uint32_t kind, uint64_t needed_bytes, MapAnswer *out,
                     host::DeviceFailure *failure)
{
    Padded<MapRequest> request{{kind, session.driver_device()}};
    Padded<MapAnswer> answer;
    std::size_t answer_bytes = sizeof(MapAnswer);
    const int number = ask_patiently([&] {
        return session.f.halMemCtl(kMapControlAddresses, &request.value, sizeof(MapRequest), &answer.value,
                                   &answer_bytes);
    });
    const pto_status status = refuse_call(session, "halMemCtl", number, failure);
    if (status != PTO_OK)
        return status;
    *out = answer.value;
    if (out->address == 0)
        return refuse(failure, "halMemCtl maps the cores' registers to no address", out->address);
    if (out->size_bytes < needed_bytes)
        return refuse(failure, "halMemCtl maps too few bytes of the cores' registers", out->size_bytes);
    return PTO_OK;
}

/// Cores that are not masked out.
pto_status core_mask(Session &session, uint32_t core_count, uint64_t *out, host::DeviceFailure *failure)
{
    int64_t value = 0;
    const int number = ask_patiently(
        [&] { return session.f.halGetDeviceInfo(session.driver_device(), kModuleCore, kInfoOccupy, &value); });
    const pto_status status = session.check("halGetDeviceInfo", number, failure, NumberSpace::kDriver);
    if (status != PTO_OK)
        return status;
    *out = static_cast<uint64_t>(value);
    // Numbers of what can be asked differ between releases: an answer that cannot be one is an answer to another
    // question.
    if (*out == 0 || *out >> core_count != 0)
        return refuse(failure, "halGetDeviceInfo says which cores there are, which cannot be right", *out);
    return PTO_OK;
}

pto_status map_one_range(Session &session, const arch::ArchTraits &traits, std::vector<uint64_t> *out,
                         host::DeviceFailure *failure)
{
    const uint32_t cores = traits.physical_core_count / kSubCores;
    MapAnswer range{};
    pto_status status = map_range(session, kRegistersControl, cores * kCoreBytes, &range, failure);
    uint64_t mask = 0;
    if (status == PTO_OK)
        status = core_mask(session, cores, &mask, failure);
    if (status != PTO_OK)
        return status;
    for (uint32_t core = 0; core < cores; core++) {
        if ((mask >> core & 1) == 0)
            continue;
        const uint64_t base = range.address + core * kCoreBytes;
        (*out)[core] = base;
        for (uint32_t sub = 1; sub < kSubCores; sub++)
            (*out)[cores + 2 * core + sub - 1] = base + sub * kSubCoreBytes;
    }
    return PTO_OK;
}

pto_status map_windows(Session &session, const arch::ArchTraits &traits, std::vector<uint64_t> *out,
                       host::DeviceFailure *failure)
{
    const uint32_t die_clusters = traits.cluster_count / kDies;
    for (uint32_t window = 0; window < traits.cluster_count; window++) {
        Padded<ResourceRequest> request{{0, 0, window, 0, 0}};
        unsigned long address = 0;
        unsigned size_bytes = 0;
        const int number = ask_patiently(
            [&] { return session.f.halResMap(session.driver_device(), &request.value, &address, &size_bytes); });
        const pto_status status = refuse_call(session, "halResMap", number, failure);
        if (status != PTO_OK)
            return status;
        if (address == 0 || size_bytes < kSubCores * kSubCoreBytes)
            return refuse(failure, "halResMap maps too few bytes of a cluster's registers", size_bytes);
        const uint32_t cluster = window % die_clusters;
        const uint32_t die_first = window / die_clusters * die_clusters * kSubCores;
        (*out)[die_first + cluster] = address;
        for (uint32_t sub = 1; sub < kSubCores; sub++)
            (*out)[die_first + die_clusters + 2 * cluster + sub - 1] = address + sub * kSubCoreBytes;
    }
    return PTO_OK;
}

} // namespace

pto_status map_core_registers(Session &session, const arch::ArchTraits &traits, std::vector<uint64_t> *out,
                              host::DeviceFailure *failure)
{
    out->assign(traits.physical_core_count, 0);
    return traits.driver.has_register_windows ? map_windows(session, traits, out, failure)
                                              : map_one_range(session, traits, out, failure);
}

bool map_monitor_registers(Session &session, const arch::ArchTraits &traits, host::DeviceFailure *failure)
{
    if (traits.driver.has_register_windows)
        return true; // the cores read their monitors themselves
    const uint32_t cores = traits.physical_core_count / kSubCores;
    MapAnswer range{};
    return map_range(session, kRegistersPmu, cores * kCoreBytes, &range, failure) == PTO_OK;
}

} // namespace pto::vendor
