// SPDX-License-Identifier: Apache-2.0
#include "command_line.hpp"

#include "log_text.hpp"
#include "pack_options.hpp"
#include "text_format.hpp"

#include <CLI/CLI.hpp>
#include <cmath>

namespace pto::tool {
namespace {

constexpr const char *kImportNotes =
    "The bytes are those of a ChipCallable with its CoreCallables. They do not say what its parameters and\n"
    "kernels are for: parameters take any dtype and rank, and kernels run where its tasks want them.\n"
    "\n"
    "  pto import packed.bin -o matmul.pto --arch a5 && pto info matmul.pto";

constexpr const char *kRunNotes =
    "Files are given to the parameters of the signature by direction, in order; so are scalars.\n"
    "\n"
    "The dtype and the shape of an output are what --out says: c.npy:128x128 or c.npy:float32:128x128.\n"
    "What it does not say comes from the golden file of that output. Without one, the dtype is the\n"
    "parameter's, or that of the first input if the parameter takes any, and the shape is that of the\n"
    "first input of this dtype that fits the parameter.\n"
    "\n"
    "Goldens are for the out and inout parameters in the signature's order; '-' passes one over. An\n"
    "element is equal when |result - golden| <= atol + rtol * |golden|. Integers and bool are compared\n"
    "exactly unless --rtol or --atol is given. A NaN equals nothing; with --equal-nan, another NaN.\n"
    "\n"
    "NumPy has no bfloat16 and no floats of 8 or 4 bits: their bits travel as uint16 and uint8.\n"
    "\n"
    "Every repeat starts from the same input and is compared with the goldens; the first run that\n"
    "differs is the last. The times of the repeats are those of the runs after the first.\n"
    "\n"
    "A graph that the host builds is recorded by the first run and replayed by every run with the same\n"
    "shapes and with the same values of what the orchestration reads; --stats shows which run did what.\n"
    "Lines of pto_log go to standard error with --log; a replay has none, because it does not orchestrate.\n"
    "\n"
    "--timeout ends a run that takes longer, --stall-timeout one in which nothing has happened for so long.\n"
    "\n"
    "Exit status: 0 done and equal, 1 a golden differs, 2 usage or bad input, 3 the run failed.";

std::string check_tolerance(const std::string &text)
{
    double value = 0;
    const bool is_number = CLI::detail::lexical_cast(text, value);
    return is_number && std::isfinite(value) && value >= 0 ? "" : "'" + text + "' is no number from 0 up";
}

std::string check_timeout(const std::string &text)
{
    double value = 0;
    const bool is_number = CLI::detail::lexical_cast(text, value);
    return is_number && value >= 1e-9 && value <= 1e9 ? "" : "'" + text + "' is no number of seconds above 0";
}

std::string check_repeat(const std::string &text)
{
    uint64_t value = 0;
    const bool is_number = CLI::detail::lexical_cast(text, value);
    return is_number && value >= 1 && value <= 1000000 ? "" : "'" + text + "' is no number from 1 to 1000000";
}

std::string check_graph_limit(const std::string &text)
{
    uint32_t value = 0;
    const bool is_number = CLI::detail::lexical_cast(text, value);
    return is_number && value >= 1 ? "" : "'" + text + "' is no number from 1 up";
}

std::string check_builder(const std::string &text)
{
    return text == "device" || text == "host" ? "" : "'" + text + "' is neither device nor host";
}

std::string check_sim_mode(const std::string &text)
{
    return text == "fast" || text == "threads" ? "" : "'" + text + "' is neither fast nor threads";
}

std::string check_log_level(const std::string &text)
{
    return parse_log_level(text) ? "" : "'" + text + "' is none of " + all_log_levels();
}

CLI::App *add_info(CLI::App &app, InfoRequest &request)
{
    CLI::App *command = app.add_subcommand("info", "Show what is in a .pto file");
    command->add_option("FILE.pto", request.path, "Callable to show")->required()->type_name("");
    command->add_flag("--json", request.as_json, "As JSON");
    return command;
}

CLI::App *add_import(CLI::App &app, ImportRequest &request)
{
    CLI::App *command = app.add_subcommand("import", "Make a .pto file of a packed ChipCallable");
    command->add_option("FILE", request.input, "Packed ChipCallable to read")->required()->type_name("");
    command->add_option("-o,--output", request.output, "File to write")->required()->type_name("FILE.pto");
    command->add_option("--name", request.name, "Name of the callable; default: its entry's")->type_name("NAME");
    command->add_option("--arch", request.arch, "Arch that its shared objects are for; default: any")
        ->type_name("NAME");
    command->footer(kImportNotes);
    return command;
}

void add_run_arguments(CLI::App *command, RunArguments &arguments)
{
    add_list(*command, "--in", arguments.inputs, "Input tensor")->type_name("FILE.npy");
    add_list(*command, "--out", arguments.outputs, "Output tensor")->type_name("FILE.npy[:DTYPE][:SHAPE]");
    add_list(*command, "--inout", arguments.inouts, "Tensor that is read and replaced, or written elsewhere")
        ->type_name("FILE.npy[:RESULT.npy]");
    add_list(*command, "--scalar", arguments.scalars, "Scalar; an integer unless it says otherwise")
        ->type_name("[i64:|u64:|f32:|f64:]VALUE");
    add_list(*command, "--golden", arguments.goldens, "File that a result is compared with")->type_name("FILE.npy");
}

void add_graph_options(CLI::App *command, RunRequest &request)
{
    command->add_option("--builder", request.builder, "Who builds the task graphs; default: device")
        ->check(check_builder)
        ->type_name("device|host");
    command->add_option("--graph-limit", request.graph_limit, "Graphs that the host keeps; default: 16")
        ->check(check_graph_limit)
        ->type_name("N");
}

void add_device(CLI::App *command, RunRequest &request)
{
    command->add_option("--target", request.target, "What runs it; default: the library's first")
        ->type_name("sim|onboard");
    command->add_option("--image-directory", request.image_directory, "Where a target onboard finds its device images")
        ->type_name("FOLDER");
    command->add_option("--sim-mode", request.sim_mode, "How the chip is simulated; default: fast")
        ->check(check_sim_mode)
        ->type_name("fast|threads");
}

void add_time_limits(CLI::App *command, RunRequest &request)
{
    command->add_option("--timeout", request.timeout_s, "Longest time of one run on the device; default: none")
        ->check(check_timeout)
        ->type_name("SECONDS");
    command->add_option("--stall-timeout", request.stall_timeout_s, "Longest time without any progress; default: 10")
        ->check(check_timeout)
        ->type_name("SECONDS");
}

CLI::App *add_run(CLI::App &app, RunRequest &request)
{
    CLI::App *command = app.add_subcommand("run", "Run a .pto file on .npy files");
    command->add_option("FILE.pto", request.image, "Callable to run")->required()->type_name("");
    add_run_arguments(command, request.arguments);
    command->add_option("--rtol", request.tolerance.rtol, "Relative tolerance; default: 1e-5 for floating point")
        ->check(check_tolerance)
        ->type_name("NUMBER");
    command->add_option("--atol", request.tolerance.atol, "Absolute tolerance; default: 1e-6 for floating point")
        ->check(check_tolerance)
        ->type_name("NUMBER");
    command->add_flag("--equal-nan", request.tolerance.equal_nan, "A NaN equals a NaN");
    command->add_option("--arch", request.arch, "Chip to open; default: that of the file")->type_name("NAME");
    command->add_option("--repeat", request.repeat, "Runs in all; default: 1")->check(check_repeat)->type_name("N");
    add_graph_options(command, request);
    add_device(command, request);
    add_time_limits(command, request);
    command->add_option("--log", request.log_level, "Show lines of the log up to this level; default: none")
        ->check(check_log_level)
        ->type_name("error|warn|info|debug");
    command->add_flag("--stats", request.with_stats, "Also show what the runs did: work, times, high-water marks");
    command->footer(kRunNotes);
    return command;
}

CLI::App *add_status(CLI::App &app, StatusRequest &request)
{
    CLI::App *command = app.add_subcommand("status", "Show what status codes mean and what to do about them");
    command->add_option("CODE", request.code, "Number or name of a status; default: all of them")->type_name("");
    command->footer("  pto status -53\n  pto status capacity");
    return command;
}

} // namespace

Request parse_command_line(int argc, const char *const *argv)
{
    CLI::App app("Builds, packs, shows and runs callables of the PTO engine", "pto");
    BuildRequest build;
    InfoRequest info;
    PackRequest pack;
    ImportRequest import_request;
    RunRequest run;
    StatusRequest status;
    const CLI::App *build_command = add_build(app, build);
    const CLI::App *info_command = add_info(app, info);
    const CLI::App *pack_command = add_pack(app, pack);
    const CLI::App *import_command = add_import(app, import_request);
    const CLI::App *run_command = add_run(app, run);
    const CLI::App *status_command = add_status(app, status);
    app.add_subcommand("version", "Show versions and archs");
    app.require_subcommand(1);
    app.footer("'pto COMMAND --help' says more.");
    try {
        app.parse(argc, argv);
        if (run.graph_limit != 0 && run.builder != "host")
            throw CLI::ValidationError("--graph-limit", "only --builder host keeps graphs");
    } catch (const CLI::CallForHelp &) {
        return HelpRequest{app.help()};
    } catch (const CLI::ParseError &error) {
        const auto commands = app.get_subcommands();
        const std::string command = commands.empty() ? "" : " " + commands.front()->get_name();
        throw Error("usage", std::string(error.what()) + "; see 'pto" + command + " --help'");
    }
    if (build_command->parsed())
        return build;
    if (info_command->parsed())
        return info;
    if (pack_command->parsed())
        return pack;
    if (import_command->parsed())
        return import_request;
    if (run_command->parsed())
        return run;
    if (status_command->parsed())
        return status;
    return VersionRequest();
}

} // namespace pto::tool
