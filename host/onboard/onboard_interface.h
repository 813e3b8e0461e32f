// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_ONBOARD_ONBOARD_INTERFACE_H
#define PTO_HOST_ONBOARD_ONBOARD_INTERFACE_H

#include "engine/arch/arch.h"
#include "host/device.h"

namespace pto::inline PTO_ARCH::onboard {

/// The chips of the arch that this is compiled for, as the vendor's libraries drive them.
const host::DeviceInterface *device_interface();

} // namespace pto::inline PTO_ARCH::onboard

#endif
