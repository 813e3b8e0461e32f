// SPDX-License-Identifier: Apache-2.0
#include "command_build.hpp"

#include "compile_failure.hpp"
#include "depfile.hpp"
#include "entry_check.hpp"
#include "file_bytes.hpp"
#include "header_folders.hpp"
#include "isa_headers.hpp"
#include "text_format.hpp"
#include "tool_error.hpp"
#include "work_folder.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <thread>

namespace pto::tool {
namespace {

std::string read_text(const std::string &path)
{
    const std::vector<std::byte> bytes = read_file(path);
    return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

void check_input(const std::string &path)
{
    const std::string name = std::filesystem::path(path).filename().string();
    if (!is_source(path) && !name.ends_with(".so") && name.find(".so.") == std::string::npos)
        throw Error(path, "is neither a source (.c, .cc, .cpp, .cxx) nor a shared object (.so)");
    const InputFile is_there(path);
}

/// Whatever can be refused is refused before the first compiler runs.
void check_before(const BuildRequest &request, const PackInputs &inputs)
{
    check_input(inputs.orchestration);
    for (const KernelSpec &kernel : inputs.kernels)
        check_input(kernel.path);
    check_packable(request.pack, inputs);
    check_writable(request.pack.output);
    if (!request.depfile.empty())
        check_writable(request.depfile);
}

CompileUnit unit_for(const WorkFolder &folder, const std::string &source, const std::optional<KernelSpec> &kernel)
{
    const std::string name = kernel ? "kernel-" + std::to_string(kernel->func_id) : "orchestration";
    return {source, folder.file(name + ".so"), folder.file(name + ".d"), folder.file(name + ".log"), kernel};
}

std::vector<CompileUnit> units_for(const PackInputs &inputs, const WorkFolder &folder)
{
    std::vector<CompileUnit> units;
    if (is_source(inputs.orchestration))
        units.push_back(unit_for(folder, inputs.orchestration, std::nullopt));
    for (const KernelSpec &kernel : inputs.kernels)
        if (is_source(kernel.path))
            units.push_back(unit_for(folder, kernel.path, kernel));
    return units;
}

std::string how_it_ended(const Compiler &compiler, const CommandEnd &end)
{
    if (end.start_error != 0)
        return compiler.program + " cannot be started: " + std::strerror(end.start_error);
    if (end.ended_by != 0)
        return compiler.program + format(" was ended by signal %d (%s)", end.ended_by, ::strsignal(end.ended_by));
    return compiler.program + " ended with status " + std::to_string(end.exit_status);
}

[[noreturn]] void fail_to_compile(const CompileUnit &unit, const Command &command, const CommandEnd &end,
                                  const Compiler &compiler, const std::string &pto_isa)
{
    const std::string diagnostics = end.has_run ? read_text(unit.log) : "";
    const std::string way_out = way_out_of(diagnostics, compiler, pto_isa);
    throw Error(unit.source,
                "does not compile (" + unit.role() + "): " + (way_out.empty() ? how_it_ended(compiler, end) : way_out),
                kExitBadInput, "command: " + command_text(command), excerpt_of(diagnostics));
}

/// What was compiled states the headers from before.
void check_unchanged(const HeaderFolders &headers, const WorkFolder &folder, const Surroundings &surroundings)
{
    const std::string now = identify_headers(headers.pto_isa, folder.file("identity-after"), surroundings);
    if (!are_same_contents(now, headers.identity))
        throw Error("--pto-isa " + headers.pto_isa, "changed while it was compiled with, from '" + headers.identity +
                                                        "' to '" + now + "': build again");
}

void compile(const BuildRequest &request, const std::vector<CompileUnit> &units, const WorkFolder &folder,
             const SignalGuard &signals)
{
    const Surroundings surroundings = {signals, folder.path()};
    HeaderFolders headers = find_headers(request.compile);
    if (!headers.pto_isa.empty())
        headers.identity = identify_headers(headers.pto_isa, folder.file("identity"), surroundings);
    const Compiler compiler = probe_compiler(request.compile.compiler, folder.file("compiler"), surroundings);
    std::vector<Command> commands;
    for (const CompileUnit &unit : units)
        commands.push_back(compile_command(compiler, unit, request.compile, headers));
    if (request.is_verbose)
        for (const Command &command : commands)
            std::fprintf(stderr, "%s\n", printable(command_text(command)).c_str());
    const unsigned jobs = request.jobs != 0 ? request.jobs : std::thread::hardware_concurrency();
    const std::vector<CommandEnd> ends = run_commands(commands, jobs, surroundings);
    for (size_t i = 0; i < units.size(); i++)
        if (ends[i].has_failed())
            fail_to_compile(units[i], commands[i], ends[i], compiler, headers.pto_isa);
    if (!headers.pto_isa.empty())
        check_unchanged(headers, folder, surroundings);
    for (const CompileUnit &unit : units)
        std::fputs(excerpt_of(read_text(unit.log)).c_str(), stderr);
}

/// The inputs with shared objects in the place of sources. `units` are theirs, in their order.
PackInputs compiled_inputs(const PackInputs &inputs, const std::vector<CompileUnit> &units)
{
    PackInputs compiled = inputs;
    auto unit = units.begin();
    if (is_source(inputs.orchestration))
        compiled.orchestration = (unit++)->object;
    for (KernelSpec &kernel : compiled.kernels)
        if (is_source(kernel.path))
            kernel.path = (unit++)->object;
    return compiled;
}

void check_entries(const PackRequest &request, const PackInputs &inputs, const PackInputs &compiled)
{
    check_orchestration_entry(inputs.orchestration, compiled.orchestration, request.entry, request.config);
    for (size_t i = 0; i < inputs.kernels.size(); i++)
        check_kernel_entry(inputs.kernels[i].path, compiled.kernels[i].path);
}

void write_depfile(const BuildRequest &request, const PackInputs &inputs, const std::vector<CompileUnit> &units)
{
    std::vector<std::string> prerequisites = {escape_in_depfile(inputs.orchestration)};
    for (const KernelSpec &kernel : inputs.kernels)
        prerequisites.push_back(escape_in_depfile(kernel.path));
    for (const CompileUnit &unit : units)
        for (const std::string &prerequisite : prerequisites_in_depfile(read_text(unit.depfile)))
            prerequisites.push_back(prerequisite);
    const std::string text = depfile_text(request.pack.output, prerequisites);
    write_file(request.depfile, {std::as_bytes(std::span(text))});
}

} // namespace

std::string build(const BuildRequest &request)
{
    const PackInputs inputs = read_pack_request(request.pack);
    check_before(request, inputs);
    const SignalGuard signals;
    const WorkFolder folder(request.keep);
    const std::vector<CompileUnit> units = units_for(inputs, folder);
    if (!units.empty())
        compile(request, units, folder, signals);
    const PackInputs compiled = compiled_inputs(inputs, units);
    check_entries(request.pack, inputs, compiled);
    if (!request.depfile.empty())
        write_depfile(request, inputs, units);
    return pack(request.pack, compiled);
}

} // namespace pto::tool
