// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_ONBOARD_VENDOR_EXECUTOR_IMAGE_H
#define PTO_HOST_ONBOARD_VENDOR_EXECUTOR_IMAGE_H

#include "host/onboard/vendor/image_files.h"
#include "host/onboard/vendor/vendor_session.h"

namespace pto::vendor {

/// The executor on the control CPUs: a shared object of ours in a process of the vendor's.
class ExecutorImage {
public:
    ExecutorImage(Session &session, const char *arch) : session_(session), arch_(arch) {}
    ~ExecutorImage() { unload(); }
    ExecutorImage(const ExecutorImage &) = delete;
    ExecutorImage &operator=(const ExecutorImage &) = delete;

    /// Brings the image to the device and finds its functions. `stream` is the control CPUs'.
    pto_status load(const std::string &folder, Handle stream, uint64_t timeout_ns, host::DeviceFailure *failure);
    void unload();

    /// Launches a function with the device address of a command. The vendor's number.
    int launch(bool is_run, uint32_t block_count, Handle stream, uint64_t command) const;

private:
    pto_status read_files(const std::string &folder, host::DeviceFailure *failure);
    pto_status claim_process(host::DeviceFailure *failure) const;
    pto_status bootstrap(Handle stream, uint64_t timeout_ns, host::DeviceFailure *failure);
    pto_status find_functions(host::DeviceFailure *failure);
    std::string file_name() const;
    std::string description() const;
    std::string function_name(const char *function) const;
    std::string op_type(const char *function) const;

    Session &session_;
    const char *const arch_;
    FileContent dispatcher_;
    FileContent image_;
    std::string build_id_;
    Handle binary_ = nullptr;
    Handle functions_[2] = {}; ///< For commands, for runs.
};

} // namespace pto::vendor

#endif
