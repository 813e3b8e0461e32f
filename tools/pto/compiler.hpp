// SPDX-License-Identifier: Apache-2.0
// C++ compilers: which one it is, and what a source is compiled with.
#ifndef PTO_TOOL_COMPILER_HPP
#define PTO_TOOL_COMPILER_HPP

#include "argument_text.hpp"
#include "processes.hpp"

#include <optional>
#include <string>
#include <vector>

namespace pto::tool {

/// A compiler, from the macros that it predefines.
struct Compiler {
    std::string program;
    bool is_clang = false;
    unsigned major = 0;
};

/// What the user says about compiling.
struct CompileOptions {
    std::string compiler = "g++";
    std::string headers; ///< Folder of our headers; empty: found.
    std::string pto_isa; ///< Folder of pto-isa; empty: none.
    std::vector<std::string> include_folders;
    std::vector<std::string> defines;
    std::vector<std::string> undefines;
    std::vector<std::string> flags;
};

/// One source to compile and link.
struct CompileUnit {
    std::string source;
    std::string object;
    std::string depfile;
    std::string log;
    std::optional<KernelSpec> kernel; ///< None: the orchestration.

    /// "kernel 3" or "orchestration"
    std::string role() const;
};

/// Whether the file is compiled; any other one is a shared object.
bool is_source(const std::string &path);

/// Asks the compiler what it is. `scratch` names files that may be written. Throws Error, Interrupted.
Compiler probe_compiler(const std::string &program, const std::string &scratch, const Surroundings &surroundings);

/// The compiler from the output of a dump of its macros; nothing when it is none that we know.
std::optional<Compiler> recognize_compiler(const std::string &program, const std::string &macros);

/// "apt-get install clang-19" for "clang++-19"; "" when no package of Debian has that name's program.
std::string package_hint(const std::string &program);

/// Where headers are.
struct HeaderFolders {
    std::string own;      ///< Has pto/orch.h and pto/compat.
    std::string pto_isa;  ///< Has pto/pto-inst.hpp; empty: none.
    std::string identity; ///< What these headers are; empty without any.
};

Command compile_command(const Compiler &compiler, const CompileUnit &unit, const CompileOptions &options,
                        const HeaderFolders &folders);

} // namespace pto::tool

#endif
