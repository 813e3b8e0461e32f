// SPDX-License-Identifier: Apache-2.0
// `pto status`: what the status codes mean and what to do about them.
#ifndef PTO_TOOL_COMMAND_STATUS_HPP
#define PTO_TOOL_COMMAND_STATUS_HPP

#include <string>

namespace pto::tool {

struct StatusRequest {
    std::string code; ///< A number or a name, with or without PTO_ERROR_ and in any case; "": all of them.
};

/// The text to print. Throws Error.
std::string status(const StatusRequest &request);

} // namespace pto::tool

#endif
