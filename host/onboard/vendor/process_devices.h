// SPDX-License-Identifier: Apache-2.0
// What the vendor's libraries keep once per process, whatever devices and archs are open: whether they are initialised,
// which image the control CPUs have, which binaries are registered, and devices that a reset could not bring back.
#ifndef PTO_HOST_ONBOARD_VENDOR_PROCESS_DEVICES_H
#define PTO_HOST_ONBOARD_VENDOR_PROCESS_DEVICES_H

#include "host/onboard/vendor/vendor_api.h"
#include "host/onboard/vendor/vendor_error.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace pto::vendor {

class ProcessDevices {
public:
    static ProcessDevices &instance();

    /// Takes a device: one context at a time, because a reset is a device's, not a context's. PTO_ERROR_BUSY,
    /// PTO_ERROR_DEVICE_FAULTED.
    pto_status take(uint32_t device, host::DeviceFailure *failure);
    void give_back(uint32_t device);
    /// From now on nobody is given the device; `reason` is what they are told.
    void lose(uint32_t device, const char *reason);

    /// Initialises the libraries for the first device, with what they log as it wants it: that is decided before any
    /// device is opened. They may have been initialised by the program, which then ends them as well.
    int initialise(const Functions &functions, int log_level);
    /// Ends them behind the last device.
    void finalise(const Functions &functions);

    /// The vendor loads one image of ours per process. False: it was another one, whose name is then in `other`.
    bool claim_image(const std::string &name, std::string *other);

    /// Registers a binary of cores, if that has not been done: the vendor cannot undo it.
    int register_binary(const Functions &functions, const std::vector<std::byte> &bytes, Handle *out);

private:
    struct Registered {
        std::vector<std::byte> bytes;
        Handle handle;
    };

    std::mutex mutex_; ///< Guards all.
    std::set<uint32_t> taken_;
    std::map<uint32_t, std::string> lost_;
    std::string image_;
    std::vector<Registered *> binaries_; ///< Never freed: the vendor may read them as long as the process lives.
    uint32_t users_ = 0;
    bool is_ours_ = false;
};

} // namespace pto::vendor

#endif
