// SPDX-License-Identifier: Apache-2.0
// `pto run`: a `.pto` file on files and numbers.
#ifndef PTO_TOOL_COMMAND_RUN_HPP
#define PTO_TOOL_COMMAND_RUN_HPP

#include "compare.hpp"
#include "run_binding.hpp"
#include "tool_error.hpp"

#include <string>

namespace pto::tool {

struct RunRequest {
    std::string image;
    RunArguments arguments;
    Tolerance tolerance;
    std::string arch; ///< Empty: the image's.
    uint64_t repeat = 1;
    double timeout_s = 0; ///< 0: the library's.
    bool with_stats = false;
};

struct RunOutcome {
    std::string text;
    ExitCode exit_code = kExitOk; ///< kExitOk or kExitMismatch.
};

/// Runs, compares and writes the results. Throws Error; then no result file is written.
RunOutcome run(const RunRequest &request);

} // namespace pto::tool

#endif
