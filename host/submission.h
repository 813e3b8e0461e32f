// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_SUBMISSION_H
#define PTO_HOST_SUBMISSION_H

#include "host/run.h"

#include <optional>

namespace pto::host {

/// What the handle of a submitted run consists of.
struct RunName {
    uint32_t context_slot; ///< Where the context is in the table of contexts.
    uint32_t slot;         ///< Where the run is among those of its context.
    uint64_t serial;       ///< Tells those apart that have been there.
};

/// A submitted run with all that it owns. The context's lock guards the state; the thread that moved it to kStaging or
/// kRunning has the run in hand until it moves it on.
///
///     kStaging -> kWaiting -> kRunning -> kOver
///        ^------------'
///
/// kStaging: on the thread of the call or, in its turn, on the runner. kWaiting -> kOver: cancelled.
struct Submission {
    enum class State { kStaging, kWaiting, kRunning, kOver };

    explicit Submission(Allocator &allocator) : tensors(&allocator), scalars(&allocator) {}

    std::pmr::vector<pto_tensor> tensors; ///< Copies of the arguments; they keep their capacity.
    std::pmr::vector<uint64_t> scalars;
    std::optional<Run> run;
    pto_run_result result;
    pto_error error; ///< Why the run has failed.
    State state = State::kOver;
    bool cancel_requested = false; ///< While it is being staged.
    uint32_t slot = 0;
    uint64_t serial = 0;             ///< 0: nobody has a handle.
    Submission *next_free = nullptr; ///< Of the pool.
    std::condition_variable changed; ///< The run is over, or the handle has ended.
};

/// The submissions of a context and their handles. The context's lock guards it.
class SubmissionPool {
public:
    explicit SubmissionPool(Allocator &allocator) : allocator_(allocator), all_(&allocator) {}
    ~SubmissionPool();
    SubmissionPool(const SubmissionPool &) = delete;
    SubmissionPool &operator=(const SubmissionPool &) = delete;

    /// A submission with copies of the arguments, which `request` names from now on; nullptr when PTO_MAX_RUNS are
    /// taken. Nothing has changed when it throws std::bad_alloc.
    Submission *take(RunRequest *request);
    void give_back(Submission &submission);

    /// From now on there is a handle.
    static void publish(Submission &submission);
    /// nullptr for a handle that has ended or is none of this context's.
    Submission *find(uint32_t slot, uint64_t serial) const;

private:
    Submission *grow();

    Allocator &allocator_;
    std::pmr::vector<Submission *> all_; ///< By slot.
    Submission *free_ = nullptr;
};

} // namespace pto::host

#endif
