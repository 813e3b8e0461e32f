// SPDX-License-Identifier: Apache-2.0
// acl*: memory and copies. Windows for communication are refused.
#include "vendor_call.hpp"

using namespace standin;

namespace {

enum CopyKind : int { kHostToHost = 0, kHostToDevice = 1, kDeviceToHost = 2, kDeviceToDevice = 3 };

uint64_t number(const void *pointer)
{
    return reinterpret_cast<uint64_t>(pointer);
}

bool lies_on_device(const void *pointer)
{
    return number(pointer) >= kMemoryBase && number(pointer) < kMemoryBase + kMaxDevices * kMemoryStride;
}

/// False after recording what is wrong with one side of a copy.
bool check_side(Call &call, const char *side, const void *pointer, uint64_t bytes, bool is_device)
{
    if (lies_on_device(pointer) != is_device) {
        call.violate("%s: the %s %p is not a %s address", call.name(), side, pointer, is_device ? "device" : "host");
        return false;
    }
    if (is_device && call.device().bytes_from(number(pointer)) < bytes) {
        call.violate("%s: the %s %p has no %llu bytes of this device's memory", call.name(), side, pointer,
                     static_cast<unsigned long long>(bytes));
        return false;
    }
    return true;
}

} // namespace

STANDIN_VENDOR(aclrtMalloc)(void **out, size_t bytes, int policy)
{
    Call call("aclrtMalloc", Needs::kHealth);
    if (call.is_over())
        return call.result();
    if (out == nullptr || bytes == 0)
        return call.violate("aclrtMalloc of %zu bytes", bytes);
    if (policy < 0 || policy > 4)
        return call.violate("aclrtMalloc: there is no policy %d", policy);
    const uint64_t address = call.device().allocate(bytes);
    if (address == 0)
        return call.fail(kNoMemory, "aclrtMalloc: no room for %zu bytes", bytes);
    *out = reinterpret_cast<void *>(address);
    return kOk;
}

STANDIN_VENDOR(aclrtFree)(void *pointer)
{
    Call call("aclrtFree", Needs::kResource);
    if (call.is_over())
        return call.result();
    if (!call.device().free(number(pointer)))
        return call.violate("aclrtFree: nothing of this device was allocated at %p", pointer);
    return kOk;
}

STANDIN_VENDOR(aclrtMemcpy)(void *to, size_t room, const void *from, size_t bytes, int kind)
{
    Call call("aclrtMemcpy", Needs::kHealth);
    if (call.is_over())
        return call.result();
    if (kind < kHostToHost || kind > kDeviceToDevice)
        return call.violate("aclrtMemcpy: there is no kind %d", kind);
    if (bytes > room)
        return call.violate("aclrtMemcpy: %zu bytes into a destination of %zu", bytes, room);
    const bool to_device = kind == kHostToDevice || kind == kDeviceToDevice;
    const bool from_device = kind == kDeviceToHost || kind == kDeviceToDevice;
    // The room too must be there.
    if (!check_side(call, "destination", to, to_device ? room : bytes, to_device) ||
        !check_side(call, "source", from, bytes, from_device))
        return call.result();
    Device &device = call.device();
    bool is_done = true;
    if (kind == kHostToHost)
        std::memcpy(to, from, bytes);
    else if (kind == kHostToDevice)
        is_done = device.write(call.lock(), number(to), from, bytes);
    else if (kind == kDeviceToHost)
        is_done = device.read(number(from), to, bytes);
    else
        is_done = device.copy(call.lock(), number(to), number(from), bytes);
    return is_done ? kOk : call.violate("aclrtMemcpy: %p or %p is not %zu bytes of memory", to, from, bytes);
}

STANDIN_VENDOR(aclrtMemset)(void *to, size_t room, int32_t value, size_t bytes)
{
    Call call("aclrtMemset", Needs::kHealth);
    if (call.is_over())
        return call.result();
    if (bytes > room)
        return call.violate("aclrtMemset: %zu bytes into a destination of %zu", bytes, room);
    if (!check_side(call, "destination", to, room, true))
        return call.result();
    return call.device().fill(call.lock(), number(to), static_cast<uint8_t>(value), bytes) ? kOk : kInternal;
}

// ---- windows: not here, and said so

#define STANDIN_REFUSED(name, ...)                                                                                     \
    STANDIN_VENDOR(name)(__VA_ARGS__)                                                                                  \
    {                                                                                                                  \
        Call call(#name, Needs::kHealth);                                                                              \
        return call.is_over() ? call.result() : call.fail(kUnsupported, #name ": not in the stand-in");                \
    }

STANDIN_REFUSED(aclrtMallocPhysical, void **, size_t, const void *, uint64_t)
STANDIN_REFUSED(aclrtFreePhysical, void *)
STANDIN_REFUSED(aclrtMemGetAllocationGranularity, void *, int, size_t *)
STANDIN_REFUSED(aclrtReserveMemAddress, void **, size_t, size_t, void *, uint64_t)
STANDIN_REFUSED(aclrtReleaseMemAddress, void *)
STANDIN_REFUSED(aclrtMapMem, void *, size_t, size_t, void *, uint64_t)
STANDIN_REFUSED(aclrtUnmapMem, void *)
STANDIN_REFUSED(aclrtMemSetAccess, void *, size_t, void *, size_t)
STANDIN_REFUSED(aclrtMemExportToShareableHandle, void *, int, uint64_t, uint64_t *)
STANDIN_REFUSED(aclrtMemImportFromShareableHandle, uint64_t, int32_t, void **)
STANDIN_REFUSED(aclrtMemExportToShareableHandleV2, void *, uint64_t, int, void *)
STANDIN_REFUSED(aclrtMemImportFromShareableHandleV2, void *, int, uint64_t, void **)
