// SPDX-License-Identifier: Apache-2.0
#include "entry_check.hpp"

#include "exported_symbols.hpp"
#include "file_bytes.hpp"
#include "pto/orch.h"
#include "tool_error.hpp"

#include <algorithm>

namespace pto::tool {
namespace {

constexpr const char *kKernelEntry = "kernel_entry";
constexpr const char *kAdapter = PTO_ORCH_ADAPTER_SYMBOL;
constexpr size_t kNamedFunctions = 8;

using Symbols = std::vector<ExportedSymbol>;

Symbols symbols_of(const std::string &source, const std::string &object)
{
    auto symbols = exported_symbols(read_file(object));
    if (!symbols)
        throw Error(source, "is no shared object (ELF) for this machine, or is damaged");
    return *symbols;
}

const ExportedSymbol *find(const Symbols &symbols, const std::string &name)
{
    const auto found = std::ranges::find(symbols, name, &ExportedSymbol::name);
    return found == symbols.end() ? nullptr : &*found;
}

/// C++ writes the length of a name before it: _Z12kernel_entryPl
bool is_mangled_form(const std::string &symbol, const std::string &name)
{
    return symbol.starts_with("_Z" + std::to_string(name.size()) + name);
}

std::string what_there_is(const Symbols &symbols)
{
    std::string names;
    size_t count = 0;
    for (const ExportedSymbol &symbol : symbols)
        if (!symbol.name.starts_with("_") && symbol.name != kAdapter && ++count <= kNamedFunctions)
            names += (names.empty() ? "" : ", ") + symbol.name;
    if (count > kNamedFunctions)
        names += " and " + std::to_string(count - kNamedFunctions) + " more";
    return names.empty() ? "nothing with a plain name" : names;
}

const ExportedSymbol &require(const std::string &source, const Symbols &symbols, const std::string &name,
                              const std::string &remedy)
{
    if (const ExportedSymbol *symbol = find(symbols, name))
        return *symbol;
    const auto is_mangled = [&](const ExportedSymbol &symbol) { return is_mangled_form(symbol.name, name); };
    if (std::ranges::any_of(symbols, is_mangled))
        throw Error(source, "has '" + name + "' as a C++ function: write extern \"C\" before it");
    throw Error(source, "exports no '" + name + "', but " + what_there_is(symbols) + ": " + remedy);
}

void require_function(const std::string &source, const Symbols &symbols, const std::string &name,
                      const std::string &remedy)
{
    if (!require(source, symbols, name, remedy).is_function)
        throw Error(source, "exports '" + name + "' as data, not as a function");
}

} // namespace

void check_kernel_entry(const std::string &source, const std::string &object)
{
    require_function(source, symbols_of(source, object), kKernelEntry,
                     "a kernel is extern \"C\" void kernel_entry(int64_t *args)");
}

/// An entry that is data describes itself; a function is called through the adapter of the header that declares it.
void check_orchestration_entry(const std::string &source, const std::string &object, const std::string &entry,
                               const std::string &config)
{
    const Symbols symbols = symbols_of(source, object);
    const bool is_function = require(source, symbols, entry, "name its entry with --entry").is_function;
    if (is_function && find(symbols, kAdapter) == nullptr)
        throw Error(source, "has a function '" + entry +
                                "', but does not include pto_orchestration_api.h, through which "
                                "it is called");
    if (!config.empty())
        require_function(source, symbols, config, "name its configuration with --config");
    if (!is_function && !config.empty())
        throw Error(source, "has '" + entry + "' with a signature of its own: it takes no --config");
}

} // namespace pto::tool
