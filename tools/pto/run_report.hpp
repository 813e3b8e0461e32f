// SPDX-License-Identifier: Apache-2.0
// What `pto run` says about runs.
#ifndef PTO_TOOL_RUN_REPORT_HPP
#define PTO_TOOL_RUN_REPORT_HPP

#include "pto/pto.h"

#include "compare.hpp"
#include "run_binding.hpp"

#include <string>
#include <vector>

namespace pto::tool {

/// Times of one run.
struct RunTime {
    uint64_t total_ns = 0;
    uint64_t device_ns = 0;
};

/// The first run, and median and fastest of the others if there are any.
std::string times_text(const std::vector<RunTime> &times);

/// One line: equal, or how many elements differ, where first, and by how much at most.
std::string comparison_text(const TensorBinding &tensor, const Comparison &comparison);

/// High-water marks, bytes moved, and what the chip holds.
std::string stats_text(const pto_run_result &last, const pto_stats &stats);

} // namespace pto::tool

#endif
