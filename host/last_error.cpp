// SPDX-License-Identifier: Apache-2.0
#include "host/last_error.h"

#include "host/error_table.h"
#include "posix/static_thread_local.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace pto::host {
namespace {

constexpr pto_error kNoError = {PTO_OK, -1, -1, -1, -1, PTO_STALL_NONE, 0, 0, PTO_NO_TASK, 0, 0, 0, -1, 0, {}, {}, {}};

thread_local pto_error thread_error = kNoError;
PTO_STATIC_THREAD_LOCAL int32_t thread_device = -1;

/// Begins this thread's next error.
void clear()
{
    thread_error = kNoError;
    thread_error.device = thread_device;
}

pto_status set(pto_status status, int32_t callable_id, const char *format, va_list values)
{
    clear();
    thread_error.status = status;
    thread_error.callable_id = callable_id;
    std::vsnprintf(thread_error.message, sizeof thread_error.message, format, values);
    return status;
}

} // namespace

pto_status fail(pto_status status, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    set(status, -1, format, values);
    va_end(values);
    return status;
}

pto_status fail_callable(pto_status status, int32_t callable_id, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    set(status, callable_id, format, values);
    va_end(values);
    return status;
}

pto_status fail_run(int32_t callable_id, const wire::ErrorRecord &record, const char *kernel)
{
    clear();
    thread_error.status = record.status;
    thread_error.callable_id = callable_id;
    thread_error.func_id = record.func_id;
    thread_error.core = record.core;
    thread_error.detail = record.detail;
    thread_error.raw = record.raw;
    thread_error.task = record.task;
    thread_error.needed = record.needed;
    thread_error.available = record.available;
    thread_error.held = record.held;
    thread_error.holder = record.holder;
    thread_error.stall = static_cast<int32_t>(record.stall);
    std::snprintf(thread_error.resource, sizeof thread_error.resource, "%s", resource_name(record.resource));
    std::snprintf(thread_error.kernel, sizeof thread_error.kernel, "%s", kernel);
    const char *open = kernel[0] == '\0' ? "" : " [kernel ";
    std::snprintf(thread_error.message, sizeof thread_error.message, "%s%s%s%s", record.message, open, kernel,
                  open[0] == '\0' ? "" : "]");
    return record.status;
}

ErrorDevice::ErrorDevice(int32_t device_index) : outer_(thread_device)
{
    thread_device = device_index;
}

ErrorDevice::~ErrorDevice()
{
    thread_device = outer_;
}

void set_raw_detail(int64_t raw)
{
    thread_error.raw = raw;
}

pto_status add_cause(pto_status status, const DeviceFailure &cause)
{
    thread_error.raw = cause.raw;
    const std::size_t length = std::strlen(thread_error.message);
    if (cause.message[0] != '\0')
        std::snprintf(thread_error.message + length, sizeof thread_error.message - length, ": %s", cause.message);
    return status;
}

const pto_error &last_error()
{
    return thread_error;
}

void restore_last_error(const pto_error &error)
{
    thread_error = error;
}

} // namespace pto::host
