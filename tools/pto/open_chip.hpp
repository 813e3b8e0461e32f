// SPDX-License-Identifier: Apache-2.0
// An open chip with one prepared callable.
#ifndef PTO_TOOL_OPEN_CHIP_HPP
#define PTO_TOOL_OPEN_CHIP_HPP

#include "pto/pto.h"

#include <memory>
#include <string>
#include <vector>

namespace pto::tool {

/// How a chip is opened and how long its runs may take.
struct ChipOptions {
    std::string arch;                 ///< Empty: the library's default.
    uint64_t timeout_ns = 0;          ///< Longest time of a run; 0: no limit.
    uint64_t stall_timeout_ns = 0;    ///< Longest time without progress; 0: the library's.
    uint32_t sim_mode = PTO_SIM_FAST; ///< One of `enum pto_sim_mode_code`.
    int32_t log_level = kNoLog;       ///< Highest level of the lines that go to standard error.

    static constexpr int32_t kNoLog = -1;
};

/// Opens in the constructor, closes in the destructor. Every function throws Error with the exit code that fits.
class Chip {
public:
    explicit Chip(const ChipOptions &options);

    void prepare(const pto_callable &callable);
    pto_run_result run(const std::vector<pto_tensor> &tensors, const std::vector<uint64_t> &scalars);
    pto_stats stats();

private:
    struct Close {
        void operator()(pto_context *context) const { pto_close(context); }
    };

    std::unique_ptr<pto_context, Close> context_;
    uint64_t timeout_ns_;
};

/// How the library was built. Throws Error.
pto_build_info library_build();

} // namespace pto::tool

#endif
