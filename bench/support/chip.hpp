// SPDX-License-Identifier: Apache-2.0
// An open chip, callables made of the modules, and runs that have to succeed.
#ifndef BENCH_SUPPORT_CHIP_HPP
#define BENCH_SUPPORT_CHIP_HPP

#include "bench/support/busy.h"
#include "bench/support/program.hpp"
#include "pto/pto.h"

#include <map>
#include <string>
#include <vector>

namespace pto::bench {

/// Ends the program, with the library's message, unless the status is PTO_OK.
void check(pto_status status);

/// The shared objects that callables are made of, each read once.
class Modules {
public:
    explicit Modules(std::string folder) : folder_(std::move(folder)) {}
    const std::vector<char> &get(const std::string &name);

private:
    std::string folder_;
    std::map<std::string, std::vector<char>> images_;
};

/// What tasks of a callable do: nothing, or what kernel_work does.
enum class Body { kEmpty, kWork };

/// A callable, with all that it borrows.
struct CallableParts {
    std::string orch;                 ///< Module of the orchestration,
    std::string entry;                ///< and its symbol.
    std::vector<std::string> kernels; ///< Module of each func id.
    std::vector<pto_param> params;
    uint32_t builder = PTO_DEVICE_BUILT;
    uint32_t graph_limit = 0;
};

/// Kernels of tasks with 0, 1, ... inputs.
std::vector<std::string> kernels_of(Body body);
/// As many parameters of that kind as asked for: tensors of 64-bit integers that are read, then scalars.
std::vector<pto_param> parameters(unsigned tensors, unsigned scalars);

class Chip {
public:
    /// With one helper. The calling thread is pinned to its processor.
    explicit Chip(const Options &options);
    Chip(const Options &options, pto_open_options open_options);
    ~Chip();
    Chip(const Chip &) = delete;
    Chip &operator=(const Chip &) = delete;

    pto_context *context() const { return context_; }
    /// Runs tasks that work until the chip has started its helper, and pins it to the other processor: helpers begin
    /// with the first run that is worth it, on the processor of the caller. Uses the last callable id.
    void start_helper(Modules &modules);
    /// Pins what there is of helpers and monitor. The runner of submitted runs may use both processors.
    void pin_helpers() const;
    void prepare(int32_t callable_id, Modules &modules, const CallableParts &parts);
    void release(int32_t callable_id) { check(pto_release(context_, callable_id)); }
    /// Device memory, zeroed, that lives as long as the chip.
    uint64_t allocate(size_t size_bytes);
    /// One 64-bit integer in device memory, zero.
    pto_tensor value();

private:
    pto_context *context_ = nullptr;
    int caller_;
    int partner_;
};

/// Arguments of runs, and the runs.
class Runner {
public:
    Runner(const Chip &chip, int32_t callable_id, std::vector<pto_tensor> tensors, std::vector<uint64_t> scalars)
        : context_(chip.context()), callable_id_(callable_id), tensors_(std::move(tensors)),
          scalars_(std::move(scalars))
    {
    }
    /// Wall time of a run. Ends the program unless it completed that many kernels, if told, from a graph of that
    /// source.
    double run_ns(uint64_t kernels, uint32_t graph_source);
    /// The same without a look at the result.
    double run_ns();
    /// Wall time from the submission to the end of the wait.
    double submit_and_wait_ns();
    pto_args args() const;
    uint64_t &scalar(size_t index) { return scalars_[index]; }
    const pto_run_result &result() const { return result_; }

private:
    pto_context *context_;
    int32_t callable_id_;
    std::vector<pto_tensor> tensors_;
    std::vector<uint64_t> scalars_;
    pto_run_result result_ = PTO_RUN_RESULT_INIT;
};

/// Tallies in device memory.
class DeviceTallies {
public:
    explicit DeviceTallies(Chip &chip);
    uint64_t address() const { return address_; }
    void clear();
    /// Ends the program unless these are the totals since `clear`.
    void check_totals(const char *what, uint64_t count, uint64_t sum);

private:
    pto_context *context_;
    uint64_t address_;
};

} // namespace pto::bench

#endif
