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
    std::string arch;            ///< Empty: the image's.
    std::string builder;         ///< "device" or "host"; empty: the library's default.
    uint32_t graph_limit = 0;    ///< Host-built graphs to keep; 0: the library's.
    std::string log_level;       ///< Empty: no log.
    std::string target;          ///< "sim" or "onboard"; empty: the library's default.
    std::string image_directory; ///< Of the target "onboard"; empty: the library's default.
    std::string sim_mode;        ///< "fast" or "threads"; empty: the library's default.
    uint64_t repeat = 1;
    double timeout_s = 0;       ///< Longest time of a run; 0: no limit.
    double stall_timeout_s = 0; ///< Longest time without progress; 0: the library's.
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
