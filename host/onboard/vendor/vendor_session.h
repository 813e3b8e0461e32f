// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_ONBOARD_VENDOR_VENDOR_SESSION_H
#define PTO_HOST_ONBOARD_VENDOR_VENDOR_SESSION_H

#include "host/onboard/vendor/vendor_api.h"
#include "host/onboard/vendor/vendor_error.h"

#include <atomic>
#include <cstdint>

namespace pto::vendor {

/// One device of the vendor's, for all parts of an open device.
class Session {
public:
    using Log = void (*)(void *user, int32_t level, const char *message);

    Session(uint32_t device, uint32_t driver_device, Log write, void *log_user);
    Session(const Session &) = delete;
    Session &operator=(const Session &) = delete;

    Functions f{};

    /// The logical id, as acl functions count devices.
    int32_t device() const { return static_cast<int32_t>(device_); }
    /// The driver's id, as hal functions count them: those that the process does not see have numbers too.
    uint32_t driver_device() const { return driver_device_; }

    /// Binds the calling thread, whatever it is bound to. The vendor's number.
    int bind();
    /// Whether this session has bound the calling thread, as the last one to do so.
    bool has_bound_thread() const;

    /// True when the call has succeeded; else the error is remembered. Errors of the device make it unusable.
    bool note(const char *function, int number, NumberSpace space = NumberSpace::kRuntime);
    /// The same with a status and a text. What is only a refusal is told and not remembered.
    pto_status check(const char *function, int number, host::DeviceFailure *failure,
                     NumberSpace space = NumberSpace::kRuntime);
    FirstError &first_error() { return first_error_; }

    /// After an error the device is not to be used any more: only a reset helps, and until then nothing of it is freed.
    bool is_usable() const { return is_usable_.load(std::memory_order_acquire); }
    void set_unusable() { is_usable_.store(false, std::memory_order_release); }

    void log(int32_t level, const char *format, ...) const __attribute__((format(printf, 3, 4)));
    void write_log(int32_t level, const char *text) const { log_(log_user_, level, text); }

private:
    const uint64_t serial_; ///< What was bound to the same device before it was reset is not bound any more.
    const uint32_t device_;
    const uint32_t driver_device_;
    const Log log_;
    void *const log_user_;
    FirstError first_error_;
    std::atomic<bool> is_usable_{true};
};

/// Binds the calling thread to a device, as every thread has to be that calls the vendor, and to the one that the
/// program has bound it to afterwards.
class Binding {
public:
    explicit Binding(Session &session);
    ~Binding();
    Binding(const Binding &) = delete;
    Binding &operator=(const Binding &) = delete;

    /// False: the failed call is remembered in the session.
    bool is_bound() const { return number_ == kOk; }
    int number() const { return number_; }

private:
    Session &session_;
    int32_t before_ = -1; ///< -1: there is nothing to go back to.
    int number_ = kOk;
};

} // namespace pto::vendor

#endif
