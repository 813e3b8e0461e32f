// SPDX-License-Identifier: Apache-2.0
// What a shared object exports.
#ifndef PTO_TOOL_EXPORTED_SYMBOLS_HPP
#define PTO_TOOL_EXPORTED_SYMBOLS_HPP

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace pto::tool {

struct ExportedSymbol {
    std::string name;
    bool is_function = false; ///< Otherwise it is data.
};

/// The defined symbols of a shared object in their order; nothing when it is no ELF file of 64 bits for this machine's
/// byte order, or is damaged.
std::optional<std::vector<ExportedSymbol>> exported_symbols(std::span<const std::byte> file);

} // namespace pto::tool

#endif
