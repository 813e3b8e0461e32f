// SPDX-License-Identifier: Apache-2.0
#include "host/submission.h"

#include "host/handle.h"

namespace pto::host {

static_assert(PTO_MAX_RUNS <= 1u << kRunSlotBits);

SubmissionPool::~SubmissionPool()
{
    for (Submission *submission : all_)
        allocator_.destroy(submission);
}

Submission *SubmissionPool::grow()
{
    if (all_.size() == PTO_MAX_RUNS)
        return nullptr;
    all_.reserve(PTO_MAX_RUNS);
    auto *submission = allocator_.create<Submission>(allocator_);
    submission->slot = static_cast<uint32_t>(all_.size());
    all_.push_back(submission);
    return submission;
}

Submission *SubmissionPool::take(RunRequest *request)
{
    if (free_ == nullptr)
        free_ = grow();
    Submission *submission = free_;
    if (submission == nullptr)
        return nullptr;
    // A submission whose copies find no memory stays where it is: free.
    submission->tensors.assign(request->tensors, request->tensors + request->tensor_count);
    submission->scalars.assign(request->scalars, request->scalars + request->scalar_count);
    request->tensors = submission->tensors.data();
    request->scalars = submission->scalars.data();
    free_ = submission->next_free;
    submission->next_free = nullptr;
    submission->state = Submission::State::kStaging;
    submission->cancel_requested = false;
    submission->result = PTO_RUN_RESULT_INIT;
    return submission;
}

void SubmissionPool::give_back(Submission &submission)
{
    submission.run.reset();
    submission.serial = 0;
    submission.next_free = free_;
    free_ = &submission;
}

void SubmissionPool::publish(Submission &submission)
{
    // One series for the whole process, so that no context continues with the handles of another that has been in its
    // place. At a million runs per second it begins anew after fifty days.
    static std::atomic<uint64_t> series{0};
    do
        submission.serial = (series.fetch_add(1, std::memory_order_relaxed) + 1) & RunHandle::kGenerationMask;
    while (submission.serial == 0);
}

Submission *SubmissionPool::find(uint32_t slot, uint64_t serial) const
{
    return serial != 0 && slot < all_.size() && all_[slot]->serial == serial ? all_[slot] : nullptr;
}

} // namespace pto::host
