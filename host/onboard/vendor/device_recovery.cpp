// SPDX-License-Identifier: Apache-2.0
#include "host/onboard/vendor/device_recovery.h"

#include "pto/pto.h"

namespace pto::vendor {
namespace {

constexpr int32_t kDrainMs = 1000;
constexpr uint32_t kTries = 3;
constexpr std::size_t kProbeBytes = 64;

/// What a device can do that works: make a stream and an allocation, and take them back.
pto_status probe(Session &session, host::DeviceFailure *failure)
{
    const Functions &f = session.f;
    Handle stream = nullptr;
    pto_status status = session.check("aclrtCreateStream", f.aclrtCreateStream(&stream), failure);
    if (status == PTO_OK)
        status = session.check("aclrtDestroyStream", f.aclrtDestroyStream(stream), failure);
    void *block = nullptr;
    if (status == PTO_OK)
        status = session.check("aclrtMalloc", f.aclrtMalloc(&block, kProbeBytes, kHugeFirst), failure);
    if (status == PTO_OK)
        status = session.check("aclrtFree", f.aclrtFree(block), failure);
    return status;
}

pto_status try_recovery(Session &session, host::DeviceFailure *failure)
{
    const Functions &f = session.f;
    pto_status status = session.check("aclrtResetDeviceForce", f.aclrtResetDeviceForce(session.device()), failure);
    if (status == PTO_OK)
        status = session.check("aclrtSetDevice", f.aclrtSetDevice(session.device()), failure);
    return status == PTO_OK ? probe(session, failure) : status;
}

} // namespace

void reset_healthy_device(Session &session)
{
    const int number = session.f.aclrtResetDevice(session.device());
    if (number != kOk && number != kResetAfterForce)
        session.log(PTO_LOG_WARN, "aclrtResetDevice: %d, %s", number, meaning_of(NumberSpace::kRuntime, number).text);
}

bool recover_device(Session &session, host::DeviceFailure *failure)
{
    session.f.aclrtSynchronizeDeviceWithTimeout(kDrainMs);
    for (uint32_t i = 0; i < kTries; i++) {
        host::clear(failure);
        if (try_recovery(session, failure) == PTO_OK) {
            reset_healthy_device(session);
            session.log(PTO_LOG_INFO, "device %d has recovered after reset %u", session.device(), i + 1);
            return true;
        }
        session.log(PTO_LOG_WARN, "device %d did not recover: %s", session.device(), failure->message);
    }
    session.f.aclrtResetDevice(session.device()); // The process lets go of it, whatever comes of that.
    return false;
}

} // namespace pto::vendor
