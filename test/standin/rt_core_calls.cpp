// SPDX-License-Identifier: Apache-2.0
// rt*: launches on the cores, and numbers of streams.
#include "vendor_call.hpp"

using namespace standin;

namespace {

constexpr uint32_t kMixMagic = 0x43554245;
constexpr uint32_t kVectorMagic = 0x41415246;

uint64_t digest_of(const void *bytes, uint64_t count)
{
    uint64_t digest = 0xcbf29ce484222325;
    for (uint64_t i = 0; i < count; i++)
        digest = (digest ^ static_cast<const uint8_t *>(bytes)[i]) * 0x100000001b3;
    return digest;
}

/// Sends the image to the device's core process, by way of device memory, unless that has it: a registration outlives
/// the processes. The result of the call, and the image's number there.
int load_image(Call &call, Registration *registration, uint64_t *number)
{
    Device &device = call.device();
    const std::pair<uint32_t, uint64_t> key{device.id(), device.life()};
    const auto found = registration->numbers.find(key);
    if (found != registration->numbers.end()) {
        *number = found->second;
        return kOk;
    }
    const uint64_t count = registration->bytes.size();
    const uint64_t address = device.allocate(count);
    if (address == 0)
        return call.fail(kNoMemory, "%s: no room for the image", call.name());
    device.write(call.lock(), address, registration->bytes.data(), count);
    Message message{};
    message.verb = Verb::kRegister;
    message.address = address;
    message.bytes = count;
    const Message answer = device.cores().call(call.lock(), message);
    device.free(address);
    if (answer.verb == Verb::kGone)
        return call.fail(kPoisoned, "%s: the cores are gone", call.name());
    registration->numbers[key] = *number = answer.value;
    return answer.result == 0 ? kOk : call.violate("%s: %s", call.name(), answer.text);
}

} // namespace

STANDIN_VENDOR(rtRegisterAllKernel)(const void *binary, void **out)
{
    Call call("rtRegisterAllKernel", Needs::kHealth);
    if (call.is_over())
        return call.result();
    if (binary == nullptr || out == nullptr)
        return call.violate("rtRegisterAllKernel without a binary or a place for the handle");
    const auto magic = field<uint32_t>(binary, 0);
    const auto *bytes = field<const void *>(binary, 8);
    const auto count = field<uint64_t>(binary, 16);
    if (magic != kMixMagic)
        return call.violate("rtRegisterAllKernel: magic 0x%08x%s is not that of a mix image", magic,
                            magic == kVectorMagic ? ", of a vector image," : "");
    if (bytes == nullptr || count == 0)
        return call.violate("rtRegisterAllKernel: an image of %llu bytes", static_cast<unsigned long long>(count));
    const uint64_t digest = digest_of(bytes, count);
    if (!world().registered_digests.insert(digest).second)
        return call.violate("rtRegisterAllKernel: this image is registered already: that leaks");
    auto registration = std::make_unique<Registration>();
    const auto *begin = static_cast<const uint8_t *>(bytes);
    registration->bytes.assign(begin, begin + count);
    uint64_t number = 0;
    const int result = load_image(call, registration.get(), &number);
    if (result != kOk) {
        world().registered_digests.erase(digest);
        return result;
    }
    *out = registration.get();
    world().registrations[registration.get()] = std::move(registration);
    return kOk;
}

STANDIN_VENDOR(rtKernelLaunchWithHandleV2)
(void *handle, uint64_t tiling_key, uint32_t blocks, const void *arguments, void *, void *stream_handle, const void *)
{
    Call call("rtKernelLaunchWithHandleV2", Needs::kHealth);
    if (call.is_over())
        return call.result();
    const auto found = world().registrations.find(handle);
    if (found == world().registrations.end())
        return call.violate("rtKernelLaunchWithHandleV2: there is no image %p", handle);
    const auto stream = launch_stream_of(call, stream_handle);
    if (stream == nullptr)
        return call.result();
    if (tiling_key != 0)
        return call.violate("rtKernelLaunchWithHandleV2: the image has no entry for tiling key %llu",
                            static_cast<unsigned long long>(tiling_key));
    if (blocks == 0 || blocks > call.device().chip().usable_clusters)
        return call.violate("rtKernelLaunchWithHandleV2: %u blocks on %u clusters", blocks,
                            call.device().chip().usable_clusters);
    if (arguments == nullptr || field<uint64_t>(arguments, 0) == 0 || field<uint32_t>(arguments, 16) != 8)
        return call.violate("rtKernelLaunchWithHandleV2: the arguments are not one pointer");
    Message message{};
    message.verb = Verb::kLaunch;
    message.blocks = blocks;
    if (load_image(call, found->second.get(), &message.value) != kOk)
        return call.result();
    message.address = field<uint64_t>(field<const void *>(arguments, 0), 0);
    if (call.device().bytes_from(message.address) == 0)
        return call.violate("rtKernelLaunchWithHandleV2: the argument 0x%llx is no address of this device's memory",
                            static_cast<unsigned long long>(message.address));
    bool is_late = false;
    for (const auto &[key, other] : world().streams)
        is_late = is_late || (other->device() == call.shared_device() && other->has_wide_launch());
    if (is_late)
        world().violate("rtKernelLaunchWithHandleV2: the control CPUs were launched before the cores");
    stream->enqueue({message, true, is_late, {}});
    world().totals["core launches"]++;
    return kOk;
}

STANDIN_VENDOR(rtGetC2cCtrlAddr)(uint64_t *address, uint32_t *bytes)
{
    Call call("rtGetC2cCtrlAddr", Needs::kHealth);
    if (call.is_over())
        return call.result();
    if (call.device().arch() != Arch::kA2a3)
        return call.fail(kUnsupported, "rtGetC2cCtrlAddr: this card has no such registers");
    *address = register_base(call.device().id()) + kSyncWindow;
    *bytes = 4096;
    return kOk;
}

STANDIN_VENDOR(rtStreamGetSqid)(const void *handle, uint32_t *out)
{
    Call call("rtStreamGetSqid", Needs::kHealth);
    const auto stream = call.is_over() ? nullptr : stream_of(call, const_cast<void *>(handle));
    if (stream == nullptr)
        return call.result();
    *out = stream->number();
    return kOk;
}

STANDIN_VENDOR(rtStreamGetCqid)(const void *handle, uint32_t *out, uint32_t *logical)
{
    Call call("rtStreamGetCqid", Needs::kHealth);
    const auto stream = call.is_over() ? nullptr : stream_of(call, const_cast<void *>(handle));
    if (stream == nullptr)
        return call.result();
    *out = stream->number();
    *logical = stream->number();
    return kOk;
}
