// SPDX-License-Identifier: Apache-2.0
// Where the headers are that sources are compiled with.
#ifndef PTO_TOOL_HEADER_FOLDERS_HPP
#define PTO_TOOL_HEADER_FOLDERS_HPP

#include "compiler.hpp"

namespace pto::tool {

/// Finds our headers, or checks those that the options name, and checks those of pto-isa. Throws Error.
HeaderFolders find_headers(const CompileOptions &options);

} // namespace pto::tool

#endif
