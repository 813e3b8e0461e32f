// SPDX-License-Identifier: Apache-2.0
// The command lines of the commands that make `.pto` files.
#ifndef PTO_TOOL_PACK_OPTIONS_HPP
#define PTO_TOOL_PACK_OPTIONS_HPP

#include "command_build.hpp"
#include "command_pack.hpp"

#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace pto::tool {

/// One value per occurrence, so that a list never swallows the file that follows.
CLI::Option *add_list(CLI::App &command, const char *name, std::vector<std::string> &values, const char *help);

CLI::App *add_pack(CLI::App &app, PackRequest &request);
CLI::App *add_build(CLI::App &app, BuildRequest &request);

} // namespace pto::tool

#endif
