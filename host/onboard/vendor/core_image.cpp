// SPDX-License-Identifier: Apache-2.0
#include "host/onboard/vendor/core_image.h"

#include "host/onboard/vendor/process_devices.h"

#include <cstdio>

namespace pto::vendor {

pto_status CoreImage::read(const std::string &folder, host::DeviceFailure *failure)
{
    const std::string path = folder + "/pto_core_" + arch_ + ".bin";
    const pto_status status = read_image_file(path, &content_, failure);
    if (status != PTO_OK || machine() != 0)
        return status;
    std::snprintf(failure->message, sizeof failure->message, "%.130s is no 64-bit ELF file", path.c_str());
    return PTO_ERROR_INVALID_IMAGE;
}

bool CoreImage::launch(uint32_t cluster_count, Handle stream, uint64_t launch_block)
{
    if (handle_ == nullptr) {
        const int number = ProcessDevices::instance().register_binary(session_.f, content_, &handle_);
        if (!session_.note("rtRegisterAllKernel", number))
            return false;
    }
    Padded<CoreArgs> args;
    args.value.data = &launch_block;
    args.value.size_bytes = sizeof launch_block;
    Padded<CoreLaunchConfig> config;
    config.value.schedule_mode = kScheduleBatch;
    return session_.note(
        "rtKernelLaunchWithHandleV2",
        session_.f.rtKernelLaunchWithHandleV2(handle_, 0, cluster_count, &args.value, nullptr, stream, &config.value));
}

} // namespace pto::vendor
