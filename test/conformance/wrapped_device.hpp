// SPDX-License-Identifier: Apache-2.0
// The device under test behind a table of functions that keep books and can be made to fail. A program that is linked
// with this has no other device.
#ifndef PTO_TEST_CONFORMANCE_WRAPPED_DEVICE_HPP
#define PTO_TEST_CONFORMANCE_WRAPPED_DEVICE_HPP

#include "host/device.h"

#include <cstdint>
#include <string>

namespace pto::test {

/// The device functions that can fail.
enum class DeviceCall : uint32_t { kOpen, kMemAlloc, kCopyTo, kCopyFrom, kKernelLoad, kOrchLoad, kCount };
const char *device_call_name(DeviceCall call);

/// What the device holds, and the calls that came to it.
struct DeviceBooks {
    uint64_t devices;
    uint64_t blocks; ///< Of device memory.
    uint64_t kernels;
    uint64_t orchestrations;
    uint64_t calls[static_cast<uint32_t>(DeviceCall::kCount)];
    uint64_t unloads;  ///< Of kernels and orchestrations.
    uint64_t mistakes; ///< Frees and unloads of what was not there.

    bool holds_the_same_as(const DeviceBooks &other) const
    {
        return devices == other.devices && blocks == other.blocks && kernels == other.kernels &&
               orchestrations == other.orchestrations;
    }
};
DeviceBooks device_books();

/// The `number`-th call from now, 1-based, of a function that can fail does, without reaching the device; 0: none does.
void fail_device_call(uint64_t number);
/// The function that has failed last.
DeviceCall failed_call();

/// Entry and configuration of the orchestration that was to be loaded last; "entry/-" says that it has none.
std::string names_of_last_orchestration();

/// Takes the arch whose device is wrapped. Call before the first context is opened.
void wrap_device_of(const char *arch);

} // namespace pto::test

namespace pto::host {

/// The devices of this build, unwrapped.
DeviceList real_device_list();

} // namespace pto::host

#endif
