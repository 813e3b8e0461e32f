// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_ONBOARD_VENDOR_CORE_REGISTERS_H
#define PTO_HOST_ONBOARD_VENDOR_CORE_REGISTERS_H

#include "engine/arch/traits.h"
#include "host/onboard/vendor/vendor_session.h"

#include <vector>

namespace pto::vendor {

/// Has the driver map the cores' registers for the control CPUs. The table has an address per physical core id, 0 where
/// there is no core to use; no address is ever made up.
pto_status map_core_registers(Session &session, const arch::ArchTraits &traits, std::vector<uint64_t> *out,
                              host::DeviceFailure *failure);

/// Maps the registers of the performance monitors, where the control CPUs read them. False with a failure: the driver
/// refuses, and the monitors are not to be used.
bool map_monitor_registers(Session &session, const arch::ArchTraits &traits, host::DeviceFailure *failure);

} // namespace pto::vendor

#endif
