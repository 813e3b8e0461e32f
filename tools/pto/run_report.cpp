// SPDX-License-Identifier: Apache-2.0
#include "run_report.hpp"

#include "element_value.hpp"
#include "text_format.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace pto::tool {
namespace {

using Runs = std::span<const pto_run_result>;
using Value = uint64_t (*)(const pto_run_result &run);

/// A number that every run has.
struct Quantity {
    const char *name;
    Value value;
    std::string (*text)(uint64_t value);
};

std::string plain_text(uint64_t value)
{
    return std::to_string(value);
}

constexpr Quantity kWork[] = {
    {"tasks", [](const pto_run_result &run) { return run.tasks; }, plain_text},
    {"kernel instances", [](const pto_run_result &run) { return run.kernels; }, plain_text},
    {"tasks skipped", [](const pto_run_result &run) { return run.skipped; }, plain_text},
    {"dependencies waited for", [](const pto_run_result &run) { return run.edges; }, plain_text},
    {"shared objects loaded", [](const pto_run_result &run) { return uint64_t{run.loads}; }, plain_text},
    {"copied to the device", [](const pto_run_result &run) { return run.bytes_to_device; }, size_text},
    {"copied from the device", [](const pto_run_result &run) { return run.bytes_from_device; }, size_text},
};

constexpr Quantity kTimes[] = {
    {"waiting for other runs", [](const pto_run_result &run) { return run.queue_ns; }, duration_text},
    {"copying to the device", [](const pto_run_result &run) { return run.stage_in_ns; }, duration_text},
    {"building the graph on the host", [](const pto_run_result &run) { return run.build_ns; }, duration_text},
    {"on the device", [](const pto_run_result &run) { return run.device_ns; }, duration_text},
    {"copying from the device", [](const pto_run_result &run) { return run.stage_out_ns; }, duration_text},
    {"total", [](const pto_run_result &run) { return run.total_ns; }, duration_text},
};

constexpr Quantity kPeaks[] = {
    {"task slots", [](const pto_run_result &run) { return uint64_t{run.peak_tasks}; }, plain_text},
    {"edges", [](const pto_run_result &run) { return uint64_t{run.peak_edges}; }, plain_text},
    {"tensor-map entries", [](const pto_run_result &run) { return uint64_t{run.peak_map_entries}; }, plain_text},
    {"nested scopes", [](const pto_run_result &run) { return uint64_t{run.peak_scope_depth}; }, plain_text},
    {"device heap", [](const pto_run_result &run) { return run.peak_heap_bytes; }, size_text},
};

constexpr std::array<const char *, 3> kGraphSources = {"orchestrated", "recorded", "replayed"};

/// Of an even number the upper median: a value that was measured.
uint64_t median(Runs runs, Value value)
{
    std::vector<uint64_t> values;
    values.reserve(runs.size());
    for (const pto_run_result &run : runs)
        values.push_back(value(run));
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

/// Median and minimum of one of the times.
std::string spread_text(Runs runs, Value value)
{
    uint64_t minimum = UINT64_MAX;
    for (const pto_run_result &run : runs)
        minimum = std::min(minimum, value(run));
    return "median " + duration_text(median(runs, value)) + ", min " + duration_text(minimum);
}

std::string row(const char *name, const std::string &value)
{
    return format("    %-32s %14s\n", name, value.c_str());
}

std::string row(const char *name, const std::string &first, const std::string &others)
{
    return format("    %-32s %14s  %14s\n", name, first.c_str(), others.c_str());
}

std::string rows(std::span<const Quantity> quantities, Runs runs)
{
    std::string text;
    for (const Quantity &quantity : quantities) {
        const std::string first = quantity.text(quantity.value(runs[0]));
        text += runs.size() == 1 ? row(quantity.name, first)
                                 : row(quantity.name, first, quantity.text(median(runs.subspan(1), quantity.value)));
    }
    return text;
}

/// "replayed", or "2 recorded, 5 replayed" of runs that came by their graphs in several ways.
std::string graph_sources_text(Runs runs)
{
    std::array<uint64_t, kGraphSources.size()> counts = {};
    for (const pto_run_result &run : runs)
        if (run.graph_source < counts.size())
            counts[run.graph_source]++;
    std::string text;
    for (size_t i = 0; i < counts.size(); i++) {
        if (counts[i] == runs.size())
            return kGraphSources[i];
        if (counts[i] != 0)
            text += (text.empty() ? "" : ", ") + std::to_string(counts[i]) + " " + kGraphSources[i];
    }
    return text;
}

std::string runs_text(Runs runs)
{
    if (runs.size() == 1)
        return "  run\n" + row("graph", graph_sources_text(runs));
    const Runs others = runs.subspan(1);
    const std::string title = "median of " + std::to_string(others.size());
    return format("  %-34s %14s  %14s\n", "runs", "first", title.c_str()) +
           row("graph", graph_sources_text(runs.first(1)), graph_sources_text(others));
}

std::string chip_text(const pto_stats &stats)
{
    return "  chip\n" + row("callables prepared", std::to_string(stats.prepares)) +
           row("runs", std::to_string(stats.runs)) +
           row("orchestrations loaded, device", std::to_string(stats.orch_loads)) +
           row("orchestrations loaded, host", std::to_string(stats.host_orch_loads)) +
           row("kernel images sent", std::to_string(stats.kernel_uploads)) +
           row("orchestration images sent", std::to_string(stats.orch_uploads)) +
           row("images that were there already", std::to_string(stats.dedup_hits)) +
           row("images on the device", size_text(stats.resident_image_bytes)) +
           row("graphs recorded", std::to_string(stats.graph_records)) +
           row("graphs replayed", std::to_string(stats.graph_replays)) +
           row("graphs on the device", size_text(stats.graph_bytes)) +
           row("device copies of host tensors", size_text(stats.staging_bytes));
}

} // namespace

std::string times_text(const std::vector<pto_run_result> &runs)
{
    if (runs.empty())
        return "";
    std::string text = "  first run: " + duration_text(runs[0].total_ns) + ", of which on the device " +
                       duration_text(runs[0].device_ns) + "\n";
    const Runs repeats = Runs(runs).subspan(1);
    if (repeats.empty())
        return text;
    const auto total = [](const pto_run_result &run) { return run.total_ns; };
    const auto device = [](const pto_run_result &run) { return run.device_ns; };
    text += "  " + count_text(repeats.size(), "repeat") + ": " + spread_text(repeats, total);
    return text + "; on the device " + spread_text(repeats, device) + "\n";
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

std::string stats_text(const std::vector<pto_run_result> &runs, const pto_stats &stats)
{
    if (runs.empty())
        return chip_text(stats);
    return runs_text(runs) + rows(kWork, runs) + "  time\n" + rows(kTimes, runs) + "  high-water marks\n" +
           rows(kPeaks, runs) + chip_text(stats);
}

} // namespace pto::tool
