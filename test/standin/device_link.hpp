// SPDX-License-Identifier: Apache-2.0
// A device process and the socket to it.
#ifndef PTO_TEST_STANDIN_DEVICE_LINK_HPP
#define PTO_TEST_STANDIN_DEVICE_LINK_HPP

#include "standin_world.hpp"

#include <sys/types.h>

namespace standin {

/// What a process inherits; -1: nothing.
struct Inheritance {
    int memory = -1;
    int registers = -1;
    int filesystem = -1;
};

/// The reader's thread starts the process, because a parent-death signal is sent when the thread that forked ends; it
/// reaps the process too. All functions are called with the world's lock.
class DeviceLink : public std::enable_shared_from_this<DeviceLink> {
public:
    explicit DeviceLink(std::vector<std::string> command) : command_(std::move(command)) {}
    DeviceLink(const DeviceLink &) = delete;
    DeviceLink &operator=(const DeviceLink &) = delete;
    ~DeviceLink();

    /// Starts the process and waits until it serves; empty, or what went wrong.
    std::string start(std::unique_lock<std::mutex> &lock, const Inheritance &inheritance);

    /// Sends; the answer is found under the ticket. False when the process is gone.
    bool post(Message &message, uint32_t *ticket);
    /// The answer, if it has come. `kGone` when it will not come.
    bool poll(uint32_t ticket, Message *answer);
    /// post() and waiting. A process that ends meanwhile answers kGone.
    Message call(std::unique_lock<std::mutex> &lock, Message message);

    void kill();
    /// Kills the process and waits until nothing is left of it.
    void stop(std::unique_lock<std::mutex> &lock);

    bool is_alive() const { return is_ready_ && !is_gone_; }
    bool is_gone() const { return is_gone_; }
    pid_t pid() const { return pid_; }
    const Message &greeting() const { return greeting_; }
    const std::string &end() const { return end_; }
    /// Called with the lock for messages without a ticket and for faults.
    std::function<void(const Message &)> on_message;

private:
    static void serve(std::shared_ptr<DeviceLink> self, Inheritance inheritance, int remote);
    void read_messages();
    void reap();

    std::vector<std::string> command_;
    int socket_ = -1;
    pid_t pid_ = -1;
    bool is_ready_ = false;
    bool is_gone_ = false;
    bool is_reaped_ = false;
    uint32_t last_ticket_ = 0;
    std::map<uint32_t, Message> answers_;
    Message greeting_{};
    std::string end_;
};

} // namespace standin

#endif
