// SPDX-License-Identifier: Apache-2.0
// The vendor's optional libraries, as far as the stand-in has them.
#include "vendor_call.hpp"

using namespace standin;

STANDIN_VENDOR(dlog_setlevel)(int, int, int)
{
    Call call("dlog_setlevel", Needs::kNothing);
    if (call.is_over())
        return call.result();
    for (const auto &[id, device] : world().devices)
        if (device->is_open())
            return call.violate("dlog_setlevel after device %u was opened", id);
    return kOk;
}

// HcclResult: 5 is "not supported".
#define STANDIN_WITHOUT(name, number, ...)                                                                             \
    STANDIN_VENDOR(name)(__VA_ARGS__)                                                                                  \
    {                                                                                                                  \
        Call call(#name, Needs::kNothing);                                                                             \
        return call.is_over() ? call.result() : call.fail(number, #name ": not in the stand-in");                      \
    }

STANDIN_WITHOUT(HcclGetRootInfo, 5, void *)
STANDIN_WITHOUT(HcclCommInitRootInfo, 5, uint32_t, const void *, uint32_t, void **)
STANDIN_WITHOUT(HcclBarrier, 5, void *, void *)
STANDIN_WITHOUT(HcclCommDestroy, 5, void *)
STANDIN_WITHOUT(aclnnShmemSdmaStarsQuery, kUnsupported)
STANDIN_WITHOUT(aclnnShmemSdmaStarsQueryGetWorkspaceSize, kUnsupported)

extern "C" __attribute__((visibility("default"))) void *standin_vendor_aclCreateTensor()
{
    Call call("aclCreateTensor", Needs::kInit);
    return nullptr;
}

STANDIN_WITHOUT(aclDestroyTensor, kBadParameter, const void *)
