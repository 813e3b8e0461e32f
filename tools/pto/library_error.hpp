// SPDX-License-Identifier: Apache-2.0
// Failures of the library as errors of the tool.
#ifndef PTO_TOOL_LIBRARY_ERROR_HPP
#define PTO_TOOL_LIBRARY_ERROR_HPP

#include "pto/status.h"

#include "tool_error.hpp"

#include <string>

namespace pto::tool {

/// Throws what pto_last_error() says about the call that has just failed with `status`, and what to do: `remedy`, or
/// what the library says when there is none.
[[noreturn]] void fail_with_last_error(const std::string &what, pto_status status, ExitCode exit_code,
                                       const char *remedy = nullptr);

/// Throws `message`, which may be empty, and what to do about `status`.
[[noreturn]] void fail_with_status(const std::string &what, pto_status status, const char *message, ExitCode exit_code);

} // namespace pto::tool

#endif
