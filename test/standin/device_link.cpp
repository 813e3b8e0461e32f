// SPDX-License-Identifier: Apache-2.0
#include "device_link.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

extern "C" char **environ;

namespace standin {
namespace {

constexpr int kAboveFixedFiles = 64;

/// A copy of the descriptor above those that processes inherit, so that placing one does not close another.
int raised(int file)
{
    return file < 0 ? -1 : fcntl(file, F_DUPFD_CLOEXEC, kAboveFixedFiles);
}

int spawn(const std::vector<std::string> &command, const Inheritance &inheritance, int link, pid_t *out)
{
    const std::pair<int, int> files[] = {{raised(link), kLinkFile},
                                         {raised(inheritance.memory), kMemoryFile},
                                         {raised(inheritance.registers), kRegisterFile},
                                         {raised(inheritance.filesystem), kFilesystemFile}};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    for (const auto &[from, to] : files)
        if (from >= 0)
            posix_spawn_file_actions_adddup2(&actions, from, to);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    std::vector<char *> arguments;
    for (const std::string &argument : command)
        arguments.push_back(const_cast<char *>(argument.c_str()));
    arguments.push_back(nullptr);
    const int failed = posix_spawnp(out, arguments[0], &actions, &attributes, arguments.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    for (const auto &[from, to] : files)
        if (from >= 0)
            close(from);
    return failed;
}

} // namespace

DeviceLink::~DeviceLink()
{
    if (socket_ >= 0)
        close(socket_);
}

std::string DeviceLink::start(std::unique_lock<std::mutex> &lock, const Inheritance &inheritance)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return std::string("socketpair: ") + std::strerror(errno);
    socket_ = pair[0];
    std::thread(serve, shared_from_this(), inheritance, pair[1]).detach();
    // The descriptors belong to the caller: the thread has inherited them to the process once it has a greeting.
    world().changed.wait(lock, [&] { return is_ready_ || is_gone_; });
    return is_gone_ ? end_ : std::string();
}

void DeviceLink::serve(std::shared_ptr<DeviceLink> self, Inheritance inheritance, int remote)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    pid_t pid = -1;
    const int failed = spawn(self->command_, inheritance, remote, &pid);
    close(remote);
    if (failed != 0) {
        const std::lock_guard lock(world().mutex);
        self->end_ = self->command_[0] + " cannot be started: " + std::strerror(failed);
        self->is_gone_ = self->is_reaped_ = true;
        world().changed.notify_all();
        return;
    }
    {
        const std::lock_guard lock(world().mutex);
        self->pid_ = pid;
    }
    self->read_messages();
    self->reap();
}

void DeviceLink::read_messages()
{
    Message message;
    for (;;) {
        const ssize_t got = recv(socket_, &message, sizeof message, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got != static_cast<ssize_t>(sizeof message))
            return;
        const std::lock_guard lock(world().mutex);
        if (message.verb == Verb::kReady) {
            greeting_ = message;
            is_ready_ = true;
        } else {
            if (on_message != nullptr)
                on_message(message);
            if (message.ticket != 0)
                answers_[message.ticket] = message;
        }
        world().changed.notify_all();
    }
}

void DeviceLink::reap()
{
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {}
    const std::lock_guard lock(world().mutex);
    end_ = WIFSIGNALED(status) ? command_.back() + ": killed by signal " + std::to_string(WTERMSIG(status))
                               : command_.back() + ": ended with status " + std::to_string(WEXITSTATUS(status));
    is_gone_ = is_reaped_ = true;
    Message gone{};
    gone.verb = Verb::kGone;
    std::strncpy(gone.text, end_.c_str(), sizeof gone.text - 1);
    if (on_message != nullptr)
        on_message(gone);
    world().changed.notify_all();
}

bool DeviceLink::post(Message &message, uint32_t *ticket)
{
    if (!is_alive())
        return false;
    message.ticket = *ticket = ++last_ticket_;
    ssize_t sent;
    do
        sent = send(socket_, &message, sizeof message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == static_cast<ssize_t>(sizeof message);
}

bool DeviceLink::poll(uint32_t ticket, Message *answer)
{
    const auto found = answers_.find(ticket);
    if (found != answers_.end()) {
        *answer = found->second;
        answers_.erase(found);
        return true;
    }
    if (!is_gone_)
        return false;
    *answer = Message{};
    answer->verb = Verb::kGone;
    return true;
}

Message DeviceLink::call(std::unique_lock<std::mutex> &lock, Message message)
{
    uint32_t ticket = 0;
    Message answer{};
    answer.verb = Verb::kGone;
    if (post(message, &ticket))
        world().changed.wait(lock, [&] { return poll(ticket, &answer); });
    return answer;
}

void DeviceLink::kill()
{
    if (pid_ > 0 && !is_reaped_)
        ::kill(pid_, SIGKILL);
}

void DeviceLink::stop(std::unique_lock<std::mutex> &lock)
{
    on_message = nullptr;
    if (socket_ < 0)
        return;
    kill();
    world().changed.wait(lock, [&] { return is_reaped_; });
}

} // namespace standin
