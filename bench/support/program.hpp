// SPDX-License-Identifier: Apache-2.0
// What every program of the benchmarks does: read its command line, probe the processors before and after, print what
// it measured and write it as JSON.
#ifndef BENCH_SUPPORT_PROGRAM_HPP
#define BENCH_SUPPORT_PROGRAM_HPP

#include "bench/support/statistics.hpp"
#include "bench/support/steady.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace pto::bench {

/// What compiles the file that this is read in.
#ifdef __clang__
static constexpr const char *kCompiler = "clang++ " __clang_version__;
#else
static constexpr const char *kCompiler = "g++ " __VERSION__;
#endif

struct Options {
    std::string arch;                  ///< Empty: the library's first. Programs of peers have none.
    std::string modules;               ///< Folder of orchestrations and kernels; empty: that of the program.
    std::string json;                  ///< File to write; empty: none.
    std::vector<int> processors;       ///< For the caller's thread and for the other worker.
    std::vector<std::string> selected; ///< Cases to run; empty: all of them.
    bool quick = false;                ///< Fewer samples.

    int caller() const { return processors.front(); }
    int partner() const { return processors.back(); }
    bool wants(const std::string &name) const;
    /// One of two numbers of samples.
    unsigned samples(unsigned thorough, unsigned hasty) const { return quick ? hasty : thorough; }
};

/// One measured figure. `case_name` is what was done, `figure` in which way, `unit` what the numbers are.
struct Figure {
    std::string case_name;
    std::string figure;
    std::string unit;
    Summary summary{};
    double waited = 0;                                  ///< As in Samples.
    std::vector<std::pair<std::string, double>> more{}; ///< Further numbers, by name.
    std::vector<std::vector<double>> points{};          ///< Of a curve.
    std::vector<std::string> point_fields{};            ///< What the numbers of a point are.
};

class Program {
public:
    /// Reads the command line and probes the processors; ends the program on `--help` and on mistakes.
    Program(const char *name, const char *question, int argc, char **argv);

    const Options &options() const { return options_; }
    /// The system under test, "pto" unless it is a peer, and its compiler.
    void set_system(const char *system, const char *compiler)
    {
        system_ = system;
        compiler_ = compiler;
    }

    /// Prints and keeps a figure.
    void add(Figure figure);
    /// The samples of one.
    void add(const char *case_name, const char *figure, const char *unit, Samples samples);
    /// A number that is no sample.
    void add(const char *case_name, const char *figure, const char *unit, double value);
    /// Median of a figure that was added before; 0 if there is none.
    double median_of(const std::string &case_name, const std::string &figure) const;

    /// Probes the processors again and writes the file. The exit status of the program.
    int finish();

private:
    void parse(const char *question, int argc, char **argv);

    std::string name_;
    std::string system_ = "pto";
    std::string compiler_ = kCompiler;
    Options options_;
    std::vector<Figure> figures_;
    double clock_ns_ = 0;
    double before_ns_ = 0;
};

/// Ends the program with a message.
[[noreturn]] void fail(const std::string &message);

/// Ends the program if a result is not what it has to be: what was measured did not do its work.
void expect_equal(const char *what, uint64_t have, uint64_t want);

} // namespace pto::bench

#endif
