// SPDX-License-Identifier: Apache-2.0
// Numbers of the vendor's functions, and which of several is the cause.
#ifndef PTO_HOST_ONBOARD_VENDOR_VENDOR_ERROR_H
#define PTO_HOST_ONBOARD_VENDOR_VENDOR_ERROR_H

#include "host/device_failure.h"
#include "pto/status.h"

#include <mutex>

namespace pto::vendor {

/// Equal numbers mean different things in different libraries.
enum class NumberSpace {
    kRuntime, ///< acl*, aclrt*, rt*, rts*
    kDriver,  ///< hal*
};

/// What is known of a number.
struct ErrorMeaning {
    NumberSpace space;
    int number;
    pto_status status;  ///< Of a run that ends with it.
    bool is_collateral; ///< It follows another error, and says nothing about the cause.
    const char *text;
};

/// Never null: an unknown number has a meaning that says so.
const ErrorMeaning &meaning_of(NumberSpace space, int number);

/// A failed call.
struct CallError {
    const char *function; ///< nullptr: none has failed.
    NumberSpace space;
    int number;
};

/// Which error of a device is told: the first one, but never one that only follows another. Any thread may note.
class FirstError {
public:
    /// Remembers a failed call, unless there is a better one.
    void note(const CallError &error);
    CallError get() const;
    void reset();

private:
    mutable std::mutex mutex_;
    CallError error_{};
};

/// "aclrtMalloc: 207001, out of memory, or ..."; the number is the failure's raw one. Returns the status for a request
/// that was refused.
pto_status describe(const CallError &error, host::DeviceFailure *failure);

} // namespace pto::vendor

#endif
