// SPDX-License-Identifier: Apache-2.0
#include "host/onboard/vendor/device_streams.h"

#include <algorithm>

namespace pto::vendor {
namespace {

constexpr uint32_t kClusterVectorCores = 2;

} // namespace

pto_status DeviceStreams::create_one(Handle *out, host::DeviceFailure *failure)
{
    const int created = session_.f.aclrtCreateStreamWithConfig(out, 0, kStreamFast);
    const pto_status status = session_.check("aclrtCreateStreamWithConfig", created, failure);
    if (status != PTO_OK)
        return status;
    // What is behind a failed launch must not run as if nothing had happened.
    const int number = session_.f.aclrtSetStreamFailureMode(*out, kStopOnFailure);
    return number == kFeatureUnsupported ? PTO_OK : session_.check("aclrtSetStreamFailureMode", number, failure);
}

pto_status DeviceStreams::create(host::DeviceFailure *failure)
{
    const pto_status status = create_one(&control_, failure);
    return status == PTO_OK ? create_one(&cores_, failure) : status;
}

pto_status DeviceStreams::renew_core_stream(host::DeviceFailure *failure)
{
    const Handle old = cores_;
    cores_ = nullptr;
    const pto_status status = session_.check("aclrtDestroyStream", session_.f.aclrtDestroyStream(old), failure);
    return status == PTO_OK ? create_one(&cores_, failure) : status;
}

void DeviceStreams::destroy()
{
    for (Handle *stream : {&cores_, &control_}) {
        if (*stream != nullptr && session_.is_usable())
            session_.note("aclrtDestroyStream", session_.f.aclrtDestroyStream(*stream));
        *stream = nullptr;
    }
}

pto_status DeviceStreams::cluster_limit(uint32_t *out, host::DeviceFailure *failure)
{
    uint32_t cube = 0;
    uint32_t vector = 0;
    pto_status status =
        session_.check("aclrtGetStreamResLimit", session_.f.aclrtGetStreamResLimit(cores_, kLimitCube, &cube), failure);
    if (status == PTO_OK)
        status = session_.check("aclrtGetStreamResLimit",
                                session_.f.aclrtGetStreamResLimit(cores_, kLimitVector, &vector), failure);
    *out = std::min(cube, vector / kClusterVectorCores);
    return status;
}

} // namespace pto::vendor
