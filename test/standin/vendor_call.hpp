// SPDX-License-Identifier: Apache-2.0
// What every vendor function does first: count, injections, order of init and finalize, binding of the thread, health.
#ifndef PTO_TEST_STANDIN_VENDOR_CALL_HPP
#define PTO_TEST_STANDIN_VENDOR_CALL_HPP

#include "standin_device.hpp"

#include <cstring>

/// Implementation of a vendor function; the library that has its name jumps here.
#define STANDIN_VENDOR(name) extern "C" __attribute__((visibility("default"))) int standin_vendor_##name

namespace standin {

enum class Needs {
    kNothing,  ///< May be called at any time.
    kInit,     ///< Between aclInit and aclFinalize.
    kThread,   ///< On a thread that is bound to an open device.
    kHealth,   ///< kThread, and fails on a poisoned card.
    kResource, ///< kThread, and must not be called on a poisoned card: gives a single resource back.
};

class Call {
public:
    Call(const char *name, Needs needs);

    /// The function returns result() without doing anything.
    bool is_over() const { return is_over_; }
    int result() const { return result_; }
    int fail(int result, const char *format, ...) __attribute__((format(printf, 3, 4)));
    /// Records what the caller did wrong.
    int violate(const char *format, ...) __attribute__((format(printf, 2, 3)));

    /// Whether the calling thread is bound to an open device.
    bool has_device() const { return device_ != nullptr; }
    Device &device() { return *device_; }
    const std::shared_ptr<Device> &shared_device() const { return device_; }
    std::unique_lock<std::mutex> &lock() { return lock_; }
    const char *name() const { return name_; }

private:
    bool end(int result);
    bool takes_injection();
    bool is_out_of_order(Needs needs);
    bool has_no_device(Needs needs);

    const char *name_;
    std::unique_lock<std::mutex> lock_;
    std::shared_ptr<Device> device_;
    bool is_over_ = false;
    int result_ = 0;
};

/// Which device the calling thread is bound to.
struct Binding {
    std::shared_ptr<Device> device;
    uint64_t life = 0;
    int32_t logical = -1;
};
Binding &binding();

/// Reads a field of one of the vendor's structs.
template <class T> T field(const void *base, std::size_t offset)
{
    T value;
    std::memcpy(&value, static_cast<const char *>(base) + offset, sizeof value);
    return value;
}

/// The stream behind a handle, of this device; NULL after recording a violation.
std::shared_ptr<Stream> stream_of(Call &call, void *handle);
/// As above, for a launch by the host.
std::shared_ptr<Stream> launch_stream_of(Call &call, void *handle);

} // namespace standin

#endif
