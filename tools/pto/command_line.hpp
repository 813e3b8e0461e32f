// SPDX-License-Identifier: Apache-2.0
// The command line as requests.
#ifndef PTO_TOOL_COMMAND_LINE_HPP
#define PTO_TOOL_COMMAND_LINE_HPP

#include "command_import.hpp"
#include "command_info.hpp"
#include "command_pack.hpp"
#include "command_run.hpp"
#include "command_status.hpp"

#include <string>
#include <variant>

namespace pto::tool {

struct VersionRequest {};

/// --help: the text is the answer.
struct HelpRequest {
    std::string text;
};

using Request =
    std::variant<HelpRequest, VersionRequest, InfoRequest, PackRequest, ImportRequest, RunRequest, StatusRequest>;

/// Throws Error for anything that is no command line of the tool.
Request parse_command_line(int argc, const char *const *argv);

} // namespace pto::tool

#endif
