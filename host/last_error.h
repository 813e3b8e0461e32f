// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_LAST_ERROR_H
#define PTO_HOST_LAST_ERROR_H

#include "engine/wire/run_blocks.h"
#include "host/device_failure.h"
#include "pto/pto.h"

namespace pto::host {

/// Makes a failure this thread's last error and returns its status.
pto_status fail(pto_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// The same for a failure that is about a callable.
pto_status fail_callable(pto_status status, int32_t callable_id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/// The same for what a device reported of a run. `kernel` is the name of the kernel involved, "" when there is none.
pto_status fail_run(int32_t callable_id, const wire::ErrorRecord &record, const char *kernel);

/// While it lives, failures of this thread are about a chip: pto_error.device.
class ErrorDevice {
public:
    explicit ErrorDevice(int32_t device_index);
    ~ErrorDevice();
    ErrorDevice(const ErrorDevice &) = delete;
    ErrorDevice &operator=(const ErrorDevice &) = delete;

private:
    int32_t outer_;
};

/// Adds the system's or vendor's number to the last error.
void set_raw_detail(int64_t raw);

/// Adds what a device says of a failure to the last error, which has just been made, and returns `status`.
pto_status add_cause(pto_status status, const DeviceFailure &cause);

/// This thread's last error.
const pto_error &last_error();
/// Makes a failure that was kept this thread's last error.
void restore_last_error(const pto_error &error);

/// Keeps failures that this thread gets over to itself: afterwards its last error is the one from before.
class LastErrorScope {
public:
    LastErrorScope() : before_(last_error()) {}
    ~LastErrorScope() { restore_last_error(before_); }
    LastErrorScope(const LastErrorScope &) = delete;
    LastErrorScope &operator=(const LastErrorScope &) = delete;

private:
    const pto_error before_;
};

} // namespace pto::host

#endif
