// SPDX-License-Identifier: Apache-2.0
#include "host/onboard/vendor/process_devices.h"

namespace pto::vendor {
namespace {

constexpr int kAllModules = -1; ///< dlog_setlevel

} // namespace

ProcessDevices &ProcessDevices::instance()
{
    static auto *devices = new ProcessDevices; // never destroyed: a context may be closed by a destructor at exit
    return *devices;
}

pto_status ProcessDevices::take(uint32_t device, host::DeviceFailure *failure)
{
    const std::lock_guard lock(mutex_);
    if (const auto lost = lost_.find(device); lost != lost_.end()) {
        std::snprintf(failure->message, sizeof failure->message, "device %u did not recover: %.150s", device,
                      lost->second.c_str());
        return PTO_ERROR_DEVICE_FAULTED;
    }
    if (taken_.insert(device).second)
        return PTO_OK;
    std::snprintf(failure->message, sizeof failure->message, "device %u is open in this process already", device);
    return PTO_ERROR_BUSY;
}

void ProcessDevices::give_back(uint32_t device)
{
    const std::lock_guard lock(mutex_);
    taken_.erase(device);
}

void ProcessDevices::lose(uint32_t device, const char *reason)
{
    const std::lock_guard lock(mutex_);
    lost_.emplace(device, reason);
}

int ProcessDevices::initialise(const Functions &functions, int log_level)
{
    const std::lock_guard lock(mutex_);
    if (users_ == 0) {
        if (functions.dlog_setlevel != nullptr)
            functions.dlog_setlevel(kAllModules, log_level, 0);
        const int number = functions.aclInit(nullptr);
        if (number != kOk && number != kAlreadyInitialised)
            return number;
        is_ours_ = number == kOk;
    }
    users_++;
    return kOk;
}

void ProcessDevices::finalise(const Functions &functions)
{
    const std::lock_guard lock(mutex_);
    if (--users_ == 0 && is_ours_)
        functions.aclFinalize();
}

bool ProcessDevices::claim_image(const std::string &name, std::string *other)
{
    const std::lock_guard lock(mutex_);
    if (image_.empty())
        image_ = name;
    *other = image_;
    return image_ == name;
}

int ProcessDevices::register_binary(const Functions &functions, const std::vector<std::byte> &bytes, Handle *out)
{
    const std::lock_guard lock(mutex_);
    for (const Registered *binary : binaries_) {
        if (binary->bytes != bytes)
            continue;
        *out = binary->handle;
        return kOk;
    }
    auto *binary = new Registered{bytes, nullptr};
    binaries_.push_back(binary);
    const CoreBinary description{kMagicMix, 0, binary->bytes.data(), binary->bytes.size()};
    Padded<CoreBinary> padded{description};
    const int number = functions.rtRegisterAllKernel(&padded.value, &binary->handle);
    if (number != kOk) {
        binaries_.pop_back();
        delete binary;
        return number;
    }
    *out = binary->handle;
    return kOk;
}

} // namespace pto::vendor
