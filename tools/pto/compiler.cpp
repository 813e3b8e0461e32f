// SPDX-License-Identifier: Apache-2.0
#include "compiler.hpp"

#include "file_bytes.hpp"
#include "text_format.hpp"
#include "tool_error.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <string_view>

namespace pto::tool {
namespace {

constexpr std::array<std::string_view, 4> kCxxSuffixes = {".cpp", ".cc", ".cxx", ".C"};

/// These make pto-isa simulate a core, and a kernel for both kinds of cores know which one it is compiled for. A -D or
/// -U of the same name takes the place of one.
constexpr std::string_view kSimulatorMacro = "__CPU_SIM";
constexpr std::string_view kMatrixCoreMacro = "__DAV_CUBE__";
constexpr std::string_view kVectorCoreMacro = "__DAV_VEC__";
/// A core is one thread. Others would not be the core's, and have its thread-local memory once more.
constexpr std::string_view kThreadsMacro = "PTO_CPU_MAX_THREADS=1";

/// The first g++ that needs no prelude for pto-isa.
constexpr unsigned kCompleteGnuMajor = 13;
constexpr const char *kGnuPrelude = "/pto/compat/gnu12_prelude.h";

bool is_cxx_source(const std::string &path)
{
    const std::string suffix = std::filesystem::path(path).extension().string();
    return std::ranges::find(kCxxSuffixes, suffix) != kCxxSuffixes.end();
}

std::string_view name_of_macro(std::string_view definition)
{
    return definition.substr(0, definition.find_first_of("=("));
}

/// Orchestrations need C++17; pto-isa needs C++23, which older compilers call by its working name.
std::string language_standard(const Compiler &compiler, bool is_kernel)
{
    if (!is_kernel)
        return "-std=c++17";
    return compiler.major < (compiler.is_clang ? 17U : 11U) ? "-std=c++2b" : "-std=c++23";
}

void add_macros(std::vector<std::string> &arguments, const CompileUnit &unit, const CompileOptions &options)
{
    const auto is_taken = [&](std::string_view name) {
        return std::ranges::find(options.defines, name, name_of_macro) != options.defines.end() ||
               std::ranges::find(options.undefines, name) != options.undefines.end();
    };
    if (unit.kernel) {
        std::vector<std::string_view> definitions = {kSimulatorMacro, kThreadsMacro};
        if (unit.kernel->core_type != PTO_CORE_ANY)
            definitions.push_back(unit.kernel->core_type == PTO_CORE_AIC ? kMatrixCoreMacro : kVectorCoreMacro);
        for (const std::string_view definition : definitions)
            if (!is_taken(name_of_macro(definition)))
                arguments.push_back("-D" + std::string(definition));
    }
    for (const std::string &name : options.undefines)
        arguments.push_back("-U" + name);
    for (const std::string &definition : options.defines)
        arguments.push_back("-D" + definition);
}

std::string sdma_channels(const std::string &identity)
{
    static constexpr std::string_view kWord = " sdma:";
    const size_t at = identity.find(kWord);
    return at == std::string::npos ? "0" : identity.substr(at + kWord.size());
}

/// As text of the command, so that no cache gives what was compiled with other headers. The object states it, whether
/// or not its source includes our headers.
void add_identity(std::vector<std::string> &arguments, const HeaderFolders &folders)
{
    if (folders.identity.empty())
        return;
    arguments.push_back("-DPTO_BUILD_IDENTITY=\"" + folders.identity + "\"");
    arguments.push_back("-DPTO_SDMA_CHANNELS=" + sdma_channels(folders.identity));
    arguments.emplace_back("-include");
    arguments.push_back(folders.own + "/pto/build_identity.h");
}

/// Those of the user come first. Warnings in the headers of pto-isa are not for its users.
void add_folders(std::vector<std::string> &arguments, const CompileOptions &options, const HeaderFolders &folders)
{
    for (const std::string &folder : options.include_folders)
        arguments.push_back("-I" + folder);
    arguments.push_back("-I" + folders.own);
    arguments.push_back("-I" + folders.own + "/pto/compat");
    if (!folders.pto_isa.empty()) {
        arguments.emplace_back("-isystem");
        arguments.push_back(folders.pto_isa);
    }
}

/// Everything is exported, because entries may not say that they are. Nothing may be left for the loader to find but
/// what the libraries have that are needed.
void add_code_options(std::vector<std::string> &arguments, const Compiler &compiler)
{
    for (const char *option : {"-O2", "-fPIC", "-shared", "-fvisibility=default", "-Wl,-z,defs", "-Wl,--as-needed"})
        arguments.emplace_back(option);
    // Such symbols would be shared between all kernels, and keep them loaded for ever.
    if (!compiler.is_clang)
        arguments.emplace_back("-fno-gnu-unique");
}

/// To a C++ compiler every source is C++ that is not said to be C. Files among the flags are of their own kind again.
void add_source(std::vector<std::string> &arguments, const std::string &source, const CompileOptions &options)
{
    const auto is_file = [](const std::string &flag) { return !flag.starts_with('-'); };
    if (is_cxx_source(source)) {
        arguments.push_back(source);
        return;
    }
    arguments.insert(arguments.end(), {"-x", "c", source});
    if (std::ranges::any_of(options.flags, is_file))
        arguments.insert(arguments.end(), {"-x", "none"});
}

std::optional<unsigned> value_of_macro(const std::string &macros, const std::string &name)
{
    const std::string line = "#define " + name + " ";
    const size_t at = macros.find(line);
    if (at == std::string::npos)
        return std::nullopt;
    unsigned value = 0;
    const char *const begin = macros.data() + at + line.size();
    return std::from_chars(begin, macros.data() + macros.size(), value).ec == std::errc() ? std::optional(value)
                                                                                          : std::nullopt;
}

} // namespace

std::string CompileUnit::role() const
{
    return kernel ? "kernel " + std::to_string(kernel->func_id) : "orchestration";
}

bool is_source(const std::string &path)
{
    return is_cxx_source(path) || std::filesystem::path(path).extension() == ".c";
}

std::optional<Compiler> recognize_compiler(const std::string &program, const std::string &macros)
{
    Compiler compiler;
    compiler.program = program;
    if (const auto clang = value_of_macro(macros, "__clang_major__")) {
        compiler.is_clang = true;
        compiler.major = *clang;
        return compiler;
    }
    const auto gnu = value_of_macro(macros, "__GNUC__");
    compiler.major = gnu.value_or(0);
    return gnu ? std::optional(compiler) : std::nullopt;
}

std::string package_hint(const std::string &program)
{
    const auto is_version = [](std::string_view text) {
        return text.empty() || (text.size() > 1 && text.front() == '-' &&
                                text.find_first_not_of("0123456789", 1) == std::string_view::npos);
    };
    for (const auto &[prefix, package] : {std::pair<std::string_view, std::string>("clang++", "clang"),
                                          std::pair<std::string_view, std::string>("g++", "g++")})
        if (program.starts_with(prefix) && is_version(std::string_view(program).substr(prefix.size())))
            return "apt-get install " + package + program.substr(prefix.size());
    return "";
}

Compiler probe_compiler(const std::string &program, const std::string &scratch, const Surroundings &surroundings)
{
    const std::string macros = scratch + ".macros";
    const std::string log = scratch + ".log";
    const Command command = {{program, "-x", "c++", "-E", "-dM", "-o", macros, "/dev/null"}, log};
    const CommandEnd end = run_commands(std::span(&command, 1), 1, surroundings).front();
    const std::string what = "compiler " + program;
    if (end.start_error != 0) {
        const std::string package = package_hint(program);
        throw Error(what, std::string("cannot be started: ") + std::strerror(end.start_error) + ": " +
                              (package.empty() ? "" : "install it (" + package + " on Debian) or ") +
                              "name another one with --compiler");
    }
    std::optional<Compiler> compiler;
    if (!end.has_failed() && std::filesystem::exists(macros)) {
        const std::vector<std::byte> bytes = read_file(macros);
        compiler = recognize_compiler(program, {reinterpret_cast<const char *>(bytes.data()), bytes.size()});
    }
    if (!compiler)
        throw Error(what, "is no C++ compiler that works as g++ and clang++ do: name another one with --compiler",
                    kExitBadInput, "command: " + command_text(command));
    return *compiler;
}

Command compile_command(const Compiler &compiler, const CompileUnit &unit, const CompileOptions &options,
                        const HeaderFolders &folders)
{
    Command command;
    command.output = unit.log;
    std::vector<std::string> &arguments = command.arguments;
    const bool is_cxx = is_cxx_source(unit.source);
    arguments.push_back(compiler.program);
    if (is_cxx)
        arguments.push_back(language_standard(compiler, unit.kernel.has_value()));
    add_code_options(arguments, compiler);
    add_macros(arguments, unit, options);
    add_folders(arguments, options, folders);
    add_identity(arguments, folders);
    if (is_cxx && unit.kernel && !compiler.is_clang && compiler.major < kCompleteGnuMajor) {
        arguments.emplace_back("-include");
        arguments.push_back(folders.own + kGnuPrelude);
    }
    arguments.insert(arguments.end(), {"-MD", "-MF", unit.depfile, "-MT", "object", "-o", unit.object});
    add_source(arguments, unit.source, options);
    // Last, so that they win, and libraries among them come after what needs them.
    arguments.insert(arguments.end(), options.flags.begin(), options.flags.end());
    return command;
}

} // namespace pto::tool
