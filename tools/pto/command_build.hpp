// SPDX-License-Identifier: Apache-2.0
// `pto build`: sources to a `.pto` file.
#ifndef PTO_TOOL_COMMAND_BUILD_HPP
#define PTO_TOOL_COMMAND_BUILD_HPP

#include "command_pack.hpp"
#include "compiler.hpp"

#include <cstdint>
#include <string>

namespace pto::tool {

struct BuildRequest {
    PackRequest pack; ///< Its files are sources or shared objects.
    CompileOptions compile;
    std::string depfile; ///< Empty: none.
    std::string keep;    ///< Folder for what is made on the way; empty: a private one that goes away.
    uint32_t jobs = 0;   ///< Compilers at a time; 0: as many as processors.
    bool is_verbose = false;
};

/// Compiles what is a source and packs everything; warnings and commands go to standard error. The text to print.
/// Throws Error, Interrupted.
std::string build(const BuildRequest &request);

} // namespace pto::tool

#endif
