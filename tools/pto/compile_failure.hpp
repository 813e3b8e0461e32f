// SPDX-License-Identifier: Apache-2.0
// Why a source did not compile, and the way out.
#ifndef PTO_TOOL_COMPILE_FAILURE_HPP
#define PTO_TOOL_COMPILE_FAILURE_HPP

#include "compiler.hpp"

#include <string>
#include <string_view>

namespace pto::tool {

/// What compilers say of known causes, as a sentence that says what to do; "" for any other cause. `pto_isa` is the
/// folder of its headers, empty without one.
std::string way_out_of(std::string_view diagnostics, const Compiler &compiler, const std::string &pto_isa);

/// The first lines of what a compiler wrote, each fit for a terminal, and how much is left out.
std::string excerpt_of(std::string_view diagnostics);

} // namespace pto::tool

#endif
