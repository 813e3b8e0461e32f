// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_ONBOARD_VENDOR_DEVICE_STREAMS_H
#define PTO_HOST_ONBOARD_VENDOR_DEVICE_STREAMS_H

#include "host/onboard/vendor/vendor_session.h"

namespace pto::vendor {

/// The two streams of a device: what the control CPUs run waits for what the cores run, so one would not do.
class DeviceStreams {
public:
    explicit DeviceStreams(Session &session) : session_(session) {}
    ~DeviceStreams() { destroy(); }
    DeviceStreams(const DeviceStreams &) = delete;
    DeviceStreams &operator=(const DeviceStreams &) = delete;

    pto_status create(host::DeviceFailure *failure);
    /// A new stream for the cores: they then fetch code anew that has been written since.
    pto_status renew_core_stream(host::DeviceFailure *failure);
    void destroy();

    /// Clusters that a launch of the cores may have.
    pto_status cluster_limit(uint32_t *out, host::DeviceFailure *failure);

    Handle control() const { return control_; }
    Handle cores() const { return cores_; }

private:
    pto_status create_one(Handle *out, host::DeviceFailure *failure);

    Session &session_;
    Handle control_ = nullptr;
    Handle cores_ = nullptr;
};

} // namespace pto::vendor

#endif
