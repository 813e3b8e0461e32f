// SPDX-License-Identifier: Apache-2.0
// `pto pack`: shared objects to a `.pto` file.
#ifndef PTO_TOOL_COMMAND_PACK_HPP
#define PTO_TOOL_COMMAND_PACK_HPP

#include "argument_text.hpp"

#include <string>
#include <vector>

namespace pto::tool {

struct PackRequest {
    std::string output;
    std::string orchestration;
    std::string entry;
    std::string config; ///< Function that configures the entry; empty: its default name, if there is one.
    std::string name;   ///< Empty: the entry's.
    std::string arch;   ///< Empty: any.
    std::vector<std::string> kernels;
    std::vector<std::string> params;
};

/// What the texts of a request say, and where the shared objects are.
struct PackInputs {
    std::string orchestration;
    std::vector<KernelSpec> kernels;
    std::vector<ParamSpec> params;
};

/// All of these throw Error.
PackInputs read_pack_request(const PackRequest &request);

/// Refuses what `pack` would refuse whatever the shared objects are; they need not be there.
void check_packable(const PackRequest &request, const PackInputs &inputs);

/// Writes the file, all or nothing; the text to print.
std::string pack(const PackRequest &request, const PackInputs &inputs);
std::string pack(const PackRequest &request);

} // namespace pto::tool

#endif
