// SPDX-License-Identifier: Apache-2.0
// acl*: streams.
#include "vendor_call.hpp"

using namespace standin;

namespace {

enum StreamFlag : uint32_t { kFastLaunch = 1, kFastSync = 2, kPersistent = 4, kDeviceUseOnly = 0x20 };
constexpr uint32_t kKnownFlags = kFastLaunch | kFastSync | kPersistent | kDeviceUseOnly;

int create(Call &call, void **out, uint32_t flags)
{
    if (out == nullptr || (flags & ~kKnownFlags) != 0)
        return call.violate("%s with flags 0x%x", call.name(), flags);
    const auto stream =
        std::make_shared<Stream>(call.shared_device(), (flags & kDeviceUseOnly) != 0, call.device().stream_number++);
    stream->start();
    *out = stream.get();
    world().streams[stream.get()] = stream;
    return kOk;
}

int synchronize(Call &call, void *handle, int32_t timeout_ms)
{
    if (call.is_over())
        return call.result();
    const auto stream = stream_of(call, handle);
    if (stream == nullptr)
        return call.result();
    if (timeout_ms < -1)
        return call.violate("%s: a timeout of %d ms", call.name(), timeout_ms);
    return stream->synchronize(call.lock(), timeout_ms);
}

} // namespace

STANDIN_VENDOR(aclrtCreateStream)(void **out)
{
    Call call("aclrtCreateStream", Needs::kHealth);
    return call.is_over() ? call.result() : create(call, out, 0);
}

STANDIN_VENDOR(aclrtCreateStreamWithConfig)(void **out, uint32_t, uint32_t flags)
{
    Call call("aclrtCreateStreamWithConfig", Needs::kHealth);
    return call.is_over() ? call.result() : create(call, out, flags);
}

STANDIN_VENDOR(aclrtDestroyStream)(void *handle)
{
    Call call("aclrtDestroyStream", Needs::kResource);
    if (call.is_over())
        return call.result();
    const auto stream = stream_of(call, handle);
    if (stream == nullptr)
        return call.result();
    world().changed.wait(call.lock(), [&] { return stream->is_idle() || stream->error() != kOk; });
    stream->stop();
    world().streams.erase(handle);
    return kOk;
}

STANDIN_VENDOR(aclrtStreamQuery)(void *handle, int *out)
{
    Call call("aclrtStreamQuery", Needs::kThread);
    if (call.is_over())
        return call.result();
    const auto stream = stream_of(call, handle);
    if (stream == nullptr)
        return call.result();
    // COMPLETE 0, NOT_READY 1.
    if (stream->error() != kOk || stream->is_idle()) {
        *out = 0;
        return stream->error() != kOk ? stream->error() : kOk;
    }
    *out = 1;
    return kOk;
}

STANDIN_VENDOR(aclrtSynchronizeStream)(void *handle)
{
    Call call("aclrtSynchronizeStream", Needs::kThread);
    return synchronize(call, handle, -1);
}

STANDIN_VENDOR(aclrtSynchronizeStreamWithTimeout)(void *handle, int32_t timeout_ms)
{
    Call call("aclrtSynchronizeStreamWithTimeout", Needs::kThread);
    return synchronize(call, handle, timeout_ms);
}

STANDIN_VENDOR(aclrtSynchronizeDeviceWithTimeout)(int32_t timeout_ms)
{
    Call call("aclrtSynchronizeDeviceWithTimeout", Needs::kThread);
    if (call.is_over())
        return call.result();
    std::vector<std::shared_ptr<Stream>> streams;
    for (const auto &[handle, stream] : world().streams)
        if (stream->device() == call.shared_device())
            streams.push_back(stream);
    const auto deadline = world().now() + std::chrono::milliseconds(timeout_ms);
    for (const auto &stream : streams) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - world().now()).count();
        const int32_t part = timeout_ms < 0 ? -1 : static_cast<int32_t>(left > 0 ? left : 0);
        const int result = stream->synchronize(call.lock(), part);
        if (result != kOk)
            return result;
    }
    return kOk;
}

STANDIN_VENDOR(aclrtSetStreamFailureMode)(void *handle, uint64_t mode)
{
    Call call("aclrtSetStreamFailureMode", Needs::kHealth);
    if (call.is_over())
        return call.result();
    if (stream_of(call, handle) == nullptr)
        return call.result();
    return mode <= 1 ? kOk
                     : call.violate("aclrtSetStreamFailureMode: there is no mode %llu",
                                    static_cast<unsigned long long>(mode));
}

STANDIN_VENDOR(aclrtGetStreamResLimit)(void *handle, int type, uint32_t *out)
{
    Call call("aclrtGetStreamResLimit", Needs::kThread);
    if (call.is_over())
        return call.result();
    if (stream_of(call, handle) == nullptr)
        return call.result();
    if (type != 0 && type != 1)
        return call.violate("aclrtGetStreamResLimit: there is no resource %d", type);
    *out = call.device().chip().usable_clusters * (type == 0 ? 1 : 2);
    return kOk;
}
