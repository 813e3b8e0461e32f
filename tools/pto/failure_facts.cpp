// SPDX-License-Identifier: Apache-2.0
#include "failure_facts.hpp"

#include "text_format.hpp"

#include <array>
#include <string_view>

namespace pto::tool {
namespace {

constexpr std::array<const char *, 6> kStalls = {
    "none (tasks were still completing)",
    "running (a kernel did not return)",
    "ready (a task could run, but its cores were not free)",
    "completion (a kernel has returned, and the counters that it deferred to do not move)",
    "dependency (tasks wait for each other or for a task that was never submitted)",
    "orchestration (the orchestration did not return)",
};
constexpr std::array<const char *, 3> kCoresOfCluster = {"aic", "aiv0", "aiv1"};

std::string culprit_text(const pto_error &error)
{
    std::string text;
    if (error.task != PTO_NO_TASK)
        text += format("; task %llu", static_cast<unsigned long long>(error.task));
    if (error.func_id >= 0)
        text += format("; kernel %d", error.func_id) + (error.kernel[0] == '\0' ? "" : std::string(" ") + error.kernel);
    if (error.core >= 0)
        text += format("; core %d (%s of cluster %d)", error.core, kCoresOfCluster[static_cast<size_t>(error.core % 3)],
                       error.core / 3);
    return text;
}

std::string stall_text(const pto_error &error)
{
    const auto stall = static_cast<size_t>(error.stall);
    return std::string("waited for: ") + (stall < kStalls.size() ? kStalls[stall] : "unknown") + culprit_text(error);
}

/// Resources that are counted in bytes have sizes; the others are counted in themselves.
std::string amount_text(const pto_error &error, uint64_t amount)
{
    const std::string_view resource = error.resource;
    const bool is_bytes = resource == "device heap" || resource == "task payload";
    return is_bytes ? size_text(amount) : std::to_string(amount);
}

std::string resource_text(const pto_error &error)
{
    std::string text = std::string("resource: ") + error.resource + "; needed " + amount_text(error, error.needed) +
                       "; available " + amount_text(error, error.available);
    if (error.holder >= 0)
        text += format("; held by the scope at depth %d, with %s of heap", error.holder, size_text(error.held).c_str());
    return text;
}

} // namespace

std::string facts_text(const pto_error &error)
{
    std::string text = error.status == PTO_ERROR_TIMEOUT ? stall_text(error) : "";
    if (error.resource[0] != '\0')
        text += (text.empty() ? "" : "; ") + resource_text(error);
    return text;
}

} // namespace pto::tool
