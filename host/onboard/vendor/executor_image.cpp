// SPDX-License-Identifier: Apache-2.0
// The vendor starts shared objects that lie in a folder of the device. Ours gets there by way of a second one, the
// dispatcher, which the vendor does take from memory: it writes the file. A description in JSON then says which
// function of which file is meant by a name.
#include "host/onboard/vendor/executor_image.h"

#include "engine/wire/onboard_blocks.h"
#include "host/onboard/vendor/device_block.h"
#include "host/onboard/vendor/process_devices.h"
#include "host/onboard/vendor/timeouts.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

namespace pto::vendor {
namespace {

/// What the dispatcher reads on the device.
struct DispatcherBlock {
    uint8_t reserved[96];
    uint64_t dispatcher;
    uint64_t dispatcher_bytes;
    uint64_t device;
    uint64_t image;
    uint64_t image_bytes;
    uint8_t reserved2[24];
};
static_assert(sizeof(DispatcherBlock) == 160 && offsetof(DispatcherBlock, dispatcher) == 96 &&
              offsetof(DispatcherBlock, device) == 112 && offsetof(DispatcherBlock, image) == 120);

/// What the vendor is called with: a library and a function of its own, which load the dispatcher and call it.
struct BootstrapArgs {
    uint8_t reserved[40];
    uint64_t block;
    uint8_t reserved2[160];
    char kernel_name[32];
    char so_name[32];
    char op_name[32];
};
static_assert(offsetof(BootstrapArgs, block) == 40 && offsetof(BootstrapArgs, kernel_name) == 208 &&
              sizeof(BootstrapArgs) == 304);

constexpr char kBootstrapOp[] = "AST_DYN_AICPU";
constexpr char kFunctions[2][8] = {"command", "run"};

/// A file for the vendor to read, which is gone when it has.
class ScratchFile {
public:
    ScratchFile()
    {
        std::snprintf(path_, sizeof path_, "/tmp/pto-onboard-XXXXXX.json");
        descriptor_ = mkostemps(path_, 5, O_CLOEXEC);
    }
    ~ScratchFile()
    {
        if (descriptor_ < 0)
            return;
        unlink(path_);
        close(descriptor_);
    }
    ScratchFile(const ScratchFile &) = delete;
    ScratchFile &operator=(const ScratchFile &) = delete;

    bool write(const std::string &text) const
    {
        return descriptor_ >= 0 && ::write(descriptor_, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    }
    const char *path() const { return path_; }

private:
    char path_[64];
    int descriptor_;
};

pto_status refuse_file(pto_status status, const std::string &path, const char *why, host::DeviceFailure *failure)
{
    std::snprintf(failure->message, sizeof failure->message, "%.130s %s", path.c_str(), why);
    return status;
}

} // namespace

pto_status ExecutorImage::load(const std::string &folder, Handle stream, uint64_t timeout_ns,
                               host::DeviceFailure *failure)
{
    pto_status status = read_files(folder, failure);
    if (status == PTO_OK)
        status = claim_process(failure);
    if (status == PTO_OK)
        status = bootstrap(stream, timeout_ns, failure);
    if (status == PTO_OK)
        status = find_functions(failure);
    return status;
}

pto_status ExecutorImage::read_files(const std::string &folder, host::DeviceFailure *failure)
{
    const std::string dispatcher_path = folder + "/libpto_dispatcher.so";
    const std::string image_path = folder + "/libpto_onboard_" + arch_ + ".so";
    pto_status status = read_image_file(dispatcher_path, &dispatcher_, failure);
    if (status == PTO_OK)
        status = read_image_file(image_path, &image_, failure);
    if (status != PTO_OK)
        return status;
    if (machine_of(dispatcher_) != EM_AARCH64)
        return refuse_file(PTO_ERROR_INCOMPATIBLE_IMAGE, dispatcher_path, "is no object for aarch64", failure);
    if (machine_of(image_) != EM_AARCH64)
        return refuse_file(PTO_ERROR_INCOMPATIBLE_IMAGE, image_path, "is no object for aarch64", failure);
    build_id_ = build_id_of(image_);
    if (build_id_.empty())
        return refuse_file(PTO_ERROR_INVALID_IMAGE, image_path, "has no build id, by which the device knows it",
                           failure);
    return PTO_OK;
}

/// The vendor takes the first image that a process brings, and no other one.
pto_status ExecutorImage::claim_process(host::DeviceFailure *failure) const
{
    std::string other;
    if (ProcessDevices::instance().claim_image(function_name(build_id_.c_str()), &other))
        return PTO_OK;
    std::snprintf(failure->message, sizeof failure->message,
                  "this process has loaded %.50s, and the vendor loads one image per process: not %.50s", other.c_str(),
                  function_name(build_id_.c_str()).c_str());
    return PTO_ERROR_UNSUPPORTED;
}

pto_status ExecutorImage::bootstrap(Handle stream, uint64_t timeout_ns, host::DeviceFailure *failure)
{
    DeviceBlock dispatcher(session_);
    DeviceBlock image(session_);
    DeviceBlock device_args(session_);
    pto_status status = dispatcher.upload(dispatcher_.data(), dispatcher_.size(), failure);
    if (status == PTO_OK)
        status = image.upload(image_.data(), image_.size(), failure);
    if (status != PTO_OK)
        return status;
    DispatcherBlock block{};
    block.dispatcher = dispatcher.address();
    block.dispatcher_bytes = dispatcher_.size();
    block.device = session_.driver_device();
    block.image = image.address();
    block.image_bytes = image_.size();
    status = device_args.upload(&block, sizeof block, failure);
    if (status != PTO_OK)
        return status;
    BootstrapArgs args{};
    args.block = device_args.address();
    std::snprintf(args.kernel_name, sizeof args.kernel_name, "DynTileFwkKernelServerInit");
    std::snprintf(args.so_name, sizeof args.so_name, "libaicpu_extend_kernels.so");
    Padded<ControlArgs> launch;
    launch.value.data = &args;
    launch.value.size_bytes = sizeof args;
    launch.value.so_name_offset = offsetof(BootstrapArgs, so_name);
    launch.value.kernel_name_offset = offsetof(BootstrapArgs, kernel_name);
    int number =
        session_.f.rtAicpuKernelLaunchExWithArgs(kKernelTypeKfc, kBootstrapOp, 1, &launch.value, nullptr, stream, 0);
    status = session_.check("rtAicpuKernelLaunchExWithArgs", number, failure);
    if (status != PTO_OK)
        return status;
    number = session_.f.aclrtSynchronizeStreamWithTimeout(stream, milliseconds(timeout_ns));
    status = session_.check("aclrtSynchronizeStreamWithTimeout", number, failure);
    if (status != PTO_OK) {
        session_.set_unusable(); // the launch may still read what would be freed
        host::blame(failure, "the image could not be brought to the control CPUs");
    }
    return status;
}

pto_status ExecutorImage::find_functions(host::DeviceFailure *failure)
{
    const ScratchFile file;
    if (!file.write(description())) {
        failure->raw = errno;
        return refuse_file(PTO_ERROR_SYSTEM, file.path(), std::strerror(errno), failure);
    }
    Padded<LoadOption> option{{kOptionCpuKernelMode, kModeJsonOnly, {}}};
    Padded<LoadConfig> config{{&option.value, 1}};
    int number = session_.f.rtsBinaryLoadFromFile(file.path(), &config.value, &binary_);
    pto_status status = session_.check("rtsBinaryLoadFromFile", number, failure);
    for (uint32_t i = 0; i < 2 && status == PTO_OK; i++) {
        number = session_.f.rtsFuncGetByName(binary_, op_type(kFunctions[i]).c_str(), &functions_[i]);
        status = session_.check("rtsFuncGetByName", number, failure);
    }
    return status;
}

void ExecutorImage::unload()
{
    if (binary_ != nullptr && session_.is_usable())
        session_.note("rtsBinaryUnload", session_.f.rtsBinaryUnload(binary_));
    binary_ = nullptr;
}

int ExecutorImage::launch(bool is_run, uint32_t block_count, Handle stream, uint64_t command) const
{
    wire::CommandArgs content{command};
    Padded<FunctionArgs> args;
    args.value.base.data = &content;
    args.value.base.size_bytes = sizeof content;
    const Padded<FunctionLaunchConfig> config;
    return session_.f.rtsLaunchCpuKernel(functions_[is_run ? 1 : 0], block_count, stream, &config.value, &args.value);
}

/// As the dispatcher names the file. Dies that come in pairs share one file system, hence the device.
std::string ExecutorImage::file_name() const
{
    return "libpto_onboard_" + std::string(arch_) + "_" + build_id_ + "_" + std::to_string(session_.driver_device()) +
           ".so";
}

std::string ExecutorImage::function_name(const char *function) const
{
    return "pto_onboard_" + std::string(arch_) + "_" + function;
}

std::string ExecutorImage::op_type(const char *function) const
{
    return function_name(function) + "_" + build_id_ + "_" + std::to_string(session_.driver_device());
}

std::string ExecutorImage::description() const
{
    std::string text = "{\n";
    for (const char *function : kFunctions) {
        text += "  \"" + op_type(function) + "\": {\n    \"opInfo\": {\n      \"functionName\": \"" +
                function_name(function) + "\",\n      \"kernelSo\": \"" + file_name() +
                "\",\n      \"opKernelLib\": \"AICPUKernel\",\n      \"userDefined\": \"False\"\n    }\n  }";
        text += function == kFunctions[0] ? ",\n" : "\n";
    }
    return text + "}\n";
}

} // namespace pto::vendor
