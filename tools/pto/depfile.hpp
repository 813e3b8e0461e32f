// SPDX-License-Identifier: Apache-2.0
// Depfiles, as compilers write them for Make and Ninja.
#ifndef PTO_TOOL_DEPFILE_HPP
#define PTO_TOOL_DEPFILE_HPP

#include <string>
#include <string_view>
#include <vector>

namespace pto::tool {

/// A path as a depfile has it.
std::string escape_in_depfile(std::string_view path);

/// What the rule in a compiler's depfile depends on, in its order and still escaped.
std::vector<std::string> prerequisites_in_depfile(std::string_view text);

/// A depfile with one rule: each prerequisite, escaped, once.
std::string depfile_text(std::string_view target, const std::vector<std::string> &prerequisites);

} // namespace pto::tool

#endif
