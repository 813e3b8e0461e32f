// SPDX-License-Identifier: Apache-2.0
#include "isa_headers.hpp"

#include "file_bytes.hpp"
#include "text_format.hpp"
#include "tool_error.hpp"

#include <cstring>
#include <filesystem>
#include <sstream>

namespace pto::tool {
namespace {

using std::filesystem::path;

std::string text_of(const std::string &name)
{
    const std::vector<std::byte> bytes = read_file(name);
    return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

std::string first_line(const std::string &text)
{
    return text.substr(0, text.find('\n'));
}

/// An installed tool has the program beside it, so an installation can be moved.
std::string find_program()
{
    std::error_code ignored;
    const path beside = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / "pto-isa-identity";
    for (const path &program : {beside, path(PTO_ISA_IDENTITY_OF_BUILD)})
        if (std::filesystem::is_regular_file(program, ignored))
            return program.string();
    throw Error(beside.string(), "is not there, so it cannot be said which headers --pto-isa has: install pto again");
}

} // namespace

std::string identify_headers(const std::string &pto_isa, const std::string &scratch, const Surroundings &surroundings)
{
    const std::string result = scratch + ".txt";
    const std::string log = scratch + ".log";
    const Command command = {{find_program(), "--tree", pto_isa, "--output", result}, log};
    const CommandEnd end = run_commands(std::span(&command, 1), 1, surroundings).front();
    if (end.start_error != 0)
        throw Error(command.arguments.front(),
                    std::string("cannot be started: ") + std::strerror(end.start_error) + ": it needs python3");
    if (end.has_failed())
        throw Error("--pto-isa " + pto_isa, "cannot be identified: " + first_line(text_of(log)), kExitBadInput,
                    "command: " + command_text(command));
    return first_line(text_of(result));
}

bool are_same_contents(const std::string &one, const std::string &other)
{
    std::istringstream words_of_one(one);
    std::istringstream words_of_other(other);
    const auto next = [](std::istringstream &words) {
        std::string word;
        while (words >> word && word.starts_with("git:"))
            word.clear();
        return words ? word : std::string();
    };
    for (;;) {
        const std::string word = next(words_of_one);
        if (word != next(words_of_other))
            return false;
        if (word.empty())
            return true;
    }
}

} // namespace pto::tool
