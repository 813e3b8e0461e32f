// SPDX-License-Identifier: Apache-2.0
// `pto import`: a packed ChipCallable to a `.pto` file.
#ifndef PTO_TOOL_COMMAND_IMPORT_HPP
#define PTO_TOOL_COMMAND_IMPORT_HPP

#include <string>

namespace pto::tool {

struct ImportRequest {
    std::string input;
    std::string output;
    std::string name; ///< Empty: the entry's.
    std::string arch; ///< Empty: any.
};

/// Writes the file, all or nothing; the text to print. Throws Error.
std::string import_packed(const ImportRequest &request);

} // namespace pto::tool

#endif
