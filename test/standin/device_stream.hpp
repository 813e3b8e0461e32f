// SPDX-License-Identifier: Apache-2.0
// Streams: what is launched on one runs in order, beside what other streams run.
#ifndef PTO_TEST_STANDIN_DEVICE_STREAM_HPP
#define PTO_TEST_STANDIN_DEVICE_STREAM_HPP

#include "device_link.hpp"

namespace standin {

struct Operation {
    Message message;
    bool is_for_cores;
    bool is_late; ///< Cores that were launched after the control CPUs take their time.
    std::chrono::nanoseconds launched{0};
};

class Stream : public std::enable_shared_from_this<Stream> {
public:
    Stream(std::shared_ptr<Device> device, bool is_for_device_only, uint32_t number)
        : device_(std::move(device)), is_for_device_only_(is_for_device_only), number_(number)
    {
    }

    void start();
    void enqueue(const Operation &operation);
    /// Waits until nothing is left to do; negative: for ever.
    int synchronize(std::unique_lock<std::mutex> &lock, int32_t timeout_ms);
    bool is_idle() const { return queue_.empty() && !is_busy_; }
    int error() const { return error_; }
    /// Blocks of control CPUs' launches that have not ended.
    bool has_wide_launch() const;
    void stop();
    bool is_for_device_only() const { return is_for_device_only_; }
    const std::shared_ptr<Device> &device() const { return device_; }
    uint32_t number() const { return number_; }

private:
    static void work(std::shared_ptr<Stream> self);
    int run(std::unique_lock<std::mutex> &lock, const Operation &operation);
    int outcome(const Operation &operation, const Message &answer) const;

    std::shared_ptr<Device> device_;
    bool is_for_device_only_;
    uint32_t number_;
    std::deque<Operation> queue_;
    Operation current_{};
    bool is_busy_ = false;
    std::chrono::nanoseconds last_end_{0};
    bool is_stopped_ = false;
    int error_ = 0;
    bool error_was_told_ = false;
};

} // namespace standin

#endif
