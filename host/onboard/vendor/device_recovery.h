// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_ONBOARD_VENDOR_DEVICE_RECOVERY_H
#define PTO_HOST_ONBOARD_VENDOR_DEVICE_RECOVERY_H

#include "host/onboard/vendor/vendor_session.h"

namespace pto::vendor {

/// Gives a device back that nothing has happened to. The calling thread is bound to it.
void reset_healthy_device(Session &session);

/// Resets a device after an error until a probe of it succeeds, three times at most. False: it is lost, and the failure
/// says why. That everything on it came to an end, as the drain before may show, proves nothing.
bool recover_device(Session &session, host::DeviceFailure *failure);

} // namespace pto::vendor

#endif
