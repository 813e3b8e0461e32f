// SPDX-License-Identifier: Apache-2.0
// `pto pack`: shared objects to a `.pto` file.
#ifndef PTO_TOOL_COMMAND_PACK_HPP
#define PTO_TOOL_COMMAND_PACK_HPP

#include <string>
#include <vector>

namespace pto::tool {

struct PackRequest {
    std::string output;
    std::string orchestration;
    std::string entry;
    std::string config; ///< Empty: its default name.
    std::string name;   ///< Empty: the entry's.
    std::string arch;   ///< Empty: any.
    std::vector<std::string> kernels;
    std::vector<std::string> params;
};

/// Writes the file, all or nothing; the text to print. Throws Error.
std::string pack(const PackRequest &request);

} // namespace pto::tool

#endif
