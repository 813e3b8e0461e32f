// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_SIM_INTERFACE_H
#define PTO_SIM_INTERFACE_H

#include "engine/arch/arch.h"
#include "host/device.h"

namespace pto::inline PTO_ARCH::sim {

/// The simulated chip of the arch that this is compiled for.
const host::DeviceInterface *device_interface();

} // namespace pto::inline PTO_ARCH::sim

#endif
