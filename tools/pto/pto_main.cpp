// SPDX-License-Identifier: Apache-2.0
#include "pto/pto.h"

#include "command_line.hpp"
#include "open_chip.hpp"
#include "text_format.hpp"
#include "tool_error.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>

namespace pto::tool {
namespace {

void print(const std::string &text)
{
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
        throw Error("standard output", std::string("cannot be written: ") + std::strerror(errno));
}

ExitCode execute(const HelpRequest &request)
{
    print(request.text);
    return kExitOk;
}

ExitCode execute(const VersionRequest &)
{
    const pto_build_info library = library_build();
    print(std::string("pto ") + PTO_VERSION_STRING + "\nlibrary " + library.version + "\narchs " + library.archs +
          "\ntargets " + library.targets + "\nformat " + std::to_string(library.image_format) + "\nabi " +
          std::to_string(library.abi_version) + "\ncompiler " + library.compiler + "\nidentity " + library.identity +
          "\nsdma channels " + std::to_string(library.sdma_channels) + "\n");
    return kExitOk;
}

ExitCode execute(const InfoRequest &request)
{
    print(info(request));
    return kExitOk;
}

ExitCode execute(const PackRequest &request)
{
    print(pack(request));
    return kExitOk;
}

ExitCode execute(const ImportRequest &request)
{
    print(import_packed(request));
    return kExitOk;
}

ExitCode execute(const BuildRequest &request)
{
    print(build(request));
    return kExitOk;
}

ExitCode execute(const StatusRequest &request)
{
    print(status(request));
    return kExitOk;
}

ExitCode execute(const RunRequest &request)
{
    const RunOutcome outcome = run(request);
    print(outcome.text);
    return outcome.exit_code;
}

int run_command_line(int argc, const char *const *argv)
{
    try {
        return std::visit([](const auto &request) -> int { return execute(request); }, parse_command_line(argc, argv));
    } catch (const Error &error) {
        std::fprintf(stderr, "pto: %s\n", printable(error.what()).c_str());
        if (!error.facts().empty())
            std::fprintf(stderr, "pto:   %s\n", printable(error.facts()).c_str());
        std::fputs(error.details().c_str(), stderr);
        return error.exit_code();
    } catch (const Interrupted &interrupted) {
        std::signal(interrupted.signal_number, SIG_DFL);
        std::raise(interrupted.signal_number);
    } catch (const std::bad_alloc &) {
        std::fputs("pto: memory: there is not enough for these files: use smaller ones\n", stderr);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "pto: internal: %s: please report it\n", printable(error.what()).c_str());
    }
    return kExitRunFailed;
}

} // namespace
} // namespace pto::tool

int main(int argc, char **argv)
{
    return pto::tool::run_command_line(argc, argv);
}
