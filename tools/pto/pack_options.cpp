// SPDX-License-Identifier: Apache-2.0
#include "pack_options.hpp"

#include <CLI/CLI.hpp>

namespace pto::tool {
namespace {

constexpr const char *kPackNotes =
    "A FILE.so is a shared object that exports an orchestration (PTO_ORCHESTRATION) or a kernel (PTO_KERNEL).\n"
    "A --param is one parameter of a run, in the order of the signature: a tensor that is copied to the\n"
    "chip (in), from it (out) or both (inout), or a scalar. DTYPE and RANK may be any or left out.\n"
    "\n"
    "  pto pack -o saxpy.pto --orch saxpy.so --entry saxpy --kernel 0:aiv:axpy.so \\\n"
    "      --param in:float32:2:x --param in:float32:2:y --param out:float32:2:z --param scalar:any:any:alpha";

constexpr const char *kBuildNotes =
    "A FILE that is a source (.c, .cc, .cpp, .cxx) is compiled to a shared object; any other one is taken as\n"
    "the shared object that it is. Orchestrations are compiled as C++17 or C, kernels as C++23 or C, kernels\n"
    "also with the macros that make pto-isa simulate a core. --flag values come last, so they win.\n"
    "\n"
    "The compiler is found as in a shell; versions of g++ before 13 get a small header that makes up for\n"
    "what they lack for pto-isa. --depfile is for Make and Ninja: every header that was read is in it.\n"
    "\n"
    "  pto build -o add.pto --orch add_orch.cpp --kernel 0:aiv:add.cpp --pto-isa ../pto-isa \\\n"
    "      --compiler clang++-19 --param in:float32 --param in:float32 --param out:float32";

constexpr const char *kDefaultEntry = "aicpu_orchestration_entry";

std::string check_jobs(const std::string &text)
{
    uint32_t value = 0;
    const bool is_number = CLI::detail::lexical_cast(text, value);
    return is_number && value >= 1 && value <= 1024 ? "" : "'" + text + "' is no number from 1 to 1024";
}

std::string check_text(const std::string &text)
{
    return text.empty() ? "is empty" : "";
}

/// What packing asks for, wherever the shared objects come from.
void add_callable(CLI::App &command, PackRequest &request, const std::string &file)
{
    command.add_option("-o,--output", request.output, "File to write")->required()->type_name("FILE.pto");
    command.add_option("--orch", request.orchestration, "Orchestration")->required()->type_name(file);
    command
        .add_option("--config", request.config, "Function that configures the entry; default: the usual one, if any")
        ->type_name("SYMBOL");
    command.add_option("--name", request.name, "Name of the callable; default: the entry's")->type_name("NAME");
    command.add_option("--arch", request.arch, "Arch that the shared objects are for; default: any")->type_name("NAME");
    add_list(command, "--kernel", request.kernels, "Kernel")->type_name("FUNC_ID:aic|aiv|any:" + file + "[:NAME]");
    add_list(command, "--param", request.params, "Parameter")->type_name("in|out|inout|scalar[:DTYPE[:RANK[:NAME]]]");
}

void add_compiling(CLI::App &command, CompileOptions &options)
{
    command.add_option("--compiler", options.compiler, "C++ compiler; default: g++")
        ->check(check_text)
        ->type_name("PROGRAM");
    command.add_option("--pto-isa", options.pto_isa, "Copy of pto-isa that kernels include")->type_name("DIR");
    command.add_option("--headers", options.headers, "Headers of pto; default: those that belong to this program")
        ->type_name("DIR");
    add_list(command, "-I", options.include_folders, "Folder of headers, before all others")
        ->check(check_text)
        ->type_name("DIR");
    add_list(command, "-D", options.defines, "Macro to define")->check(check_text)->type_name("NAME[=VALUE]");
    add_list(command, "-U", options.undefines, "Macro not to define")->check(check_text)->type_name("NAME");
    add_list(command, "--flag", options.flags, "Flag for the compiler")->check(check_text)->type_name("FLAG");
}

} // namespace

CLI::Option *add_list(CLI::App &command, const char *name, std::vector<std::string> &values, const char *help)
{
    return command.add_option(name, values, help)->allow_extra_args(false);
}

CLI::App *add_pack(CLI::App &app, PackRequest &request)
{
    CLI::App *command = app.add_subcommand("pack", "Make a .pto file of an orchestration and its kernels");
    add_callable(*command, request, "FILE.so");
    command->add_option("--entry", request.entry, "Symbol of the orchestration")->required()->type_name("SYMBOL");
    command->footer(kPackNotes);
    return command;
}

CLI::App *add_build(CLI::App &app, BuildRequest &request)
{
    CLI::App *command = app.add_subcommand("build", "Make a .pto file of sources");
    request.pack.entry = kDefaultEntry;
    add_callable(*command, request.pack, "FILE");
    command
        ->add_option("--entry", request.pack.entry,
                     std::string("Symbol of the orchestration; default: ") + kDefaultEntry)
        ->type_name("SYMBOL");
    add_compiling(*command, request.compile);
    command->add_option("--depfile", request.depfile, "File to write what the result depends on to")
        ->check(check_text)
        ->type_name("FILE");
    command->add_option("--jobs", request.jobs, "Compilers at a time; default: as many as processors")
        ->check(check_jobs)
        ->type_name("N");
    command->add_option("--keep", request.keep, "Folder for what is made on the way; default: it is removed")
        ->check(check_text)
        ->type_name("DIR");
    command->add_flag("--verbose", request.is_verbose, "Show the commands");
    command->footer(kBuildNotes);
    return command;
}

} // namespace pto::tool
