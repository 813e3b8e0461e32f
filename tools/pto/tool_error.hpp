// SPDX-License-Identifier: Apache-2.0
// What every part of the tool throws, and the exit codes of the process.
#ifndef PTO_TOOL_TOOL_ERROR_HPP
#define PTO_TOOL_TOOL_ERROR_HPP

#include <stdexcept>
#include <string>

namespace pto::tool {

enum ExitCode : int {
    kExitOk = 0,
    kExitMismatch = 1,  ///< A golden file differs.
    kExitBadInput = 2,  ///< The command line or a file is wrong.
    kExitRunFailed = 3, ///< The chip could not be opened, or a run ended early.
};

/// A failure: `what: why and what to do`, and sometimes the facts of it. Both may repeat anything that the user or a
/// file said; who prints them makes each of them one line. Details are lines that are fit to print.
class Error : public std::runtime_error {
public:
    Error(const std::string &what, const std::string &why, ExitCode exit_code = kExitBadInput,
          const std::string &facts = "", const std::string &details = "")
        : std::runtime_error(what + ": " + why), exit_code_(exit_code), facts_(facts), details_(details)
    {
    }

    ExitCode exit_code() const { return exit_code_; }

    /// What a run waited for or ran out of, or which command failed; "" for most failures.
    const std::string &facts() const { return facts_; }

    /// What another program said; each line ends with a line feed.
    const std::string &details() const { return details_; }

private:
    ExitCode exit_code_;
    std::string facts_;
    std::string details_;
};

} // namespace pto::tool

#endif
