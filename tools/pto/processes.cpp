// SPDX-License-Identifier: Apache-2.0
// Every program is the leader of a process group, because compilers are drivers that start others: the group is what a
// signal goes to. Nothing is done in a handler: signals are blocked and waited for.
#include "processes.hpp"

#include "tool_error.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <spawn.h>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>

namespace pto::tool {
namespace {

constexpr int kEndingSignals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

/// What programs get from SIGTERM until SIGKILL.
constexpr time_t kGraceSeconds = 2;

bool is_ignored(int number)
{
    struct sigaction action = {};
    return ::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

/// Our environment, but diagnostics in English, which are read here, and temporary files where they are removed.
std::vector<std::string> environment_for(const Surroundings &surroundings)
{
    std::vector<std::string> variables;
    for (char **variable = environ; *variable != nullptr; variable++) {
        const std::string_view text = *variable;
        if (!text.starts_with("LC_ALL=") && !text.starts_with("TMPDIR="))
            variables.emplace_back(text);
    }
    variables.emplace_back("LC_ALL=C");
    variables.emplace_back("TMPDIR=" + surroundings.temporary_folder);
    return variables;
}

std::vector<char *> pointers_to(std::vector<std::string> &texts)
{
    std::vector<char *> pointers;
    for (std::string &text : texts)
        pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

/// The programs that run now; none of them outlives it.
class RunningPrograms {
public:
    explicit RunningPrograms(const Surroundings &surroundings)
        : signals_(surroundings.signals), environment_(environment_for(surroundings))
    {
    }

    ~RunningPrograms() { end_all(); }

    RunningPrograms(const RunningPrograms &) = delete;
    RunningPrograms &operator=(const RunningPrograms &) = delete;

    size_t count() const { return running_.size(); }

    /// 0, or errno.
    int start(const Command &command, size_t index)
    {
        posix_spawn_file_actions_t files;
        posix_spawnattr_t attributes;
        ::posix_spawn_file_actions_init(&files);
        ::posix_spawnattr_init(&attributes);
        ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, command.output.c_str(),
                                           O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0666);
        ::posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
        ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
        ::posix_spawnattr_setpgroup(&attributes, 0);
        ::posix_spawnattr_setsigmask(&attributes, &signals_.mask_before());
        std::vector<std::string> arguments = command.arguments;
        running_.reserve(running_.size() + 1);
        pid_t process = 0;
        const int error = ::posix_spawnp(&process, arguments[0].c_str(), &files, &attributes,
                                         pointers_to(arguments).data(), pointers_to(environment_).data());
        ::posix_spawnattr_destroy(&attributes);
        ::posix_spawn_file_actions_destroy(&files);
        if (error == 0)
            running_.push_back({process, index});
        return error;
    }

    /// Waits until something has ended, and notes how. Throws Interrupted.
    void wait(std::vector<CommandEnd> &ends)
    {
        while (!collect(ends)) {
            const int number = ::sigwaitinfo(&signals_.awaited(), nullptr);
            if (number > 0 && number != SIGCHLD)
                throw Interrupted{number};
        }
    }

private:
    struct Program {
        pid_t process;
        size_t index;
    };

    bool collect(std::vector<CommandEnd> &ends)
    {
        const size_t before = running_.size();
        std::erase_if(running_, [&](const Program &program) {
            int status = 0;
            if (::waitpid(program.process, &status, WNOHANG) != program.process)
                return false;
            ends[program.index].exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
            ends[program.index].ended_by = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
            return true;
        });
        return running_.size() != before;
    }

    void end_all()
    {
        send_to_all(SIGTERM);
        sigset_t child;
        ::sigemptyset(&child);
        ::sigaddset(&child, SIGCHLD);
        const timespec grace = {kGraceSeconds, 0};
        while (remove_ended() != 0)
            if (::sigtimedwait(&child, nullptr, &grace) < 0 && errno != EINTR)
                break;
        send_to_all(SIGKILL);
        for (const Program &program : running_)
            while (::waitpid(program.process, nullptr, 0) < 0 && errno == EINTR)
                continue;
    }

    /// How many are left.
    size_t remove_ended()
    {
        std::erase_if(running_, [](const Program &program) {
            return ::waitpid(program.process, nullptr, WNOHANG) == program.process;
        });
        return running_.size();
    }

    void send_to_all(int number)
    {
        for (const Program &program : running_)
            ::kill(-program.process, number);
    }

    const SignalGuard &signals_;
    std::vector<std::string> environment_;
    std::vector<Program> running_;
};

bool needs_quotes(const std::string &argument)
{
    static constexpr std::string_view kPlain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./,:@%";
    return argument.empty() || argument.find_first_not_of(kPlain) != std::string::npos;
}

} // namespace

/// A signal that is ignored, as under nohup, stays so: while it is blocked, the system would queue it all the same.
SignalGuard::SignalGuard()
{
    sigset_t blocked;
    ::sigemptyset(&blocked);
    ::sigemptyset(&awaited_);
    ::sigaddset(&blocked, SIGPIPE);
    for (const int number : {SIGCHLD, kEndingSignals[0], kEndingSignals[1], kEndingSignals[2], kEndingSignals[3]})
        if (number == SIGCHLD || !is_ignored(number)) {
            ::sigaddset(&blocked, number);
            ::sigaddset(&awaited_, number);
        }
    // Of programs whose parent ignores their end nothing is left to be asked for.
    struct sigaction action = {};
    action.sa_handler = SIG_DFL;
    ::sigaction(SIGCHLD, &action, &child_action_before_);
    ::sigprocmask(SIG_BLOCK, &blocked, &mask_before_);
}

SignalGuard::~SignalGuard()
{
    ::sigaction(SIGCHLD, &child_action_before_, nullptr);
    ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
}

std::vector<CommandEnd> run_commands(std::span<const Command> commands, unsigned limit,
                                     const Surroundings &surroundings)
{
    std::vector<CommandEnd> ends(commands.size());
    RunningPrograms running(surroundings);
    const auto has_failed = [&] { return std::ranges::any_of(ends, &CommandEnd::has_failed); };
    for (size_t next = 0; next < commands.size() && !has_failed(); next++) {
        ends[next].start_error = running.start(commands[next], next);
        ends[next].has_run = ends[next].start_error == 0;
        while (running.count() >= std::max(limit, 1U))
            running.wait(ends);
    }
    while (running.count() != 0)
        running.wait(ends);
    return ends;
}

std::string command_text(const Command &command)
{
    std::string text;
    for (const std::string &argument : command.arguments) {
        text += text.empty() ? "" : " ";
        if (!needs_quotes(argument)) {
            text += argument;
            continue;
        }
        text += '\'';
        for (const char c : argument)
            text += c == '\'' ? std::string("'\\''") : std::string(1, c);
        text += '\'';
    }
    return text;
}

} // namespace pto::tool
