// SPDX-License-Identifier: Apache-2.0
// One line on a terminal that says how far a long command is.
#ifndef PTO_TOOL_PROGRESS_HPP
#define PTO_TOOL_PROGRESS_HPP

#include <chrono>
#include <cstdint>
#include <string>

namespace pto::tool {

/// Shows itself on standard error when that is a terminal and a second has passed, and erases itself at the end.
class Progress {
public:
    /// @param is_wanted false: it never shows itself.
    Progress(uint64_t total, bool is_wanted);
    ~Progress();
    Progress(const Progress &) = delete;
    Progress &operator=(const Progress &) = delete;

    /// Cheap: call it after every step.
    void update(uint64_t done);

private:
    using Clock = std::chrono::steady_clock;

    void show(const std::string &line);

    uint64_t total_;
    bool is_enabled_;
    bool is_shown_ = false;
    Clock::time_point start_;
    Clock::time_point next_;
};

} // namespace pto::tool

#endif
