// SPDX-License-Identifier: Apache-2.0
// The order of runs. Each call takes a turn at the end of the queue; the first one has the device. pto_run waits for
// its turn and takes it on the thread of the call, so without other runs it goes straight through. Submitted runs are
// taken by one thread of the context, the runner. Staging needs no turn: a run that comes while others are under way is
// staged at once, into a set of its own, unless an earlier one still has to write what it reads.
#include "host/context.h"
#include "host/last_error.h"

#include <chrono>
#include <pthread.h>
#include <system_error>

namespace pto::host {
namespace {

/// A time limit is for all launches of a run together, which takes the clock too.
RunRequest request_of(int32_t callable_id, const pto_args &args, const pto_run_options &options, bool is_result_wanted)
{
    const bool is_timed = is_result_wanted || options.timeout_ns != 0;
    return {callable_id,        args.tensor_count, args.scalar_count,      nullptr, args.tensors, args.scalars,
            options.timeout_ns, is_timed,          is_timed ? now_ns() : 0};
}

/// Longer waits have no end: no clock reaches it.
constexpr int64_t kLongestWaitNs = INT64_MAX / 4;

pto_status fail_ended()
{
    return fail(PTO_ERROR_INVALID_HANDLE, "the run has been waited for, or is none");
}

} // namespace

// ---- the order -----------------------------------------------------------------------------------------------------

/// Puts a run at the end, with a staging set if it may be staged already.
void Context::enter(Run &run)
{
    const bool stage_now = may_stage_now(run);
    turns_.push(run.turn);
    run.callable().runs_under_way++;
    if (stage_now)
        run.take_set();
}

/// One set is kept for the first run, which so never waits for a set of runs that wait for it.
bool Context::may_stage_now(const Run &run) const
{
    const Turn *first = turns_.first();
    if (first == nullptr)
        return true;
    const bool first_has_one =
        first->run != nullptr && &first->run->callable() == &run.callable() && first->run->has_set();
    if (run.callable().taken_sets() - (first_has_one ? 1 : 0) >= kStagingSets - 1)
        return false;
    for (const Turn *earlier = first; earlier != nullptr; earlier = earlier->next)
        if (earlier->run != nullptr && run.reads_what_is_written_by(*earlier->run))
            return false;
    return true;
}

/// Ends a turn, or gives up a place, and wakes whoever is first now.
void Context::leave(Turn &turn)
{
    turns_.remove(turn);
    Turn *first = turns_.first();
    if (first == nullptr)
        return;
    if (first->submission != nullptr)
        runner_wake_.notify_one();
    else if (first->arrived != nullptr)
        first->arrived->notify_one();
}

void Context::leave(Run &run, pto_status status)
{
    if (run.is_accepted() && status != PTO_ERROR_CANCELLED) {
        runs_++;
        failed_runs_ += status == PTO_OK ? 0 : 1;
    }
    run.give_back_set();
    run.callable().runs_under_way--;
    leave(run.turn);
}

void Context::wait_for_turn(Turn &turn, Lock &lock)
{
    if (turns_.first() == &turn)
        return;
    std::condition_variable arrived;
    turn.arrived = &arrived;
    arrived.wait(lock, [&] { return turns_.first() == &turn; });
    turn.arrived = nullptr;
}

/// For a run that has a set and waits for its turn.
void Context::stage_ahead(Run &run, Lock &lock)
{
    lock.unlock();
    const bool is_staged = run.stage_ahead();
    lock.lock();
    if (!is_staged)
        run.give_back_set();
}

/// Without the lock, on the thread whose turn it is.
pto_status Context::stage_in_turn(Run &run)
{
    if (!is_healthy())
        return fail_callable(PTO_ERROR_DEVICE_FAULTED, run.callable_id(),
                             "an earlier run faulted the device: close the context");
    if (run.is_staged())
        return PTO_OK;
    const pto_status status = run.stage();
    if (status != PTO_ERROR_OUT_OF_DEVICE_MEMORY)
        return status;
    {
        const std::lock_guard lock(mutex_);
        if (!trim_staging())
            return status;
    }
    return run.stage();
}

bool Context::trim_staging()
{
    bool has_trimmed = false;
    for (PreparedCallable *callable : callables_)
        has_trimmed = (callable != nullptr && callable->trim_sets()) || has_trimmed;
    return has_trimmed;
}

void Context::begin_copy(Turn &turn, Lock &lock)
{
    turns_.push(turn);
    wait_for_turn(turn, lock);
    lock.unlock();
}

void Context::end_copy(Turn &turn, Lock &lock)
{
    lock.lock();
    leave(turn);
}

// ---- pto_run -------------------------------------------------------------------------------------------------------

pto_status Context::check_runnable(RunRequest *request)
{
    pto_status status = check_id(request->callable_id);
    if (status == PTO_OK)
        status = check_prepared(request->callable_id);
    if (status != PTO_OK)
        return status;
    request->callable = callables_[request->callable_id];
    if (!is_healthy())
        return fail_callable(PTO_ERROR_DEVICE_FAULTED, request->callable_id,
                             "an earlier run faulted the device: close the context");
    return PTO_OK;
}

pto_status Context::run(int32_t callable_id, const pto_args &args, const pto_run_options &options,
                        pto_run_result &result, bool is_result_wanted)
{
    RunRequest request = request_of(callable_id, args, options, is_result_wanted);
    Lock lock(mutex_);
    pto_status status = check_runnable(&request);
    if (status != PTO_OK)
        return status;
    Run run(*this, request, result);
    status = run.check();
    if (status == PTO_OK) {
        enter(run);
        if (turns_.first() != &run.turn) {
            if (run.has_set())
                stage_ahead(run, lock);
            wait_for_turn(run.turn, lock);
            run.end_waiting();
        }
        if (!run.has_set())
            run.take_set();
        lock.unlock();
        status = stage_in_turn(run);
        if (status == PTO_OK)
            status = run.execute();
        lock.lock();
        leave(run, status);
    }
    run.end(status);
    return status;
}

// ---- submitted runs ------------------------------------------------------------------------------------------------

pto_status Context::submit(int32_t callable_id, const pto_args &args, const pto_run_options &options, RunName *name)
{
    RunRequest request = request_of(callable_id, args, options, true);
    Lock lock(mutex_);
    pto_status status = check_runnable(&request);
    if (status == PTO_OK) {
        pto_run_result unused{};
        status = Run(*this, request, unused).check();
    }
    if (status == PTO_OK)
        status = start_runner();
    if (status != PTO_OK)
        return status;
    Submission *submission = submissions_.take(&request);
    if (submission == nullptr)
        return fail_callable(PTO_ERROR_BUSY, callable_id,
                             "PTO_MAX_RUNS: %d runs have been submitted and not been waited for", PTO_MAX_RUNS);
    Run &run = submission->run.emplace(*this, request, submission->result);
    run.turn.submission = submission;
    run.turn.is_ready = false;
    run.accept();
    enter(run);
    if (run.has_set())
        stage_ahead(run, lock);
    submission->state = Submission::State::kWaiting;
    run.turn.is_ready = true;
    SubmissionPool::publish(*submission);
    if (turns_.first() == &run.turn)
        runner_wake_.notify_one();
    name->slot = submission->slot;
    name->serial = submission->serial;
    return PTO_OK;
}

pto_status Context::start_runner()
{
    if (runner_.joinable())
        return PTO_OK;
    try {
        runner_ = std::thread(&Context::runner_main, this);
    } catch (const std::system_error &error) {
        fail(PTO_ERROR_SYSTEM, "the thread for submitted runs cannot be started: %s", error.what());
        set_raw_detail(error.code().value());
        return PTO_ERROR_SYSTEM;
    }
    return PTO_OK;
}

/// Returns when all submitted runs are over.
void Context::stop_runner()
{
    {
        const std::lock_guard lock(mutex_);
        is_closing_ = true;
        runner_wake_.notify_one();
    }
    if (runner_.joinable())
        runner_.join();
}

void Context::runner_main()
{
    pthread_setname_np(pthread_self(), "pto-runner");
    const ErrorDevice error_device(device_index_);
    Lock lock(mutex_);
    for (;;) {
        runner_wake_.wait(lock, [&] {
            const Turn *first = turns_.first();
            return first == nullptr ? is_closing_ : first->submission != nullptr && first->is_ready;
        });
        if (turns_.first() == nullptr)
            return;
        take_turn(*turns_.first()->submission, lock);
    }
}

void Context::take_turn(Submission &submission, Lock &lock)
{
    Run &run = *submission.run;
    run.end_waiting();
    if (!run.has_set())
        run.take_set();
    submission.state = Submission::State::kStaging;
    lock.unlock();
    pto_status status = stage_in_turn(run);
    lock.lock();
    if (submission.cancel_requested) {
        end_as_cancelled(submission);
        return;
    }
    if (status == PTO_OK) {
        submission.state = Submission::State::kRunning;
        lock.unlock();
        status = run.execute();
        lock.lock();
    }
    end(submission, status);
}

/// A failure is this thread's last error.
void Context::end(Submission &submission, pto_status status)
{
    if (status != PTO_OK)
        submission.error = last_error();
    leave(*submission.run, status);
    submission.run->end(status);
    submission.state = Submission::State::kOver;
    submission.changed.notify_all();
}

// ---- handles -------------------------------------------------------------------------------------------------------

pto_status Context::poll(const RunName &name)
{
    const std::lock_guard lock(mutex_);
    const Submission *submission = submissions_.find(name.slot, name.serial);
    if (submission == nullptr)
        return fail_ended();
    if (submission->state != Submission::State::kOver)
        return PTO_PENDING;
    if (submission->result.status != PTO_OK)
        restore_last_error(submission->error);
    return submission->result.status;
}

pto_status Context::wait(const RunName &name, int64_t timeout_ns, pto_run_result *result)
{
    Lock lock(mutex_);
    Submission *submission = submissions_.find(name.slot, name.serial);
    if (submission == nullptr)
        return fail_ended();
    const auto is_over = [&] {
        return submission->serial != name.serial || submission->state == Submission::State::kOver;
    };
    if (timeout_ns < 0 || timeout_ns > kLongestWaitNs)
        submission->changed.wait(lock, is_over);
    else if (!submission->changed.wait_for(lock, std::chrono::nanoseconds(timeout_ns), is_over))
        return PTO_PENDING;
    if (submission->serial != name.serial)
        return fail_ended();
    *result = submission->result;
    if (result->status != PTO_OK)
        restore_last_error(submission->error);
    submissions_.give_back(*submission);
    return result->status;
}

pto_status Context::cancel(const RunName &name)
{
    Lock lock(mutex_);
    Submission *submission = submissions_.find(name.slot, name.serial);
    if (submission == nullptr)
        return fail_ended();
    if (submission->state == Submission::State::kWaiting) {
        end_as_cancelled(*submission);
        return PTO_OK;
    }
    if (submission->state != Submission::State::kStaging)
        return fail_callable(PTO_ERROR_BUSY, submission->run->callable_id(), "the run %s",
                             submission->state == Submission::State::kOver ? "is over" : "has started");
    // The runner reads the inputs. Once it is done it finds the request; only then are they the caller's again.
    submission->cancel_requested = true;
    submission->changed.wait(
        lock, [&] { return submission->serial != name.serial || submission->state == Submission::State::kOver; });
    return PTO_OK;
}

void Context::end_as_cancelled(Submission &submission)
{
    const LastErrorScope scope;
    const pto_status status =
        fail_callable(PTO_ERROR_CANCELLED, submission.run->callable_id(), "the run was cancelled before it started");
    end(submission, status);
}

} // namespace pto::host
