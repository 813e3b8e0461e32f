// SPDX-License-Identifier: Apache-2.0
#include "run_report.hpp"

#include "element_value.hpp"
#include "text_format.hpp"

#include <algorithm>
#include <span>

namespace pto::tool {
namespace {

/// Median and minimum of one of the times, as text. Of an even number the upper median: a time that was measured.
std::string spread_text(std::span<const RunTime> times, uint64_t RunTime::*member)
{
    std::vector<uint64_t> sorted;
    sorted.reserve(times.size());
    for (const RunTime &time : times)
        sorted.push_back(time.*member);
    const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
    std::nth_element(sorted.begin(), middle, sorted.end());
    const uint64_t minimum = *std::min_element(sorted.begin(), sorted.end());
    return "median " + duration_text(*middle) + ", min " + duration_text(minimum);
}

std::string row(const char *name, const std::string &value)
{
    return format("    %-32s %14s\n", name, value.c_str());
}

} // namespace

std::string times_text(const std::vector<RunTime> &times)
{
    if (times.empty())
        return "";
    std::string text = "  first run: " + duration_text(times[0].total_ns) + ", of which on the device " +
                       duration_text(times[0].device_ns) + "\n";
    const auto repeats = std::span(times).subspan(1);
    if (repeats.empty())
        return text;
    text += "  " + count_text(repeats.size(), "repeat") + ": " + spread_text(repeats, &RunTime::total_ns);
    return text + "; on the device " + spread_text(repeats, &RunTime::device_ns) + "\n";
}

std::string comparison_text(const TensorBinding &tensor, const Comparison &comparison)
{
    const Golden &golden = *tensor.golden;
    std::string text = "  " + tensor.label + ": ";
    if (comparison.is_equal()) {
        text += "equal to " + printable(golden.path);
    } else {
        const uint64_t first = comparison.first;
        text += format("differs from %s: %llu of %llu elements, the first at %s is %s instead of %s",
                       printable(golden.path).c_str(), static_cast<unsigned long long>(comparison.mismatches),
                       static_cast<unsigned long long>(comparison.count), index_text(first, tensor.array.shape).c_str(),
                       element_text(tensor.array.dtype, tensor.array.bytes, first).c_str(),
                       element_text(tensor.array.dtype, golden.array.bytes, first).c_str());
    }
    return text + format(" (max abs error %g, max rel error %g)\n", comparison.max_abs, comparison.max_rel);
}

std::string stats_text(const pto_run_result &last, const pto_stats &stats)
{
    std::string text = "  high-water marks of the last run\n";
    text += row("task slots", std::to_string(last.peak_tasks));
    text += row("edges", std::to_string(last.peak_edges));
    text += row("tensor-map entries", std::to_string(last.peak_map_entries));
    text += row("nested scopes", std::to_string(last.peak_scope_depth));
    text += row("device heap", size_text(last.peak_heap_bytes));
    text += "  moved by the last run\n";
    text += row("to the device", size_text(last.bytes_to_device));
    text += row("from the device", size_text(last.bytes_from_device));
    text += row("dependencies waited for", std::to_string(last.edges));
    text += "  chip\n";
    text += row("runs", std::to_string(stats.runs));
    text += row("kernel images sent", std::to_string(stats.kernel_uploads));
    text += row("orchestration images sent", std::to_string(stats.orch_uploads));
    text += row("images that were there already", std::to_string(stats.dedup_hits));
    text += row("images on the device", size_text(stats.resident_image_bytes));
    text += row("device copies of host tensors", size_text(stats.staging_bytes));
    return text;
}

} // namespace pto::tool
