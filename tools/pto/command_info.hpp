// SPDX-License-Identifier: Apache-2.0
// `pto info`: what is in a `.pto` file.
#ifndef PTO_TOOL_COMMAND_INFO_HPP
#define PTO_TOOL_COMMAND_INFO_HPP

#include <string>

namespace pto::tool {

struct InfoRequest {
    std::string path;
    bool as_json = false;
};

/// The text to print. Throws Error.
std::string info(const InfoRequest &request);

} // namespace pto::tool

#endif
