// SPDX-License-Identifier: Apache-2.0
// rt*: launches on the control CPUs.
#include "binary_config.hpp"
#include "vendor_call.hpp"

#include <cstdio>
#include <fstream>
#include <sstream>

using namespace standin;

namespace {

// Offsets in the vendor's structs.
enum : std::size_t {
    kArgsPointer = 0,
    kArgsSize = 24,
    kArgsSoName = 32,
    kArgsKernelName = 36,
    kArgsOnDeviceFlag = 40,
    kConfigOptions = 0,
    kConfigCount = 8,
    kOptionId = 0,
    kOptionValue = 4,
    kOptionBytes = 20,
};
constexpr int32_t kCpuKernelMode = 3;
constexpr uint32_t kKernelTypeKfc = 5;
constexpr uint32_t kNameSlot = 32;

/// Copies the arguments into the message: the caller's are free when the call returns.
bool take_arguments(Call &call, const void *arguments, Message *message)
{
    const auto pointer = field<uint64_t>(arguments, kArgsPointer);
    const auto bytes = field<uint32_t>(arguments, kArgsSize);
    if (pointer == 0 || bytes == 0 || bytes > kMaxArgBytes) {
        call.violate("%s: %u bytes of arguments", call.name(), bytes);
        return false;
    }
    message->arg_bytes = bytes;
    const bool is_on_device = field<uint8_t>(arguments, kArgsOnDeviceFlag) != 0;
    const bool is_device_range = pointer >= kMemoryBase && pointer < kMemoryBase + kMaxDevices * kMemoryStride;
    if (is_on_device != is_device_range) {
        call.violate("%s: arguments at 0x%llx are not where their flag says", call.name(),
                     static_cast<unsigned long long>(pointer));
        return false;
    }
    message->address = pointer;
    if (is_on_device)
        message->flags |= kArgsOnDevice;
    else
        std::memcpy(message->args, reinterpret_cast<const void *>(pointer), bytes);
    return true;
}

void launch(Stream &stream, const Message &message)
{
    stream.enqueue({message, false, false, {}});
    world().totals["launches"]++;
}

/// The zero-terminated name in a slot of the arguments; empty if there is none.
std::string name_in(const Message &message, uint32_t offset)
{
    if (offset >= message.arg_bytes)
        return {};
    const auto *text = reinterpret_cast<const char *>(message.args) + offset;
    const std::size_t length = strnlen(text, message.arg_bytes - offset);
    return offset + length < message.arg_bytes ? std::string(text, length) : std::string();
}

} // namespace

STANDIN_VENDOR(rtAicpuKernelLaunchExWithArgs)
(uint32_t type, const char *op, uint32_t blocks, const void *arguments, void *, void *handle, uint32_t)
{
    Call call("rtAicpuKernelLaunchExWithArgs", Needs::kHealth);
    if (call.is_over())
        return call.result();
    const auto stream = launch_stream_of(call, handle);
    Message message{};
    message.verb = Verb::kLaunch;
    message.blocks = blocks;
    if (stream == nullptr || arguments == nullptr || !take_arguments(call, arguments, &message))
        return call.is_over() ? call.result() : call.violate("%s without arguments", call.name());
    if (type != kKernelTypeKfc || op == nullptr || std::string(op) != "AST_DYN_AICPU" || blocks != 1)
        return call.violate("%s: kernel type %u, '%s', %u blocks is not how the dispatcher is loaded", call.name(),
                            type, op != nullptr ? op : "", blocks);
    const std::string so = name_in(message, field<uint32_t>(arguments, kArgsSoName));
    const std::string kernel = name_in(message, field<uint32_t>(arguments, kArgsKernelName));
    if (so != "libaicpu_extend_kernels.so" || kernel != "DynTileFwkKernelServerInit")
        return call.violate("%s: there is no kernel '%s' in '%s'", call.name(), kernel.c_str(), so.c_str());
    if (message.arg_bytes < 208 + 3 * kNameSlot || (message.flags & kArgsOnDevice) != 0)
        return call.violate("%s: %u bytes are fewer than the arguments and three names have", call.name(),
                            message.arg_bytes);
    message.flags |= kBootstrap;
    launch(*stream, message);
    world().totals["bootstraps"]++;
    call.device().latch_is_closed = true;
    return kOk;
}

STANDIN_VENDOR(rtsBinaryLoadFromFile)(const char *path, const void *config, void **out)
{
    Call call("rtsBinaryLoadFromFile", Needs::kHealth);
    if (call.is_over())
        return call.result();
    if (path == nullptr || config == nullptr || out == nullptr)
        return call.violate("rtsBinaryLoadFromFile without a path, a configuration or a place for the handle");
    const auto *options = field<const char *>(config, kConfigOptions);
    const auto count = field<uint64_t>(config, kConfigCount);
    if (count != 1 || options == nullptr || field<int32_t>(options, kOptionId) != kCpuKernelMode)
        return call.violate("rtsBinaryLoadFromFile: CPU_KERNEL_MODE is not its only option");
    if (field<int32_t>(options, kOptionValue) != 0)
        return call.fail(kUnsupported, "rtsBinaryLoadFromFile: the stand-in has CPU_KERNEL_MODE 0 only");
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    if (!file)
        return call.fail(kBadParameter, "rtsBinaryLoadFromFile: %s cannot be read", path);
    auto binary = std::make_unique<Binary>();
    binary->device = call.device().id();
    std::string defect = parse_config(text.str(), &binary->functions);
    for (const CpuFunction &function : binary->functions) {
        if (defect.empty())
            defect = so_name_defect(function.so);
        if (defect.empty())
            defect = kernel_name_defect(function.function);
    }
    if (!defect.empty())
        return call.violate("rtsBinaryLoadFromFile: %s: %s", path, defect.c_str());
    *out = binary.get();
    world().binaries[binary.get()] = std::move(binary);
    return kOk;
}

STANDIN_VENDOR(rtsFuncGetByName)(void *handle, const char *name, void **out)
{
    Call call("rtsFuncGetByName", Needs::kHealth);
    if (call.is_over())
        return call.result();
    const auto found = world().binaries.find(handle);
    if (found == world().binaries.end() || name == nullptr || out == nullptr)
        return call.violate("rtsFuncGetByName: there is no binary %p", handle);
    for (CpuFunction &function : found->second->functions)
        if (function.op_type == name) {
            *out = &function;
            return kOk;
        }
    return call.fail(kBadParameter, "rtsFuncGetByName: there is no opType '%s'", name);
}

STANDIN_VENDOR(rtsBinaryUnload)(void *handle)
{
    Call call("rtsBinaryUnload", Needs::kResource);
    if (call.is_over())
        return call.result();
    const auto found = world().binaries.find(handle);
    if (found == world().binaries.end() || found->second->device != call.device().id())
        return call.violate("rtsBinaryUnload: there is no binary %p of this device", handle);
    world().binaries.erase(found);
    return kOk;
}

STANDIN_VENDOR(rtsLaunchCpuKernel)(void *handle, uint32_t blocks, void *stream_handle, const void *, void *arguments)
{
    Call call("rtsLaunchCpuKernel", Needs::kHealth);
    if (call.is_over())
        return call.result();
    const CpuFunction *function = nullptr;
    for (const auto &[key, binary] : world().binaries)
        for (const CpuFunction &candidate : binary->functions)
            if (&candidate == handle && binary->device == call.device().id())
                function = &candidate;
    if (function == nullptr)
        return call.violate("rtsLaunchCpuKernel: there is no function %p on this device", handle);
    const auto stream = launch_stream_of(call, stream_handle);
    Message message{};
    message.verb = Verb::kLaunch;
    message.blocks = blocks;
    if (stream == nullptr || arguments == nullptr || !take_arguments(call, arguments, &message))
        return call.is_over() ? call.result() : call.violate("rtsLaunchCpuKernel without arguments");
    if (blocks == 0)
        return call.violate("rtsLaunchCpuKernel of no block");
    std::snprintf(message.so, sizeof message.so, "%s", function->so.c_str());
    std::snprintf(message.kernel, sizeof message.kernel, "%s", function->function.c_str());
    launch(*stream, message);
    return kOk;
}
