// SPDX-License-Identifier: Apache-2.0
#include "aicpu/linux/user_cpus.h"

/// Of the process that loads the image. Weak: an image is of use in processes without it.
extern "C" [[gnu::weak, gnu::visibility("default")]] int halGetDeviceInfo(uint32_t device, int32_t module, int32_t info,
                                                                          int64_t *value);

namespace pto::inline PTO_ARCH::aicpu {

uint64_t user_cpus([[maybe_unused]] uint32_t driver_device)
{
    if constexpr (kArch.driver.host_knows_control_cpus) {
        return 0;
    } else {
        constexpr int32_t kControlCpuModule = 1, kOccupancy = 8;
        int64_t cpus = 0;
        if (halGetDeviceInfo == nullptr || halGetDeviceInfo(driver_device, kControlCpuModule, kOccupancy, &cpus) != 0)
            return 0;
        return static_cast<uint64_t>(cpus);
    }
}

} // namespace pto::inline PTO_ARCH::aicpu
