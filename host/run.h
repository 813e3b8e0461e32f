// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_RUN_H
#define PTO_HOST_RUN_H

#include "host/clock.h"
#include "host/graph_run.h"
#include "host/prepared_callable.h"
#include "host/turns.h"

namespace pto::host {

class Context;

/// What a run was called with. The arrays outlive the run.
struct RunRequest {
    int32_t callable_id;
    uint32_t tensor_count;
    uint32_t scalar_count;
    PreparedCallable *callable;
    const pto_tensor *tensors;
    const uint64_t *scalars;
    uint64_t timeout_ns;
    bool is_timed;     ///< Somebody wants to know how long it takes. Reading the clock costs more than a small task.
    uint64_t begin_ns; ///< When the call came, if it is timed.
};

/// One run of a prepared callable: check the arguments, stage host tensors in, launch, stage out. What says so needs
/// the context's lock; the rest is called without it by the one thread that has the run in hand.
class Run final : private GraphLauncher {
public:
    /// `result` is filled step by step; all of it is zero before. Its times are filled only in a run that is timed.
    Run(Context &context, const RunRequest &request, pto_run_result &result);
    Run(const Run &) = delete;
    Run &operator=(const Run &) = delete;

    Turn turn;
    int32_t callable_id() const { return request_.callable_id; }
    PreparedCallable &callable() const { return *request_.callable; }

    // With the lock.

    /// Everything that can be refused without touching the device's state.
    pto_status check();
    /// Whether an input must not be read before an earlier run has written it.
    bool reads_what_is_written_by(const Run &earlier) const;
    /// Whether it has a tensor in the allocation of device memory that begins at `address`.
    bool has_tensor_in(uint64_t address, uint64_t size_bytes) const;
    /// A staging set; there must be a free one.
    void take_set();
    void give_back_set();
    bool has_set() const { return set_ != nullptr; }
    bool is_staged() const { return is_staged_; }
    /// Whether it counts as a run: nothing was refused.
    bool is_accepted() const { return is_accepted_; }
    void accept() { is_accepted_ = true; }

    // Without it.

    /// Device copies of host tensors and arguments. Allocates only when a tensor is larger than in every run before.
    pto_status stage();
    /// The same while other runs come first. False, and nothing is said, when it has to be done later.
    bool stage_ahead();
    /// It is the first now, and was not before.
    void end_waiting();
    /// Runs what is staged, then copies out.
    pto_status execute();
    /// Completes the result.
    void end(pto_status status);

private:
    pto_status check_tensor(uint32_t index);
    pto_status check_memory(uint32_t index);
    pto_status check_host_overlap(uint32_t index);
    pto_status reserve();
    pto_status stage_in();
    pto_status stage_out();
    void encode_args();
    std::size_t args_bytes() const;
    /// Decides what the device is to run: the orchestration on the staged arguments.
    pto_status launch();
    void run_device(const wire::LaunchBlock &block, wire::ReportBlock *report);
    void run_graph(HostOrchestration &host, const wire::LaunchBlock &block, wire::ReportBlock *report);
    void launch_graph(const wire::LaunchBlock &block, wire::ReportBlock *report) override;
    void log(int32_t level, const char *message) override;
    void note(const wire::ReportBlock &report);
    uint64_t time_ns() const { return request_.is_timed ? now_ns() : 0; }
    pto_status refuse(pto_status status, uint32_t index, const char *format, ...) __attribute__((format(printf, 4, 5)));

    bool is_host(uint32_t index) const { return request_.tensors[index].address_space == PTO_HOST_MEMORY; }
    bool is_read(uint32_t index) const { return (callable().tensors()[index].direction & PTO_DIR_IN) != 0; }
    bool is_written(uint32_t index) const { return (callable().tensors()[index].direction & PTO_DIR_OUT) != 0; }

    Context &context_;
    const RunRequest request_;
    pto_run_result &result_;
    StagingSet *set_ = nullptr;
    bool is_staged_ = false;
    bool is_accepted_ = false;
    bool has_host_tensors_ = false; ///< Known once it has what it needs on the device.
    uint64_t waits_since_ns_ = 0;   ///< When it was staged ahead.
    uint64_t last_ns_ = 0;          ///< When the latest step ended.
};

} // namespace pto::host

#endif
