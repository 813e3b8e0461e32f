// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_CONTEXT_H
#define PTO_HOST_CONTEXT_H

#include "host/prepared_callable.h"

#include <map>
#include <mutex>

namespace pto::host {

/// An open chip and all that the caller has put on it. Its functions are the C functions of pto/pto.h; they lock, and
/// throw std::bad_alloc only.
class Context {
public:
    /// Fills in defaults, checks the options and opens the device. Nothing is left behind on failure.
    static pto_status open(const pto_open_options *options, Context **out);
    static void close(Context *context);

    pto_status malloc(std::size_t size_bytes, uint64_t *out_address);
    pto_status free(uint64_t address);
    pto_status copy_to_device(uint64_t destination, const void *source, std::size_t size);
    pto_status copy_from_device(void *destination, uint64_t source, std::size_t size);

    pto_status prepare(int32_t callable_id, const pto_callable *callable);
    pto_status run(int32_t callable_id, const pto_args &args, const pto_run_options &options, pto_run_result *result);
    pto_status release(int32_t callable_id);

    void get_stats(pto_stats *stats);
    pto_status health();

    int32_t device_index() const { return device_index_; }

    Context(const pto_open_options &options, const DeviceInterface &device);
    ~Context();
    Context(const Context &) = delete;
    Context &operator=(const Context &) = delete;

private:
    friend class Run;

    static void log(void *user, int32_t level, const char *message);
    pto_status open_device(const pto_open_options &options);
    pto_status check_id(int32_t callable_id) const;
    pto_status check_range(const char *what, uint64_t address, uint64_t size) const;
    pto_status check_host(const char *what, const void *pointer) const;
    pto_status fail_device(pto_status status, int32_t callable_id, const DeviceFailure &failure) const;
    /// Whether the range lies inside one live allocation.
    bool is_allocated(uint64_t address, uint64_t size) const;

    Allocator allocator_;
    const DeviceInterface &device_;
    Device *handle_ = nullptr;
    const int32_t device_index_;
    pto_log_callback log_;
    void *log_user_;
    int32_t log_level_;

    std::mutex mutex_;
    std::pmr::map<uint64_t, uint64_t> allocations_; ///< Address and size of what pto_malloc gave.
    uint64_t allocated_bytes_ = 0;
    ImageStore images_;
    PreparedCallable *callables_[PTO_MAX_CALLABLES] = {};
    std::byte *args_scratch_ = nullptr; ///< Where a run's arguments are put together.
    uint64_t prepares_ = 0;
    uint64_t releases_ = 0;
    uint64_t runs_ = 0;
    uint64_t failed_runs_ = 0;
};

} // namespace pto::host

#endif
