// SPDX-License-Identifier: Apache-2.0
#include "host/onboard/vendor/vendor_session.h"

#include "posix/static_thread_local.h"

#include <cstdarg>
#include <cstdio>

namespace pto::vendor {
namespace {

std::atomic<uint64_t> last_serial{0};

/// Numbers of this range come from the device, or say that it cannot be reached any more; but for one, which only says
/// that it has not finished.
bool is_fault(int number)
{
    return number >= 507000 && number < 508000 && number != kStreamNotComplete;
}

/// Of the session that has bound this thread last; 0: none has.
PTO_STATIC_THREAD_LOCAL uint64_t bound_serial = 0;

} // namespace

Session::Session(uint32_t device, uint32_t driver_device, Log write, void *log_user)
    : serial_(last_serial.fetch_add(1) + 1), device_(device), driver_device_(driver_device), log_(write),
      log_user_(log_user)
{
}

int Session::bind()
{
    const int number = f.aclrtSetDevice(device());
    bound_serial = number == kOk ? serial_ : 0;
    return number;
}

bool Session::has_bound_thread() const
{
    return bound_serial == serial_;
}

bool Session::note(const char *function, int number, NumberSpace space)
{
    if (number == kOk)
        return true;
    first_error_.note({function, space, number});
    if (space == NumberSpace::kRuntime && is_fault(number))
        set_unusable();
    return false;
}

pto_status Session::check(const char *function, int number, host::DeviceFailure *failure, NumberSpace space)
{
    if (number == kOk)
        return PTO_OK;
    if (space == NumberSpace::kRuntime && is_fault(number))
        note(function, number, space);
    return describe({function, space, number}, failure);
}

void Session::log(int32_t level, const char *format, ...) const
{
    char text[256];
    va_list values;
    va_start(values, format);
    std::vsnprintf(text, sizeof text, format, values);
    va_end(values);
    write_log(level, text);
}

Binding::Binding(Session &session) : session_(session)
{
    int32_t current = -1;
    const bool has_device = session.f.aclrtGetDevice(&current) == kOk;
    if (has_device && current == session.device() && session.has_bound_thread())
        return;
    number_ = session.bind();
    session.note("aclrtSetDevice", number_);
    before_ = has_device && current != session.device() ? current : -1;
}

Binding::~Binding()
{
    if (before_ >= 0)
        session_.f.aclrtSetDevice(before_);
}

} // namespace pto::vendor
