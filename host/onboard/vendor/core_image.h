// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_ONBOARD_VENDOR_CORE_IMAGE_H
#define PTO_HOST_ONBOARD_VENDOR_CORE_IMAGE_H

#include "host/onboard/vendor/image_files.h"
#include "host/onboard/vendor/vendor_session.h"

namespace pto::vendor {

/// The loop of the cores. Registered when it is launched first, and once per process.
class CoreImage {
public:
    CoreImage(Session &session, const char *arch) : session_(session), arch_(arch) {}

    pto_status read(const std::string &folder, host::DeviceFailure *failure);
    /// Which machine the cores are: kernels have to be for it.
    uint16_t machine() const { return machine_of(content_); }

    /// Launches the loop on all cores of `cluster_count` clusters. False: the error is noted.
    bool launch(uint32_t cluster_count, Handle stream, uint64_t launch_block);

private:
    Session &session_;
    const char *const arch_;
    FileContent content_;
    Handle handle_ = nullptr;
};

} // namespace pto::vendor

#endif
