// SPDX-License-Identifier: Apache-2.0
#include "host/onboard/vendor/sdma_channels.h"

#include "pto/pto.h"

#include <cstdio>

namespace pto::vendor {
namespace {

constexpr uint64_t kWorkspaceBytes = uint64_t{16} << 10;
constexpr uint64_t kWorkspaceChannelBytes = 512;

} // namespace

pto_status SdmaChannels::open(uint32_t count, host::DeviceFailure *failure)
{
    if (count == 0) {
        std::snprintf(failure->message, sizeof failure->message,
                      "PTO_ONBOARD_SDMA: this library was built without the headers of pto-isa, which say how many "
                      "channels kernels use");
        return PTO_ERROR_UNSUPPORTED;
    }
    std::vector<Record> records(count);
    pto_status status = PTO_OK;
    for (uint32_t i = 0; i < count && status == PTO_OK; i++) {
        records[i].channel = i;
        status = add(&records[i], failure);
    }
    if (status == PTO_OK)
        status = records_.upload(records.data(), records.size() * sizeof(Record), failure);
    const uint64_t workspace_bytes = kWorkspaceBytes + count * kWorkspaceChannelBytes;
    if (status == PTO_OK)
        status = workspace_.allocate(workspace_bytes, failure);
    if (status == PTO_OK)
        status = session_.check(
            "aclrtMemset",
            session_.f.aclrtMemset(reinterpret_cast<void *>(workspace_.address()), workspace_bytes, 0, workspace_bytes),
            failure);
    if (status != PTO_OK) {
        host::blame(failure, "SDMA channels");
        return status;
    }
    session_.log(PTO_LOG_INFO, "%u SDMA channels", count);
    return PTO_OK;
}

pto_status SdmaChannels::add(Record *record, host::DeviceFailure *failure)
{
    Handle stream = nullptr;
    const Functions &f = session_.f;
    pto_status status = session_.check("aclrtCreateStreamWithConfig",
                                       f.aclrtCreateStreamWithConfig(&stream, 0, kStreamDeviceUseOnly), failure);
    if (status != PTO_OK)
        return status;
    streams_.push_back(stream);
    status = session_.check("rtStreamGetSqid", f.rtStreamGetSqid(stream, &record->submission_queue), failure);
    if (status != PTO_OK)
        return status;
    return session_.check("rtStreamGetCqid",
                          f.rtStreamGetCqid(stream, &record->completion_queue, &record->logical_completion_queue),
                          failure);
}

void SdmaChannels::close()
{
    for (Handle stream : streams_)
        if (session_.is_usable())
            session_.note("aclrtDestroyStream", session_.f.aclrtDestroyStream(stream));
    streams_.clear();
    records_.reset();
    workspace_.reset();
}

} // namespace pto::vendor
