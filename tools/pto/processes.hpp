// SPDX-License-Identifier: Apache-2.0
// Other programs: several at a time, with their output in files, and without a shell.
#ifndef PTO_TOOL_PROCESSES_HPP
#define PTO_TOOL_PROCESSES_HPP

#include <csignal>
#include <span>
#include <string>
#include <vector>

namespace pto::tool {

/// One program to run. It reads nothing; what it writes, to standard output or error, goes to one file.
struct Command {
    std::vector<std::string> arguments; ///< The first one is the program, looked for as a shell does.
    std::string output;
};

/// How a command ended.
struct CommandEnd {
    bool has_run = false; ///< No: an earlier one had failed.
    int start_error = 0;  ///< errno when it could not be started.
    int exit_status = 0;  ///< When it ended on its own.
    int ended_by = 0;     ///< Number of the signal that ended it.

    bool has_failed() const { return start_error != 0 || exit_status != 0 || ended_by != 0; }
};

/// What ends the tool in the midst of its work. It is thrown once the programs that ran have ended, so that everything
/// on the way out is put in order before the process ends by the same signal.
struct Interrupted {
    int signal_number;
};

/// While it lives, signals that end the process wait until `run_commands` asks for them or the guard goes. Make it
/// before whatever has to be put in order.
class SignalGuard {
public:
    SignalGuard();
    ~SignalGuard();
    SignalGuard(const SignalGuard &) = delete;
    SignalGuard &operator=(const SignalGuard &) = delete;

    /// What to wait for: the end of a program, and signals that would end the process.
    const sigset_t &awaited() const { return awaited_; }
    /// The mask for other programs.
    const sigset_t &mask_before() const { return mask_before_; }

private:
    sigset_t awaited_ = {};
    sigset_t mask_before_ = {};
    struct sigaction child_action_before_ = {};
};

/// What the programs are given beside their arguments.
struct Surroundings {
    const SignalGuard &signals;
    std::string temporary_folder; ///< For files of their own.
};

/// Starts the commands in their order, at most `limit` of them at a time. After a failure no other one is started;
/// those that run are waited for, so the first failure in the list does not depend on timing. Throws Interrupted.
std::vector<CommandEnd> run_commands(std::span<const Command> commands, unsigned limit,
                                     const Surroundings &surroundings);

/// The command as a shell takes it.
std::string command_text(const Command &command);

} // namespace pto::tool

#endif
