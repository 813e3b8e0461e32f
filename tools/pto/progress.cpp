// SPDX-License-Identifier: Apache-2.0
#include "progress.hpp"

#include "text_format.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>

namespace pto::tool {
namespace {

constexpr std::chrono::milliseconds kDelay(1000);
constexpr std::chrono::milliseconds kInterval(100);

bool is_capable_terminal(int descriptor)
{
    const char *type = std::getenv("TERM");
    return ::isatty(descriptor) == 1 && type != nullptr && *type != '\0' && std::string_view(type) != "dumb";
}

/// A line that wraps could not be erased.
size_t columns_of(int descriptor)
{
    struct winsize window = {};
    const bool is_known = ::ioctl(descriptor, TIOCGWINSZ, &window) == 0 && window.ws_col > 1;
    return is_known ? window.ws_col - 1u : 79u;
}

/// One call per update, so that the terminal never draws half a line. A progress line that cannot be written is lost.
void write_once(const std::string &text)
{
    const ssize_t ignored = ::write(STDERR_FILENO, text.data(), text.size());
    static_cast<void>(ignored);
}

} // namespace

Progress::Progress(uint64_t total, bool is_wanted)
    : total_(total), is_enabled_(is_wanted && is_capable_terminal(STDERR_FILENO)), start_(Clock::now()),
      next_(start_ + kDelay)
{
}

Progress::~Progress()
{
    if (is_shown_)
        write_once("\r\x1b[K");
}

void Progress::update(uint64_t done)
{
    if (!is_enabled_ || done == 0)
        return;
    const Clock::time_point now = Clock::now();
    if (now < next_)
        return;
    next_ = now + kInterval;
    const double elapsed_s = std::chrono::duration<double>(now - start_).count();
    const double left_s = elapsed_s * static_cast<double>(total_ - std::min(done, total_)) / static_cast<double>(done);
    show(format("run %llu of %llu, %.0f s left", static_cast<unsigned long long>(done),
                static_cast<unsigned long long>(total_), left_s));
}

void Progress::show(const std::string &line)
{
    write_once("\r" + line.substr(0, columns_of(STDERR_FILENO)) + "\x1b[K");
    is_shown_ = true;
}

} // namespace pto::tool
