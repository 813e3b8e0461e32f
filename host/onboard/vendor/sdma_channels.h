// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_ONBOARD_VENDOR_SDMA_CHANNELS_H
#define PTO_HOST_ONBOARD_VENDOR_SDMA_CHANNELS_H

#include "host/onboard/vendor/device_block.h"

#include <vector>

namespace pto::vendor {

/// Queues of the DMA engine that kernels start transfers on: a stream for each, which only the device uses, a record of
/// its queues, and memory to work in.
class SdmaChannels {
public:
    explicit SdmaChannels(Session &session) : session_(session), records_(session), workspace_(session) {}
    ~SdmaChannels() { close(); }
    SdmaChannels(const SdmaChannels &) = delete;
    SdmaChannels &operator=(const SdmaChannels &) = delete;

    /// As many channels as the kernels were compiled for: none fewer will do.
    pto_status open(uint32_t count, host::DeviceFailure *failure);
    void close();

    uint32_t count() const { return static_cast<uint32_t>(streams_.size()); }
    uint64_t records() const { return records_.address(); }
    uint64_t workspace() const { return workspace_.address(); }

private:
    struct Record {
        uint32_t submission_queue;
        uint32_t completion_queue;
        uint32_t logical_completion_queue;
        uint32_t channel;
        uint32_t reserved[12];
    };
    static_assert(sizeof(Record) == 64);

    pto_status add(Record *record, host::DeviceFailure *failure);

    Session &session_;
    std::vector<Handle> streams_;
    DeviceBlock records_;
    DeviceBlock workspace_;
};

} // namespace pto::vendor

#endif
