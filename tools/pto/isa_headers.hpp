// SPDX-License-Identifier: Apache-2.0
// Which headers of pto-isa sources are compiled with.
#ifndef PTO_TOOL_ISA_HEADERS_HPP
#define PTO_TOOL_ISA_HEADERS_HPP

#include "processes.hpp"

#include <string>

namespace pto::tool {

/// Says which headers there are in a folder of pto-isa, by the program that every build asks: scripts/isa-identity, or
/// pto-isa-identity beside an installed tool. `scratch` names files that may be written. Throws Error, Interrupted.
std::string identify_headers(const std::string &pto_isa, const std::string &scratch, const Surroundings &surroundings);

/// Whether two identities are of the same contents, whatever git says of them.
bool are_same_contents(const std::string &one, const std::string &other);

} // namespace pto::tool

#endif
