// SPDX-License-Identifier: Apache-2.0
#include "pto/status.h"

#include "pto/pto.h"

namespace {

struct StatusText {
    pto_status status;
    const char *name;
    const char *text;
};

#define PTO_STATUS_TEXT(name, text)                                                                                    \
    {                                                                                                                  \
        name, #name, text                                                                                              \
    }
constexpr StatusText kTexts[] = {
    PTO_STATUS_TEXT(PTO_OK, "Success."),
    PTO_STATUS_TEXT(PTO_PENDING, "The run is not over: wait for it."),
    PTO_STATUS_TEXT(PTO_ERROR_INVALID_ARGUMENT, "An argument is not acceptable: correct the call."),
    PTO_STATUS_TEXT(PTO_ERROR_INVALID_HANDLE, "The handle is NULL, ended or foreign: pass one that this library gave."),
    PTO_STATUS_TEXT(PTO_ERROR_INVALID_CALLABLE_ID, "The callable id is outside 0..63: use one inside."),
    PTO_STATUS_TEXT(PTO_ERROR_NOT_PREPARED, "Nothing is prepared under the callable id: call pto_prepare first."),
    PTO_STATUS_TEXT(PTO_ERROR_ALREADY_PREPARED, "The callable id is taken: release it or use another."),
    PTO_STATUS_TEXT(PTO_ERROR_SIGNATURE_MISMATCH, "Arguments and signature disagree: correct one of them."),
    PTO_STATUS_TEXT(PTO_ERROR_NOT_DEVICE_MEMORY, "The address is not where it should be: allocate with pto_malloc."),
    PTO_STATUS_TEXT(PTO_ERROR_UNSUPPORTED, "This build or this chip does not have that: choose another option."),
    PTO_STATUS_TEXT(PTO_ERROR_BUSY, "Runs are under way: let them end first."),
    PTO_STATUS_TEXT(PTO_ERROR_CANCELLED, "The run was cancelled before it started: submit it again if it is wanted."),
    PTO_STATUS_TEXT(PTO_ERROR_INVALID_IMAGE, "The image is malformed: build it again."),
    PTO_STATUS_TEXT(PTO_ERROR_INCOMPATIBLE_IMAGE, "The image is for another arch or version: build it for this one."),
    PTO_STATUS_TEXT(PTO_ERROR_MISSING_ENTRY, "The shared object lacks the entry: check the symbol's name."),
    PTO_STATUS_TEXT(PTO_ERROR_LOAD_FAILED, "The loader refused the shared object: check how it was linked."),
    PTO_STATUS_TEXT(PTO_ERROR_OUT_OF_HOST_MEMORY, "Host memory ran out: free some."),
    PTO_STATUS_TEXT(PTO_ERROR_OUT_OF_DEVICE_MEMORY, "Device memory ran out: free some or open with more."),
    PTO_STATUS_TEXT(PTO_ERROR_SYSTEM, "The system refused: see the message for its reason."),
    PTO_STATUS_TEXT(PTO_ERROR_UNKNOWN_KERNEL,
                    "A task names a kernel that the callable lacks: add it or correct the id."),
    PTO_STATUS_TEXT(PTO_ERROR_INVALID_TASK, "A task cannot be launched as it is: correct the orchestration."),
    PTO_STATUS_TEXT(PTO_ERROR_INVALID_TENSOR, "A tensor or view cannot be right: correct the orchestration."),
    PTO_STATUS_TEXT(PTO_ERROR_STALE_HANDLE, "A tensor is used outside its life: allocate it in an outer scope."),
    PTO_STATUS_TEXT(PTO_ERROR_SCOPE, "Scopes do not nest: pair each begin with one end."),
    PTO_STATUS_TEXT(PTO_ERROR_CAPACITY, "A capacity was reached: raise the option that the message names."),
    PTO_STATUS_TEXT(PTO_ERROR_DEADLOCK,
                    "Only the end of a scope could free more: end scopes sooner or raise the limit."),
    PTO_STATUS_TEXT(PTO_ERROR_ORCHESTRATION_FATAL, "The orchestration gave up: see its code and message."),
    PTO_STATUS_TEXT(PTO_ERROR_INVALID_COMPLETION, "A kernel deferred its completion wrongly: correct the kernel."),
    PTO_STATUS_TEXT(PTO_ERROR_TIMEOUT, "The run made no progress in time: correct the task named; close the context."),
    PTO_STATUS_TEXT(PTO_ERROR_KERNEL_FAULT, "Device code did what it must not: correct the kernel; close the context."),
    PTO_STATUS_TEXT(PTO_ERROR_DEVICE_FAULTED, "An earlier run faulted the device: close the context."),
    PTO_STATUS_TEXT(PTO_ERROR_INTERNAL, "The library broke its own contract: please report it."),
};
#undef PTO_STATUS_TEXT

const StatusText *find(pto_status status)
{
    for (const StatusText &entry : kTexts)
        if (entry.status == status)
            return &entry;
    return nullptr;
}

} // namespace

const char *pto_status_name(pto_status status)
{
    const StatusText *entry = find(status);
    return entry == nullptr ? "unknown pto_status" : entry->name;
}

const char *pto_status_text(pto_status status)
{
    const StatusText *entry = find(status);
    return entry == nullptr ? "This number is no status of this library." : entry->text;
}

const char *pto_version(void)
{
    return PTO_VERSION_STRING;
}
