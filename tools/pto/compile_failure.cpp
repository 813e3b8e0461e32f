// SPDX-License-Identifier: Apache-2.0
#include "compile_failure.hpp"

#include "text_format.hpp"

#include <algorithm>
#include <vector>

namespace pto::tool {
namespace {

constexpr size_t kExcerptLines = 40;
constexpr size_t kExcerptColumns = 400;
constexpr size_t kNamedSymbols = 8;

constexpr std::string_view kMainHeaderOfPtoIsa = "pto/pto-inst.hpp";

std::vector<std::string_view> lines_of(std::string_view text)
{
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const size_t end = text.find('\n');
        lines.push_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return lines;
}

/// What stands between the two in `line`; "" when they are not there.
std::string_view between(std::string_view line, std::string_view before, std::string_view after)
{
    const size_t at = line.find(before);
    if (at == std::string_view::npos)
        return "";
    line.remove_prefix(at + before.size());
    const size_t end = line.find(after);
    return end == std::string_view::npos ? "" : line.substr(0, end);
}

std::string_view missing_header_in(std::string_view line)
{
    const std::string_view quoted = between(line, "fatal error: '", "' file not found");
    return quoted.empty() ? between(line, "fatal error: ", ": No such file or directory") : quoted;
}

/// The value of an -std that the compiler does not know.
std::string_view unknown_standard_in(std::string_view line)
{
    const std::string_view value = between(line, "invalid value '", "' in '-std=");
    return value.empty() ? between(line, "unrecognized command-line option '-std=", "'") : value;
}

std::string_view undefined_symbol_in(std::string_view line)
{
    const std::string_view symbol = between(line, "undefined reference to `", "'");
    const size_t other = line.find("undefined symbol: ");
    return symbol.empty() && other != std::string_view::npos ? line.substr(other + 18) : symbol;
}

std::string explain_missing_header(std::string_view header, const std::string &pto_isa)
{
    const std::string text = std::string(header) + " is not found: ";
    if (header == kMainHeaderOfPtoIsa || (header.starts_with("pto/") && pto_isa.empty()))
        return text + "name the folder of pto-isa with --pto-isa DIR";
    return text + "name its folder with -I DIR";
}

std::string explain_undefined(const std::vector<std::string_view> &symbols)
{
    std::string text = "it uses what is defined nowhere: ";
    for (size_t i = 0; i < symbols.size() && i < kNamedSymbols; i++)
        text += (i == 0 ? "" : ", ") + std::string(symbols[i]);
    if (symbols.size() > kNamedSymbols)
        text += format(" and %zu more", symbols.size() - kNamedSymbols);
    return text + ": define it in this source, or give the library that has it with --flag -lNAME";
}

} // namespace

std::string way_out_of(std::string_view diagnostics, const Compiler &compiler, const std::string &pto_isa)
{
    std::vector<std::string_view> undefined;
    for (const std::string_view line : lines_of(diagnostics)) {
        if (const std::string_view header = missing_header_in(line); !header.empty())
            return explain_missing_header(header, pto_isa);
        if (const std::string_view standard = unknown_standard_in(line); !standard.empty())
            return compiler.program + " does not know -std=" + std::string(standard) +
                   ": use a newer compiler, such as --compiler clang++-19";
        const bool is_of_pto_isa = !pto_isa.empty() && line.starts_with(pto_isa + "/");
        if (is_of_pto_isa && !compiler.is_clang && line.find("static assertion failed") != std::string_view::npos)
            return "this g++ refuses an assertion of pto-isa: use --compiler clang++-19";
        const std::string_view symbol = undefined_symbol_in(line);
        if (!symbol.empty() && std::ranges::find(undefined, symbol) == undefined.end())
            undefined.push_back(symbol);
    }
    return undefined.empty() ? "" : explain_undefined(undefined);
}

std::string excerpt_of(std::string_view diagnostics)
{
    const std::vector<std::string_view> lines = lines_of(diagnostics);
    const size_t shown = std::min(lines.size(), kExcerptLines);
    std::string text;
    for (size_t i = 0; i < shown; i++) {
        text += printable(lines[i].substr(0, kExcerptColumns));
        text += lines[i].size() > kExcerptColumns ? "...\n" : "\n";
    }
    if (shown < lines.size())
        text += format("(%s more; --keep DIR keeps all of it)\n", count_text(lines.size() - shown, "line").c_str());
    return text;
}

} // namespace pto::tool
