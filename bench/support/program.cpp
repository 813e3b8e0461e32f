// SPDX-License-Identifier: Apache-2.0
#include "bench/support/program.hpp"

#include "bench/support/clock.hpp"
#include "bench/support/processors.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace pto::bench {

namespace {

using Json = nlohmann::ordered_json;

constexpr unsigned kClockSamples = 1001;
constexpr unsigned kClockReadings = 100;

double clock_cost_ns()
{
    return median(sample_times(kClockSamples,
                               [] {
                                   return timed_ns([] {
                                       for (unsigned i = 1; i < kClockReadings; i++)
                                           now_ns();
                                   });
                               })) /
           kClockReadings;
}

Json placement_json(double round_trip_ns)
{
    return {{"name", placement_name(round_trip_ns)}, {"ping_pong_ns", round_trip_ns}};
}

Json figure_json(const Figure &figure)
{
    const Summary &summary = figure.summary;
    Json json = {{"case", figure.case_name},   {"figure", figure.figure}, {"unit", figure.unit},
                 {"median", summary.median},   {"p10", summary.p10},      {"p90", summary.p90},
                 {"p99", summary.p99},         {"least", summary.least},  {"greatest", summary.greatest},
                 {"samples", summary.samples}, {"waited", figure.waited}};
    for (const auto &[name, value] : figure.more)
        json[name] = value;
    if (!figure.points.empty()) {
        json["point_fields"] = figure.point_fields;
        json["points"] = figure.points;
    }
    return json;
}

void print(const Figure &figure)
{
    const Summary &summary = figure.summary;
    std::printf("%-28s %-32s %12.2f %s", figure.case_name.c_str(), figure.figure.c_str(), summary.median,
                figure.unit.c_str());
    if (summary.samples > 1)
        std::printf(", p10 %.2f, p90 %.2f, p99 %.2f of %u", summary.p10, summary.p90, summary.p99, summary.samples);
    for (const auto &[name, value] : figure.more)
        std::printf(", %s %.2f", name.c_str(), value);
    if (figure.waited > kDisturbed)
        std::printf(" (disturbed: waited %.0f %% of the time)", figure.waited * 100);
    std::printf("\n");
    std::fflush(stdout);
}

} // namespace

bool Options::wants(const std::string &name) const
{
    return selected.empty() || std::find(selected.begin(), selected.end(), name) != selected.end();
}

Program::Program(const char *name, const char *question, int argc, char **argv) : name_(name)
{
    parse(question, argc, argv);
    clock_ns_ = clock_cost_ns();
    before_ns_ = ping_pong_ns(options_.caller(), options_.partner());
    std::printf(
        "%s: processors %d and %d are %s (a flag there and back takes %.0f ns), reading the clock takes %.0f ns\n",
        name, options_.caller(), options_.partner(), placement_name(before_ns_), before_ns_, clock_ns_);
}

void Program::parse(const char *question, int argc, char **argv)
{
    CLI::App app(question, name_);
    app.add_option("--arch", options_.arch, "arch of the chip (default: the library's first)");
    app.add_option("--modules", options_.modules, "folder of orchestrations and kernels (default: the program's)");
    app.add_option("--json", options_.json, "file to write the figures to");
    app.add_option("--processors", options_.processors, "two processors to use, such as 0,1 (default: the first two)")
        ->delimiter(',')
        ->expected(1, 2);
    app.add_flag("--quick", options_.quick, "fewer samples");
    app.add_option("cases", options_.selected, "cases to run (default: all of them)");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError &error) {
        std::exit(app.exit(error));
    }
    if (options_.processors.empty()) {
        options_.processors = allowed_processors();
        options_.processors.resize(std::min<size_t>(options_.processors.size(), 2));
    }
    std::error_code ignored;
    if (options_.modules.empty())
        options_.modules = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path().string();
}

void Program::add(Figure figure)
{
    print(figure);
    figures_.push_back(std::move(figure));
}

void Program::add(const char *case_name, const char *figure, const char *unit, Samples samples)
{
    add(Figure{.case_name = case_name,
               .figure = figure,
               .unit = unit,
               .summary = summarize(std::move(samples.values)),
               .waited = samples.waited});
}

void Program::add(const char *case_name, const char *figure, const char *unit, double value)
{
    add(case_name, figure, unit, Samples{{value}, 0});
}

double Program::median_of(const std::string &case_name, const std::string &figure) const
{
    for (const Figure &known : figures_) {
        if (known.case_name == case_name && known.figure == figure)
            return known.summary.median;
    }
    return 0;
}

int Program::finish()
{
    const double after_ns = ping_pong_ns(options_.caller(), options_.partner());
    if (std::string(placement_name(after_ns)) != placement_name(before_ns_))
        std::printf("%s: the processors are %s now (%.0f ns): measure again\n", name_.c_str(), placement_name(after_ns),
                    after_ns);
    if (options_.json.empty())
        return 0;
    Json json = {{"program", name_},
                 {"system", system_},
                 {"arch", options_.arch},
                 {"compiler", compiler_},
                 {"quick", options_.quick},
                 {"clock_ns", clock_ns_},
                 {"placement_before", placement_json(before_ns_)},
                 {"placement_after", placement_json(after_ns)},
                 {"figures", Json::array()}};
    for (const Figure &figure : figures_)
        json["figures"].push_back(figure_json(figure));
    std::ofstream file(options_.json);
    file << json.dump(1) << '\n';
    if (!file.flush())
        fail("cannot write " + options_.json);
    return 0;
}

void fail(const std::string &message)
{
    std::fprintf(stderr, "%s\n", message.c_str());
    std::exit(1);
}

void expect_equal(const char *what, uint64_t have, uint64_t want)
{
    if (have != want)
        fail(std::string(what) + ": " + std::to_string(have) + " instead of " + std::to_string(want));
}

} // namespace pto::bench
