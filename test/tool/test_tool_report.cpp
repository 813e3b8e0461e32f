// SPDX-License-Identifier: Apache-2.0
// Texts of the tool about runs, failures and the log, from numbers that are all different.
#include "tool_test.hpp"

#include "failure_facts.hpp"
#include "log_text.hpp"
#include "run_report.hpp"
#include "text_format.hpp"

#include <cstring>

namespace pto::tool::test {
namespace {

/// Every number of run `n` has digits of its own, and the median of runs 1 to 3 is run 2.
pto_run_result numbered_run(uint64_t n)
{
    pto_run_result run = PTO_RUN_RESULT_INIT;
    run.tasks = 100 + n, run.kernels = 110 + n, run.skipped = 120 + n, run.edges = 130 + n;
    run.bytes_to_device = 140 + n, run.bytes_from_device = 150 + n;
    run.total_ns = 160 + n, run.queue_ns = 170 + n, run.stage_in_ns = 180 + n, run.build_ns = 190 + n;
    run.device_ns = 200 + n, run.stage_out_ns = 210 + n;
    run.loads = static_cast<uint32_t>(220 + n);
    run.peak_tasks = static_cast<uint32_t>(230 + n), run.peak_edges = static_cast<uint32_t>(240 + n);
    run.peak_map_entries = static_cast<uint32_t>(250 + n), run.peak_scope_depth = static_cast<uint32_t>(260 + n);
    run.peak_heap_bytes = (270 + n) << 20;
    return run;
}

std::vector<pto_run_result> runs_by(std::initializer_list<uint32_t> graph_sources)
{
    static constexpr uint64_t kOrder[] = {4, 3, 1, 2};
    std::vector<pto_run_result> runs;
    for (const uint32_t source : graph_sources) {
        runs.push_back(numbered_run(kOrder[runs.size() % 4]));
        runs.back().graph_source = source;
    }
    return runs;
}

pto_stats numbered_stats()
{
    pto_stats stats = PTO_STATS_INIT;
    stats.prepares = 301, stats.runs = 302, stats.orch_loads = 303, stats.host_orch_loads = 304;
    stats.graph_records = 305, stats.graph_replays = 306, stats.graph_bytes = 307, stats.kernel_uploads = 308;
    stats.orch_uploads = 309, stats.dedup_hits = 310, stats.resident_image_bytes = 311, stats.staging_bytes = 312;
    return stats;
}

/// The line that begins with `name`, with one space between words.
std::string line_of(const std::string &text, const std::string &name)
{
    const size_t begin = text.find("\n    " + name + "  ");
    if (begin == std::string::npos)
        return "no line " + name;
    std::string line;
    for (const char letter : text.substr(begin + 5, text.find('\n', begin + 1) - begin - 5))
        if (letter != ' ' || line.back() != ' ')
            line += letter;
    return line;
}

void assert_line(const std::string &text, const std::string &name, const std::string &values)
{
    assert_string_equal(line_of(text, name).c_str(), (name + " " + values).c_str());
}

void the_numbers_of_one_run_stand_alone(void **)
{
    const std::string text = stats_text(runs_by({PTO_GRAPH_ORCHESTRATED}), numbered_stats());
    assert_line(text, "graph", "orchestrated");
    assert_line(text, "tasks", "104");
    assert_line(text, "total", "164 ns");
    assert_int_equal(text.find("median"), std::string::npos);
}

void the_first_run_stands_beside_the_median_of_the_others(void **)
{
    const std::string text = stats_text(
        runs_by({PTO_GRAPH_RECORDED, PTO_GRAPH_REPLAYED, PTO_GRAPH_REPLAYED, PTO_GRAPH_REPLAYED}), numbered_stats());
    assert_contains(text, "first     median of 3\n");
    assert_line(text, "graph", "recorded replayed");
    assert_line(text, "tasks", "104 102");
    assert_line(text, "kernel instances", "114 112");
    assert_line(text, "tasks skipped", "124 122");
    assert_line(text, "dependencies waited for", "134 132");
    assert_line(text, "copied to the device", "144 B 142 B");
    assert_line(text, "copied from the device", "154 B 152 B");
    assert_line(text, "total", "164 ns 162 ns");
    assert_line(text, "waiting for other runs", "174 ns 172 ns");
    assert_line(text, "copying to the device", "184 ns 182 ns");
    assert_line(text, "building the graph on the host", "194 ns 192 ns");
    assert_line(text, "on the device", "204 ns 202 ns");
    assert_line(text, "copying from the device", "214 ns 212 ns");
    assert_line(text, "shared objects loaded", "224 222");
    assert_line(text, "task slots", "234 232");
    assert_line(text, "edges", "244 242");
    assert_line(text, "tensor-map entries", "254 252");
    assert_line(text, "nested scopes", "264 262");
    assert_line(text, "device heap", "274.00 MiB 272.00 MiB");
}

void repeats_that_came_by_their_graphs_in_several_ways_are_counted(void **)
{
    const std::string text = stats_text(
        runs_by({PTO_GRAPH_RECORDED, PTO_GRAPH_REPLAYED, PTO_GRAPH_RECORDED, PTO_GRAPH_REPLAYED}), numbered_stats());
    assert_line(text, "graph", "recorded 1 recorded, 2 replayed");
}

void the_counters_of_the_chip_are_named(void **)
{
    const std::string text = stats_text(runs_by({PTO_GRAPH_ORCHESTRATED}), numbered_stats());
    assert_line(text, "callables prepared", "301");
    assert_line(text, "runs", "302");
    assert_line(text, "orchestrations loaded, device", "303");
    assert_line(text, "orchestrations loaded, host", "304");
    assert_line(text, "graphs recorded", "305");
    assert_line(text, "graphs replayed", "306");
    assert_line(text, "graphs on the device", "307 B");
    assert_line(text, "kernel images sent", "308");
    assert_line(text, "orchestration images sent", "309");
    assert_line(text, "images that were there already", "310");
    assert_line(text, "images on the device", "311 B");
    assert_line(text, "device copies of host tensors", "312 B");
}

pto_error no_facts(pto_status status)
{
    pto_error error = {};
    error.status = status;
    error.callable_id = error.func_id = error.core = error.device = error.holder = -1;
    error.task = PTO_NO_TASK;
    return error;
}

void an_error_about_nothing_has_no_facts(void **)
{
    assert_string_equal(facts_text(no_facts(PTO_ERROR_INVALID_TENSOR)).c_str(), "");
}

void a_stall_tells_its_class_and_its_culprit(void **)
{
    pto_error error = no_facts(PTO_ERROR_TIMEOUT);
    error.stall = PTO_STALL_RUNNING;
    error.task = 8, error.func_id = 5, error.core = 10;
    std::strcpy(error.kernel, "spin");
    assert_string_equal(
        facts_text(error).c_str(),
        "waited for: running (a kernel did not return); task 8; kernel 5 spin; core 10 (aiv0 of cluster 3)");
}

void every_class_of_stall_has_a_name(void **)
{
    static constexpr const char *kNames[] = {"none", "running", "ready", "completion", "dependency", "orchestration"};
    for (int32_t stall = PTO_STALL_NONE; stall <= PTO_STALL_ORCHESTRATION; stall++) {
        pto_error error = no_facts(PTO_ERROR_TIMEOUT);
        error.stall = stall;
        assert_contains(facts_text(error), std::string("waited for: ") + kNames[stall] + " (");
    }
    pto_error error = no_facts(PTO_ERROR_TIMEOUT);
    error.stall = PTO_STALL_ORCHESTRATION + 1;
    assert_string_equal(facts_text(error).c_str(), "waited for: unknown");
    error.stall = -1;
    assert_string_equal(facts_text(error).c_str(), "waited for: unknown");
}

void a_stall_for_cores_tells_how_many(void **)
{
    pto_error error = no_facts(PTO_ERROR_TIMEOUT);
    error.stall = PTO_STALL_READY;
    error.task = 2;
    std::strcpy(error.resource, "cores");
    error.needed = 3, error.available = 1;
    assert_contains(facts_text(error), "; task 2; resource: cores; needed 3; available 1");
}

void a_deadlock_tells_who_holds_what(void **)
{
    pto_error error = no_facts(PTO_ERROR_DEADLOCK);
    std::strcpy(error.resource, "device heap");
    error.needed = 3 << 20, error.available = 1 << 20;
    error.holder = 1, error.held = 2 << 20;
    assert_string_equal(facts_text(error).c_str(),
                        "resource: device heap; needed 3.00 MiB; available 1.00 MiB; held by "
                        "the scope at depth 1, with 2.00 MiB of heap");
}

void the_outermost_scope_is_a_holder_too(void **)
{
    pto_error error = no_facts(PTO_ERROR_DEADLOCK);
    std::strcpy(error.resource, "task slots");
    error.needed = 2048, error.holder = 0;
    assert_string_equal(
        facts_text(error).c_str(),
        "resource: task slots; needed 2048; available 0; held by the scope at depth 0, with 0 B of heap");
}

void a_line_of_the_log_is_one_line_with_its_level(void **)
{
    assert_string_equal(log_line(0, "a").c_str(), "[error] a\n");
    assert_string_equal(log_line(3, "two\nlines\x1b[A").c_str(), "[debug] two lines\\x1b[A\n");
    assert_string_equal(log_line(9, "a").c_str(), "[level 9] a\n");
    assert_string_equal(log_line(-1, "a").c_str(), "[level -1] a\n");
}

void levels_of_the_log_are_found_by_name(void **)
{
    assert_int_equal(parse_log_level("warn").value_or(-1), 1);
    assert_false(parse_log_level("loud").has_value());
    assert_false(parse_log_level("").has_value());
    assert_string_equal(all_log_levels().c_str(), "error, warn, info, debug");
}

} // namespace
} // namespace pto::tool::test

int main()
{
    using namespace pto::tool::test;
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_numbers_of_one_run_stand_alone),
        cmocka_unit_test(the_first_run_stands_beside_the_median_of_the_others),
        cmocka_unit_test(repeats_that_came_by_their_graphs_in_several_ways_are_counted),
        cmocka_unit_test(the_counters_of_the_chip_are_named),
        cmocka_unit_test(an_error_about_nothing_has_no_facts),
        cmocka_unit_test(a_stall_tells_its_class_and_its_culprit),
        cmocka_unit_test(every_class_of_stall_has_a_name),
        cmocka_unit_test(a_stall_for_cores_tells_how_many),
        cmocka_unit_test(a_deadlock_tells_who_holds_what),
        cmocka_unit_test(the_outermost_scope_is_a_holder_too),
        cmocka_unit_test(a_line_of_the_log_is_one_line_with_its_level),
        cmocka_unit_test(levels_of_the_log_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
