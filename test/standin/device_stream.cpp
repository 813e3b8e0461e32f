// SPDX-License-Identifier: Apache-2.0
#include "device_stream.hpp"

#include "standin_device.hpp"

#include <algorithm>
#include <thread>

namespace standin {
namespace {

constexpr std::chrono::milliseconds kLateStart{100};

} // namespace

void Stream::start()
{
    std::thread(work, shared_from_this()).detach();
}

void Stream::enqueue(const Operation &operation)
{
    queue_.push_back(operation);
    queue_.back().launched = world().now();
    world().changed.notify_all();
}

void Stream::stop()
{
    is_stopped_ = true;
    world().changed.notify_all();
}

bool Stream::has_wide_launch() const
{
    if (is_busy_ && !current_.is_for_cores && current_.message.blocks > 1)
        return true;
    for (const Operation &operation : queue_)
        if (!operation.is_for_cores && operation.message.blocks > 1)
            return true;
    return false;
}

void Stream::work(std::shared_ptr<Stream> self)
{
    World &all = world();
    std::unique_lock lock(all.mutex);
    for (;;) {
        all.changed.wait(lock, [&] { return self->is_stopped_ || !self->queue_.empty(); });
        if (self->is_stopped_) {
            self->queue_.clear();
            return;
        }
        self->current_ = self->queue_.front();
        self->queue_.pop_front();
        self->is_busy_ = true;
        // What is behind a failure is dropped.
        if (self->error_ == kOk) {
            const int result = self->run(lock, self->current_);
            if (result != kOk && self->error_ == kOk) {
                self->error_ = result;
                self->device_->poison(result);
            }
        }
        self->is_busy_ = false;
        self->last_end_ = all.now();
        all.changed.notify_all();
    }
}

int Stream::outcome(const Operation &operation, const Message &answer) const
{
    if (answer.verb == Verb::kDone && answer.result == 0)
        return kOk;
    world().last_fault = answer.verb == Verb::kGone
                             ? operation.is_for_cores ? device_->cores().end() : device_->control().end()
                             : answer.text;
    return operation.is_for_cores ? kCoreException : kControlException;
}

int Stream::run(std::unique_lock<std::mutex> &lock, const Operation &operation)
{
    World &all = world();
    DeviceLink &link = operation.is_for_cores ? device_->cores() : device_->control();
    if (operation.is_late)
        all.wait_until(lock, all.now() + kLateStart, [&] { return is_stopped_; });
    if (is_stopped_)
        return kOk;
    Message message = operation.message;
    Message answer{};
    answer.verb = Verb::kGone;
    uint32_t ticket = 0;
    if (!link.post(message, &ticket))
        return device_->is_poisoned() ? kPoisoned : outcome(operation, answer);
    // Its time begins when it could, not when this thread gets round to it.
    const auto deadline = std::max(operation.launched, last_end_) + std::chrono::microseconds(all.op_timeout_us);
    const bool is_over = all.wait_until(lock, deadline, [&] { return is_stopped_ || link.poll(ticket, &answer); });
    if (is_stopped_)
        return kOk;
    if (!is_over) {
        all.last_fault = "the operation took longer than operations may";
        return all.arch == Arch::kA5 ? kInternal : operation.is_for_cores ? kCoreTimeout : kControlTimeout;
    }
    all.changed.wait(lock, [&] { return is_stopped_ || !all.is_held; });
    return is_stopped_ ? kOk : outcome(operation, answer);
}

int Stream::synchronize(std::unique_lock<std::mutex> &lock, int32_t timeout_ms)
{
    World &all = world();
    const auto self = shared_from_this();
    const auto is_done = [&] { return is_stopped_ || is_idle() || error_ != kOk; };
    if (timeout_ms < 0)
        all.changed.wait(lock, is_done);
    else if (!all.wait_until(lock, all.now() + std::chrono::milliseconds(timeout_ms), is_done))
        return kSyncTimeout;
    if (device_->drain_works())
        return kOk;
    if (error_ != kOk && !error_was_told_) {
        error_was_told_ = true;
        return error_;
    }
    return device_->is_poisoned() ? kPoisoned : kOk;
}

} // namespace standin
