// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_CONTEXT_H
#define PTO_HOST_CONTEXT_H

#include "host/submission.h"

#include <map>
#include <mutex>
#include <thread>

namespace pto::host {

/// An open chip and all that the caller has put on it. Its functions are the C functions of pto/pto.h; they lock, and
/// throw std::bad_alloc only.
///
/// There are two locks. `mutex_` is for the state and held shortly: nothing runs, loads or copies meanwhile. Who may
/// use the device for a run or a copy is decided by the order of turns instead. `setup_mutex_` serialises what loads
/// and unloads, and is taken first.
class Context {
public:
    /// Fills in defaults, checks the options and opens the device. Nothing is left behind on failure.
    static pto_status open(const pto_open_options *options, Context **out);
    static void close(Context *context);

    pto_status malloc(std::size_t size_bytes, uint64_t *out_address);
    pto_status free(uint64_t address);
    pto_status copy_to_device(uint64_t destination, const void *source, std::size_t size);
    pto_status copy_from_device(void *destination, uint64_t source, std::size_t size);

    /// Memory that belongs to a communicator: zero, and not the caller's to free. Does not wait for runs.
    pto_status allocate_window(std::size_t size_bytes, uint64_t *out_address);
    pto_status write_window(uint64_t address, const void *source, std::size_t size);
    void free_window(uint64_t address);
    /// Returns when the runs and copies that were submitted before are over.
    void await_runs();

    pto_status prepare(int32_t callable_id, const pto_callable *callable);
    /// `result` is as PTO_RUN_RESULT_INIT makes it. Its times are filled in only if they are wanted.
    pto_status run(int32_t callable_id, const pto_args &args, const pto_run_options &options, pto_run_result &result,
                   bool is_result_wanted);
    /// Fills in what of the name is the context's to know.
    pto_status submit(int32_t callable_id, const pto_args &args, const pto_run_options &options, RunName *name);
    pto_status poll(const RunName &name);
    pto_status wait(const RunName &name, int64_t timeout_ns, pto_run_result *result);
    pto_status cancel(const RunName &name);
    pto_status release(int32_t callable_id);

    void get_stats(pto_stats *stats);
    pto_status health();

    int32_t device_index() const { return device_index_; }
    /// Whether kernels reach the memory of other contexts.
    bool shares_memory() const { return device_.shares_memory; }

    Context(const pto_open_options &options, const DeviceInterface &device);
    ~Context();
    Context(const Context &) = delete;
    Context &operator=(const Context &) = delete;

private:
    friend class Run;
    using Lock = std::unique_lock<std::mutex>;

    struct Allocation {
        uint64_t size_bytes;
        bool is_window;
    };

    static void log(void *user, int32_t level, const char *message);
    pto_status open_device(const pto_open_options &options);
    bool is_healthy() const { return device_.is_healthy(handle_) && !load_acquire(host_faulted_); }
    pto_status check_build(int32_t callable_id, const pto_callable &callable);
    pto_status check_id(int32_t callable_id) const;
    pto_status check_range(const char *what, uint64_t address, uint64_t size) const;
    pto_status check_host(const char *what, const void *pointer) const;
    pto_status fail_device(pto_status status, int32_t callable_id, const DeviceFailure &failure) const;
    /// Whether the range lies inside one live allocation.
    bool is_allocated(uint64_t address, uint64_t size) const;
    pto_status check_unused(uint64_t address, uint64_t size) const;
    pto_status allocate(std::size_t size_bytes, bool is_window, uint64_t *out_address);
    using Allocations = std::pmr::map<uint64_t, Allocation>;
    void remove(Allocations::iterator allocation);
    pto_status check_prepared(int32_t callable_id) const;
    pto_status install(int32_t callable_id, const pto_callable &callable);
    bool create_recorder();
    void count_graph(bool is_recorded, bool is_replayed);

    // The order of runs and copies.
    void enter(Run &run);
    bool may_stage_now(const Run &run) const;
    void leave(Turn &turn);
    void leave(Run &run, pto_status status);
    void wait_for_turn(Turn &turn, Lock &lock);
    void begin_copy(Turn &turn, Lock &lock);
    void end_copy(Turn &turn, Lock &lock);
    void stage_ahead(Run &run, Lock &lock);
    pto_status stage_in_turn(Run &run);
    bool trim_staging();

    // Submitted runs.
    pto_status check_runnable(RunRequest *request);
    pto_status start_runner();
    void stop_runner();
    void runner_main();
    void take_turn(Submission &submission, Lock &lock);
    void end(Submission &submission, pto_status status);
    void end_as_cancelled(Submission &submission);

    Allocator allocator_;
    const DeviceInterface &device_;
    Device *handle_ = nullptr;
    const int32_t device_index_;
    pto_log_callback log_;
    void *log_user_;
    int32_t log_level_;

    std::mutex setup_mutex_; ///< Guards the images.
    ImageStore images_;
    uint64_t stall_timeout_ns_ = 0;
    std::atomic<bool> host_faulted_{false}; ///< An orchestration on the host had to be taken off its thread.
    GraphRecorder *recorder_ = nullptr;     ///< Used by the run whose turn it is.

    mutable std::mutex mutex_; ///< Guards what follows.
    Allocations allocations_;  ///< By address: what pto_malloc gave, and windows.
    uint64_t allocated_bytes_ = 0;
    PreparedCallable *callables_[PTO_MAX_CALLABLES] = {};
    TurnQueue turns_;
    SubmissionPool submissions_;
    std::thread runner_; ///< From the first submission on.
    std::condition_variable runner_wake_;
    bool is_closing_ = false;
    uint64_t prepares_ = 0;
    uint64_t releases_ = 0;
    uint64_t runs_ = 0;
    uint64_t failed_runs_ = 0;
    uint64_t host_orch_loads_ = 0;
    uint64_t graph_records_ = 0;
    uint64_t graph_replays_ = 0;
};

} // namespace pto::host

#endif
